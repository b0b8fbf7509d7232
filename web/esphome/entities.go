package esphome

import (
	"hash/fnv"
	"slices"

	"google.golang.org/protobuf/proto"

	"orac/appliance/entity"
	"orac/appliance/esphome/pb"
	"orac/appliance/satellite"
	"orac/runbook"
)

// What the media player can do.
const (
	playerPause    = 1
	playerVolume   = 4
	playerMute     = 8
	playerPlay     = 512
	playerStop     = 4096
	playerResume   = 16384
	playerAnnounce = 1048576
)

// soundRate is the rate in which Home Assistant is asked to send sounds.
const soundRate = 48000

// keyOf is the number by which clients name an entity.
func keyOf(e entity.Entity) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(string(e.Kind) + "/" + e.ID))
	return max(1, h.Sum32())
}

// offered are the entities that clients see: what they may not change and only could change is not among them.
func offered(f satellite.Face) []entity.Entity {
	return slices.DeleteFunc(slices.Clone(f.Entities), func(e entity.Entity) bool { return e.Order != "" && !slices.Contains(f.Allow, e.Order) })
}

// list lists the entities, in one piece. A client that may only set the key sees none.
func (c *conn) list() {
	f := c.face()
	var all []proto.Message
	if !c.setting() {
		for _, e := range offered(f) {
			if m := listed(e); m != nil {
				all = append(all, m)
			}
		}
	}
	c.mu.Lock()
	if c.shown = looks(f); c.settles {
		c.shown = ""
	}
	c.mu.Unlock()
	c.send(append(all, &pb.ListEntitiesDoneResponse{})...)
}

// listed is what a client is told of an entity.
func listed(e entity.Entity) proto.Message {
	category := pb.EntityCategory(e.Category)
	switch e.Kind {
	case entity.Switch:
		return &pb.ListEntitiesSwitchResponse{ObjectId: e.ID, Key: keyOf(e), Name: e.Name, Icon: e.Icon, DeviceClass: e.Class, EntityCategory: category, DisabledByDefault: e.Hidden}
	case entity.Number:
		return &pb.ListEntitiesNumberResponse{
			ObjectId: e.ID, Key: keyOf(e), Name: e.Name, Icon: e.Icon, EntityCategory: category, DisabledByDefault: e.Hidden,
			MinValue: float32(e.Min), MaxValue: float32(e.Max), Step: float32(e.Step), UnitOfMeasurement: e.Unit, Mode: pb.NumberMode_NUMBER_MODE_SLIDER,
		}
	case entity.Sensor:
		return &pb.ListEntitiesSensorResponse{
			ObjectId: e.ID, Key: keyOf(e), Name: e.Name, Icon: e.Icon, DeviceClass: e.Class, EntityCategory: category, DisabledByDefault: e.Hidden,
			UnitOfMeasurement: e.Unit, AccuracyDecimals: int32(e.Decimals), StateClass: pb.SensorStateClass_STATE_CLASS_MEASUREMENT,
		}
	case entity.TextSensor:
		return &pb.ListEntitiesTextSensorResponse{ObjectId: e.ID, Key: keyOf(e), Name: e.Name, Icon: e.Icon, DeviceClass: e.Class, EntityCategory: category, DisabledByDefault: e.Hidden}
	case entity.BinarySensor:
		return &pb.ListEntitiesBinarySensorResponse{ObjectId: e.ID, Key: keyOf(e), Name: e.Name, Icon: e.Icon, DeviceClass: e.Class, EntityCategory: category, DisabledByDefault: e.Hidden}
	case entity.Button:
		return &pb.ListEntitiesButtonResponse{ObjectId: e.ID, Key: keyOf(e), Name: e.Name, Icon: e.Icon, DeviceClass: e.Class, EntityCategory: category, DisabledByDefault: e.Hidden}
	case entity.Update:
		return &pb.ListEntitiesUpdateResponse{ObjectId: e.ID, Key: keyOf(e), Name: e.Name, Icon: e.Icon, DeviceClass: e.Class, EntityCategory: category, DisabledByDefault: e.Hidden}
	case entity.MediaPlayer:
		return &pb.ListEntitiesMediaPlayerResponse{
			ObjectId: e.ID, Key: keyOf(e), Name: e.Name, Icon: e.Icon, EntityCategory: category, DisabledByDefault: e.Hidden,
			SupportsPause: true, FeatureFlags: playerPause | playerResume | playerVolume | playerMute | playerPlay | playerStop | playerAnnounce,
			SupportedFormats: []*pb.MediaPlayerSupportedFormat{
				{Format: "wav", SampleRate: soundRate, NumChannels: 1, SampleBytes: 2, Purpose: pb.MediaPlayerFormatPurpose_PURPOSE_ANNOUNCEMENT},
				{Format: "wav", SampleRate: soundRate, NumChannels: 1, SampleBytes: 2, Purpose: pb.MediaPlayerFormatPurpose_PURPOSE_DEFAULT},
			},
		}
	}
	return nil
}

// stateOf is what a client is told of how an entity is.
func stateOf(e entity.Entity, s entity.State) proto.Message {
	switch e.Kind {
	case entity.Switch:
		return &pb.SwitchStateResponse{Key: keyOf(e), State: s.On}
	case entity.Number:
		return &pb.NumberStateResponse{Key: keyOf(e), State: float32(s.Number), MissingState: s.Missing}
	case entity.Sensor:
		return &pb.SensorStateResponse{Key: keyOf(e), State: float32(s.Number), MissingState: s.Missing}
	case entity.TextSensor:
		return &pb.TextSensorStateResponse{Key: keyOf(e), State: s.Text, MissingState: s.Missing}
	case entity.BinarySensor:
		return &pb.BinarySensorStateResponse{Key: keyOf(e), State: s.On, MissingState: s.Missing}
	case entity.Update:
		return &pb.UpdateStateResponse{Key: keyOf(e), CurrentVersion: s.Text, LatestVersion: s.Text, Title: "ORAC", MissingState: s.Missing}
	case entity.MediaPlayer:
		state := pb.MediaPlayerState_PLAYER_IDLE
		switch {
		case s.Player.Announcing:
			state = pb.MediaPlayerState_PLAYER_ANNOUNCING
		case s.Player.Playing:
			state = pb.MediaPlayerState_PLAYER_PLAYING
		case s.Player.Paused:
			state = pb.MediaPlayerState_PLAYER_PAUSED
		}
		return &pb.MediaPlayerStateResponse{Key: keyOf(e), State: state, Volume: float32(s.Player.Volume), Muted: s.Player.Muted}
	}
	return nil
}

// subscribe tells a client how all entities are, and from now on what changes.
func (c *conn) subscribe() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.states = true
	var all []proto.Message
	for _, e := range offered(c.face()) {
		s, known := c.door.states[e.ID]
		if !known {
			s = entity.State{Missing: true}
		}
		if m := stateOf(e, s); m != nil {
			all = append(all, m)
		}
	}
	if len(all) > 0 {
		c.send(all...)
	}
}

// Show implements node.SatelliteDoor.
func (d *door) Show(list ...entity.State) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var fresh []entity.State
	for _, s := range list {
		if was, known := d.states[s.Entity]; !known || was != s {
			d.states[s.Entity], fresh = s, append(fresh, s)
		}
	}
	s := d.now.Load()
	if s == nil || len(fresh) == 0 {
		return
	}
	s.repeat(fresh)
}

// repeat tells all who want to know how entities are. The lock is held.
func (s *service) repeat(list []entity.State) {
	var all []proto.Message
	for _, e := range offered(s.face()) {
		for _, x := range list {
			if m := stateOf(e, x); x.Entity == e.ID && m != nil {
				all = append(all, m)
			}
		}
	}
	for c := range s.conns {
		if c.states && len(all) > 0 {
			c.send(all...)
		}
	}
}

// again tells all who want to know how an entity is, although nothing has changed: they may believe something else.
func (s *service) again(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x, known := s.door.states[id]; known {
		s.repeat([]entity.State{x})
	}
}

// wordsOf are the wake words that a client may choose from.
func wordsOf(f satellite.Face) *pb.VoiceAssistantConfigurationResponse {
	m := &pb.VoiceAssistantConfigurationResponse{MaxActiveWakeWords: uint32(len(f.Words))}
	if !slices.Contains(f.Allow, runbook.AllowWakeWords) { // Home Assistant offers no choice of one
		m.MaxActiveWakeWords = 0
	}
	for _, w := range f.Words {
		m.AvailableWakeWords = append(m.AvailableWakeWords, &pb.VoiceAssistantWakeWord{Id: w.ID, WakeWord: w.Phrase, TrainedLanguages: []string{"en"}})
		if w.Active {
			m.ActiveWakeWords = append(m.ActiveWakeWords, w.ID)
		}
	}
	return m
}
