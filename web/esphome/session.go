package esphome

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	wire "orac/appliance/esphome"
	"orac/appliance/esphome/pb"
	"orac/appliance/satellite"
)

const (
	// apiVersion is the version of ESPHome that the satellite is like.
	apiVersion = "2026.8.0"
	// apiMajor and apiMinor are what it can do. From 1.11 on clients read the features of a media player elsewhere.
	apiMajor, apiMinor = 1, 10
	// project is the name of the product; clients split it at the dot.
	project = "ORAC.Satellite"
)

// What a satellite can do for the assistant.
const (
	featAssistant = 1
	featAPIAudio  = 4
	featTimers    = 8
	featAnnounce  = 16
	featConverse  = 32
)

// features are what the satellite can do. Without a speaker nothing is announced; without a listener nobody is heard; a timer whose end
// makes no sound is no timer.
func features(f satellite.Face) (flags uint32) {
	if f.Listener != "" || f.Speaks {
		flags = featAssistant | featAPIAudio
	}
	if f.Speaks {
		flags |= featAnnounce
	}
	if f.Rings {
		flags |= featTimers
	}
	if f.Speaks && f.Listener != "" {
		flags |= featConverse
	}
	return flags
}

var (
	errLeft    = errors.New("it said goodbye")
	errNoHello = fmt.Errorf("%w: it did not say hello first", wire.ErrFormat)
)

// handle answers a message. An error ends the connection.
func (c *conn) handle(m proto.Message) error {
	switch m.(type) {
	case *pb.HelloRequest:
		c.greeted = true
		c.send(&pb.HelloResponse{ApiVersionMajor: apiMajor, ApiVersionMinor: apiMinor, ServerInfo: "ORAC " + c.face().Version, Name: c.face().Name})
		return nil
	case *pb.DisconnectRequest:
		c.send(&pb.DisconnectResponse{}, nil)
		<-c.ctx.Done() // until it is written
		return errLeft
	case *pb.DisconnectResponse:
		return errLeft
	case *pb.PingRequest:
		c.send(&pb.PingResponse{})
		return nil
	}
	if !c.greeted {
		return errNoHello
	}
	switch m := m.(type) {
	case *pb.AuthenticationRequest:
		c.send(&pb.AuthenticationResponse{})
	case *pb.DeviceInfoRequest:
		c.send(infoOf(c.face()))
	case *pb.ListEntitiesRequest:
		c.list()
	case *pb.NoiseEncryptionSetKeyRequest:
		c.setKey(m)
	case *pb.DeviceCapabilitiesRequest:
		c.send(&pb.DeviceCapabilitiesResponse{VoiceAssistant: &pb.VoiceAssistantCapabilities{FeatureFlags: features(c.face())}})
	default:
		if !c.setting() {
			c.use(m)
		}
	}
	return nil
}

// setting tells whether the client may set the key, and do nothing else.
func (c *conn) setting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.settles
}

// use answers a client that may use the satellite.
func (c *conn) use(m proto.Message) {
	switch m := m.(type) {
	case *pb.SubscribeStatesRequest:
		c.subscribe()
	case *pb.SubscribeVoiceAssistantRequest:
		c.serveVoice(m.Subscribe)
	case *pb.VoiceAssistantConfigurationRequest:
		c.send(wordsOf(c.face()))
	case *pb.VoiceAssistantSetConfiguration:
		c.chooseWords(m.ActiveWakeWords)
	case *pb.SwitchCommandRequest, *pb.NumberCommandRequest, *pb.ButtonCommandRequest, *pb.MediaPlayerCommandRequest:
		c.command(m)
	default:
		if in := fromHome(m); in != nil {
			c.pass(in)
		}
	}
}

// infoOf is what a satellite says of itself.
func infoOf(f satellite.Face) *pb.DeviceInfoResponse {
	m := f.MAC
	return &pb.DeviceInfoResponse{
		Name: f.Name, MacAddress: fmt.Sprintf("%02X:%02X:%02X:%02X:%02X:%02X", m[0], m[1], m[2], m[3], m[4], m[5]), EsphomeVersion: apiVersion,
		Model: "Satellite", Manufacturer: "ORAC", ProjectName: project, ProjectVersion: f.Version, FriendlyName: f.Friendly, SuggestedArea: f.Area,
		VoiceAssistantFeatureFlags: features(f),
		ApiEncryptionSupported:     f.Key.IsSet() || f.AcceptKey, ApiEncryptionProvisionable: !f.Key.IsSet() && f.AcceptKey,
	}
}

// setKey takes the key that a client sets. It is good for connections to come.
func (c *conn) setKey(m *pb.NoiseEncryptionSetKeyRequest) {
	answer := func(ok bool) { c.send(&pb.NoiseEncryptionSetKeyResponse{Success: ok}) }
	key, err := wire.ParseKey(string(m.Key))
	if err != nil || !c.setting() {
		answer(false)
		return
	}
	c.mu.Lock()
	kept := c.tell(satellite.KeySet{Key: key.Text(), Done: answer})
	c.mu.Unlock()
	if !kept {
		answer(false)
	}
}

// serveVoice: the client wants to serve the satellite, or not any more.
func (c *conn) serveVoice(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !on {
		c.stepBack()
		return
	}
	c.willing = append(slices.DeleteFunc(c.willing, func(x *conn) bool { return x == c }), c)
	c.elect()
}

// stepBack takes the client out of those who would serve the satellite. If it did, the newest of the others does: it was never told that it
// does not. The lock is held.
func (c *conn) stepBack() {
	c.willing = slices.DeleteFunc(c.willing, func(x *conn) bool { return x == c })
	if c.voice == c {
		c.voice = nil
		if !c.tell(satellite.FromHome{In: satellite.Left{}}) { // what it has said is of no concern any more: that it left is
			rest := slices.DeleteFunc(c.queue, func(x satellite.Told) bool { _, its := x.(satellite.FromHome); return its })
			c.queue = append(rest, satellite.FromHome{In: satellite.Left{}})
		}
		c.elect()
	}
}

// elect has the newest client that would serve the satellite do it: the one before may be dead. So may one that was silent for longer than
// it may be without being asked. The lock is held.
func (s *service) elect() {
	for _, c := range slices.Backward(s.willing) {
		if time.Since(time.Unix(0, c.last.Load())) <= askAfter+wire.WriteTime {
			s.voice = c
			s.tell(satellite.FromHome{In: satellite.Arrived{}})
			return
		}
	}
}

// pass passes on what the client that serves the satellite says. One that says more than can be taken is disconnected.
func (c *conn) pass(in satellite.In) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.voice == c && !c.tell(satellite.FromHome{In: in}) {
		c.Close()
	}
}

// fromHome is what a message means; nil: nothing.
func fromHome(m proto.Message) satellite.In {
	switch m := m.(type) {
	case *pb.VoiceAssistantResponse:
		return satellite.Accepted{Failed: m.Error}
	case *pb.VoiceAssistantEventResponse:
		e := satellite.Event{Type: satellite.EventType(m.EventType), Data: map[string]string{}}
		for _, d := range m.Data[:min(len(m.Data), mostData)] {
			e.Data[d.Name] = d.Value
		}
		return e
	case *pb.VoiceAssistantAnnounceRequest:
		return satellite.Announce{Text: m.Text, Media: m.MediaId, Before: m.PreannounceMediaId, Converse: m.StartConversation}
	case *pb.VoiceAssistantTimerEventResponse:
		return satellite.Timer{
			Type: satellite.TimerType(m.EventType), ID: m.TimerId, Name: m.Name, Seconds: int(m.TotalSeconds), Left: int(m.SecondsLeft), Active: m.IsActive,
		}
	}
	return nil
}

// mostData bounds the data of an event. Home Assistant sends three.
const mostData = 16

// Do implements node.SatelliteDoor.
func (d *door) Do(do satellite.Do) {
	var m proto.Message
	switch do := do.(type) {
	case satellite.Start:
		m = &pb.VoiceAssistantRequest{Start: true, ConversationId: do.Conversation, Flags: useVAD, AudioSettings: &pb.VoiceAssistantAudioSettings{VolumeMultiplier: 1}, WakeWordPhrase: do.Phrase}
	case satellite.Abort:
		m = &pb.VoiceAssistantRequest{}
	case satellite.EndSound:
		m = &pb.VoiceAssistantAudio{End: true}
	case satellite.Finished:
		m = &pb.VoiceAssistantAnnounceFinished{Success: do.OK}
	default:
		return
	}
	d.toVoice(m)
}

// useVAD asks Home Assistant to find the end of the command.
const useVAD = 1

// Sound implements node.SatelliteDoor.
func (d *door) Sound(pcm []int16) {
	data := make([]byte, 0, 2*len(pcm))
	for _, v := range pcm {
		data = append(data, byte(v), byte(v>>8))
	}
	d.toVoice(&pb.VoiceAssistantAudio{Data: data})
}

// toVoice sends to the client that serves the satellite, if there is one.
func (d *door) toVoice(m proto.Message) {
	s := d.now.Load()
	if s == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if s.voice != nil {
		s.voice.send(m)
	}
}
