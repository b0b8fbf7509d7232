package node

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"strings"
	"time"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/satellite"
	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
)

// settings takes the settings of the runbook, and shows what follows from them.
func (n *ESPHome) settings(t *rt.Task) {
	c, changed := n.Config.Changed(&n.mark)
	if !changed {
		return
	}
	n.keyDue = t.Now()
	n.readKey(t)
	n.refresh(c)
	states := []satellite.State{
		{Entity: satellite.IDWakeSound, On: n.soundsAtWake()},
		{Entity: satellite.IDProblem, On: n.problem},
		{Entity: satellite.IDUpdate, Text: c.Version},
	}
	if n.Listener != "" {
		states = append(states, satellite.State{Entity: satellite.IDMute, On: n.muted(t)}, satellite.TextState(satellite.IDWake, n.heardLast.wake),
			satellite.TextState(satellite.IDTranscript, n.heardLast.text), satellite.State{Entity: satellite.IDLevel, Missing: true})
	}
	for _, w := range c.Words {
		states = append(states, satellite.State{Entity: satellite.IDThreshold + w.Model, Number: w.Threshold})
	}
	n.Door.Show(states...)
	n.showPlayer()
}

// refresh makes what clients are shown.
func (n *ESPHome) refresh(c ESPHomeConfig) {
	b := c.Block
	f := satellite.Face{
		Name: b.DeviceName(c.Appliance), Friendly: b.Friendly, Area: b.Area, MAC: n.mac(c), Version: c.Version, Listen: n.Listen,
		Key: b.Key, AcceptKey: b.AcceptKey && n.keyRead, Plain: b.Unprotected || runbook.IsLoopback(n.Listen) && !b.Encrypted(), Advertise: b.Advertise, Connections: b.MaxConnections,
		Listener: n.Listener, Speaks: n.Speaker != nil, Entities: n.entities(c), Allow: b.Allow,
	}
	if f.Friendly == "" {
		f.Friendly = c.Appliance
	}
	if b.AcceptKey && n.key != "" {
		f.Key = language.NewSecret(n.key)
	}
	for _, w := range c.Words {
		f.Words = append(f.Words, satellite.Word{ID: w.Model, Phrase: w.Phrase, Active: w.Enabled})
	}
	n.face.Take(rt.NewCell(f))
}

// mac is an address that no network card has, the same at every start: Home Assistant takes another one for another device.
func (n *ESPHome) mac(c ESPHomeConfig) (mac [6]byte) {
	sum := sha256.Sum256([]byte("orac satellite\x00" + n.Host + "\x00" + c.Appliance + "\x00" + n.Satellite))
	copy(mac[:], sum[:])
	mac[0] = mac[0]&^1 | 2 // of one device, and given by nobody
	return mac
}

// entities are what Home Assistant shows of the satellite.
func (n *ESPHome) entities(c ESPHomeConfig) []satellite.Entity {
	list := []satellite.Entity{}
	if n.Speaker != nil {
		list = append(list, satellite.Entity{ID: satellite.IDMedia, Kind: satellite.MediaPlayer, Name: "Media player", Icon: "mdi:speaker"})
	}
	if n.Listener != "" {
		list = append(list,
			satellite.Entity{ID: satellite.IDMute, Kind: satellite.Switch, Name: "Mute", Icon: "mdi:microphone-off", Class: "switch", Category: satellite.Config, Allow: runbook.AllowMute},
			satellite.Entity{ID: satellite.IDWakeSound, Kind: satellite.Switch, Name: "Wake sound", Icon: "mdi:bullhorn", Class: "switch", Category: satellite.Config, Allow: runbook.AllowWakeSound},
			satellite.Entity{ID: satellite.IDWake, Kind: satellite.TextSensor, Name: "Last wake word", Icon: "mdi:account-voice"},
			satellite.Entity{ID: satellite.IDTranscript, Kind: satellite.TextSensor, Name: "Last command", Icon: "mdi:comment-text-outline"},
			satellite.Entity{ID: satellite.IDLevel, Kind: satellite.Sensor, Name: "Microphone level", Icon: "mdi:waveform", Unit: "dB", Class: "sound_pressure",
				Category: satellite.Diagnostic, Hidden: true, Decimals: 1},
		)
	}
	for _, w := range c.Words {
		list = append(list, satellite.Entity{
			ID: satellite.IDThreshold + w.Model, Kind: satellite.Number, Name: "Threshold of " + w.Phrase, Icon: "mdi:tune-vertical", Category: satellite.Config,
			Allow: runbook.AllowThreshold, Model: w.Model, Min: 0.01, Max: 1, Step: 0.01,
		})
	}
	return append(list,
		satellite.Entity{ID: satellite.IDProblem, Kind: satellite.BinarySensor, Name: "Problem", Class: "problem", Category: satellite.Diagnostic},
		satellite.Entity{ID: satellite.IDRestart, Kind: satellite.Button, Name: "Restart", Class: "restart", Category: satellite.Config, Allow: runbook.AllowRestart},
		satellite.Entity{ID: satellite.IDUpdate, Kind: satellite.Update, Name: "ORAC", Category: satellite.Diagnostic},
	)
}

// told takes what a client says.
func (n *ESPHome) told(t *rt.Task, x satellite.Told) {
	switch x := x.(type) {
	case satellite.FromHome:
		n.fromHome(t, x.In)
	case satellite.KeySet:
		n.keySet(t, x)
	case satellite.Switched:
		n.wakeSound = &x.On
		n.Door.Show(satellite.State{Entity: satellite.IDWakeSound, On: x.On})
	case satellite.Media:
		n.media(t, x)
	}
}

func (n *ESPHome) fromHome(t *rt.Task, in satellite.In) {
	was := n.voice.Here()
	if a, ok := in.(satellite.Announce); ok && n.muted(t) {
		a.Converse = false // nobody would hear the answer
		in = a
	}
	n.step(t, in)
	switch is := n.voice.Here(); {
	case is && !was:
		say(t, n.Events, n.Name, event.HomeArrived{Satellite: n.Satellite})
	case was && !is:
		say(t, n.Events, n.Name, event.HomeLeft{Satellite: n.Satellite})
	}
}

// media does what a client wants of the speaker.
func (n *ESPHome) media(t *rt.Task, m satellite.Media) {
	if n.Speaker == nil {
		return
	}
	p := n.Speaker.Player()
	switch {
	case m.Volume != nil:
		n.Speaker.SetVolume(t, min(max(*m.Volume, 0), 1))
	case m.VolumeUp:
		n.Speaker.SetVolume(t, min(p.Volume+volumeStep, 1))
	case m.VolumeDown:
		n.Speaker.SetVolume(t, max(p.Volume-volumeStep, 0))
	}
	switch {
	case m.Mute:
		n.Speaker.SetMuted(t, true)
	case m.Unmute:
		n.Speaker.SetMuted(t, false)
	}
	switch {
	case m.URL != "" && m.Announcement:
		n.step(t, satellite.Announce{Media: m.URL})
	case m.URL != "":
		n.Speaker.Play(t, satellite.IDMedia, m.URL, false, n.ended)
	case m.Stop:
		n.Speaker.Silence(t, satellite.IDMedia)
		n.step(t, satellite.Stop{})
	}
	n.showPlayer()
}

const volumeStep = 0.05

// news takes what happens elsewhere in the appliance.
func (n *ESPHome) news(t *rt.Task, e event.Event) {
	switch b := e.Body.(type) {
	case event.Delivered:
		if b.Of.Listener == n.Listener && b.Text != "" {
			n.showText(b.Text)
		}
	case event.Muted, event.Unmuted:
		on := n.muted(t)
		n.Door.Show(satellite.State{Entity: satellite.IDMute, On: on})
		if on {
			n.step(t, satellite.Muted{})
		}
	case event.HealthTold:
		if b.Component == "appliance" {
			n.problem = b.To == "unhealthy"
			n.Door.Show(satellite.State{Entity: satellite.IDProblem, On: n.problem})
		}
	}
}

func (n *ESPHome) soundsAtWake() bool {
	if n.wakeSound != nil {
		return *n.wakeSound
	}
	return n.Config.Get().Block.WakeSound
}

func (n *ESPHome) showWake(w Wake) {
	n.heardLast.wake = phraseOf(w)
	n.Door.Show(satellite.TextState(satellite.IDWake, n.heardLast.wake))
}

func (n *ESPHome) showText(text string) {
	n.heardLast.text = text
	n.Door.Show(satellite.TextState(satellite.IDTranscript, text))
}

// showLevel tells how loud it is, in decibels below the loudest that there can be.
func (n *ESPHome) showLevel(rms float32) {
	const silence = 1.0
	n.Door.Show(satellite.State{Entity: satellite.IDLevel, Number: 20 * math.Log10(max(float64(rms), silence)/32768)})
}

func (n *ESPHome) showPlayer() {
	if n.Speaker != nil {
		n.Door.Show(satellite.State{Entity: satellite.IDMedia, Player: n.Speaker.Player()})
	}
}

// show publishes the state for people.
func (n *ESPHome) show() {
	was := n.shown.Get()
	now := status.Satellite{
		Name: n.Satellite, Listener: n.Listener, Phase: string(n.voice.Phase()), Home: n.voice.Here(), Busy: n.voice.Busy(), Error: n.Trouble(),
		Keyed: n.face.Get().Key.IsSet(), LastText: n.heardLast.text, LastWake: n.heardLast.wake,
	}
	if c, ok := n.Door.(interface{ Connections() int }); ok {
		now.Connections = c.Connections()
	}
	if was != now {
		n.shown.Take(rt.NewCell(now))
	}
}

// phraseOf is what was said to wake.
func phraseOf(w Wake) string {
	if w.WakeWord != "" {
		return w.WakeWord
	}
	return strings.ReplaceAll(w.Model, "_", " ")
}

// The key that a client has set is a file of the state directory.
const (
	satelliteDir = "esphome"
	maxKeyFile   = 4 << 10
)

type keyFile struct {
	Key string `json:"key"`
}

func (n *ESPHome) keyPath() string { return n.Satellite + ".json" }

// readKey reads the key, if a client may set one. Until the disk has said whether there is one, nobody gets in.
func (n *ESPHome) readKey(t *rt.Task) {
	if n.keyRead || !n.Config.Get().Block.AcceptKey || t.Now() < n.keyDue {
		return
	}
	text, err := n.FS.ReadFile(t, satelliteDir+"/"+n.keyPath(), maxKeyFile)
	var k keyFile
	if err == nil {
		err = json.Unmarshal(text, &k)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		n.keyTrouble.Take(rt.NewCell("the key that Home Assistant has set cannot be read: " + err.Error()))
		n.keyDue = t.Now().Add(keyAgain)
		return
	}
	n.key, n.keyRead, n.keyDue = k.Key, true, rt.Never
	n.keyTrouble.Take(rt.NewCell(""))
	n.refresh(n.Config.Get())
}

const keyAgain = 2 * time.Second

// keySet keeps the key that a client sets. It holds for connections to come.
func (n *ESPHome) keySet(t *rt.Task, k satellite.KeySet) {
	c := n.Config.Get()
	if !c.Block.AcceptKey || !n.keyRead || n.key != "" {
		k.Done(false)
		return
	}
	text, err := json.Marshal(keyFile{k.Key})
	if err == nil {
		err = n.FS.MkdirAll(t, satelliteDir)
	}
	if err == nil {
		err = rt.WriteFile(t, n.FS, satelliteDir, n.keyPath(), append(text, '\n'))
	}
	if err != nil {
		k.Done(false)
		return
	}
	n.key = k.Key
	n.refresh(c)
	say(t, n.Events, n.Name, event.HomeKeySet{Satellite: n.Satellite})
	k.Done(true)
}
