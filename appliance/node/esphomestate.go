package node

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"time"

	"orac/appliance/entity"
	"orac/appliance/event"
	"orac/appliance/play"
	"orac/appliance/rt"
	"orac/appliance/satellite"
	"orac/appliance/status"
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
	for _, id := range n.speaker.move(t, c.Speaker) {
		n.ended.Push(t, satellite.Ended{ID: id})
	}
	n.refresh(c)
	states := []entity.State{{Entity: entity.IDUpdate, Text: c.Face.Version}}
	if n.Listener != "" {
		states = append(states, entity.State{Entity: entity.IDMute, On: n.muted(t)}, entity.State{Entity: entity.IDLevel, Missing: true},
			entity.State{Entity: entity.IDWakeSound, On: n.Sound.Get().Or(c.WakeSound)})
	}
	for _, id := range []string{entity.IDWake, entity.IDTranscript, entity.IDProblem} {
		x, known := n.last[id]
		if !known {
			x = entity.State{Entity: id, Missing: id != entity.IDProblem}
		}
		states = append(states, x)
	}
	for _, w := range c.Words {
		states = append(states, entity.State{Entity: entity.IDThreshold + w.Model, Number: w.Threshold})
	}
	n.Door.Show(states...)
	n.showPlayer()
}

// refresh makes what clients are shown.
func (n *ESPHome) refresh(c ESPHomeConfig) {
	f := c.Face
	f.MAC, f.Listen, f.Listener, f.Speaks = n.mac(c), n.Listen, n.Listener, n.speaker.speaks()
	f.Rings, f.Entities = slices.Contains(c.Chimes, TimerChime), entity.List(n.of(c))
	if f.AcceptKey && n.key != "" {
		f.Key = language.NewSecret(n.key)
	}
	f.AcceptKey = f.AcceptKey && n.keyRead
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

// of is what its entities are about.
func (n *ESPHome) of(c ESPHomeConfig) entity.Of {
	of := entity.Of{Listener: n.Listener, Speaker: c.Speaker, WakeSound: slices.Contains(c.Chimes, WakeChime)}
	for _, w := range c.Words {
		of.Words = append(of.Words, entity.Word{Model: w.Model, Phrase: w.Phrase})
	}
	return of
}

// told takes what a client says.
func (n *ESPHome) told(t *rt.Task, x satellite.Told) {
	switch x := x.(type) {
	case satellite.FromHome:
		n.fromHome(t, x.In)
	case satellite.KeySet:
		n.keySet(t, x)
	case satellite.Media:
		n.media(t, x)
	case satellite.SoundBegins:
		n.soundBegins(t, x)
	case satellite.SoundComes:
		n.soundComes(t, x)
	case satellite.SoundEnds:
		n.soundEnds(t, x)
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
		say(t, n.Events, n.Name, event.HomeLeft{Satellite: n.Satellite, Paused: n.voice.Paused()})
	}
}

// media does what a client wants of the speaker.
func (n *ESPHome) media(t *rt.Task, m satellite.Media) {
	s := &n.speaker
	if !s.speaks() {
		return
	}
	loud := s.player().Volume
	switch {
	case m.Volume != nil:
		s.plays.Push(t, SetVolume{min(max(*m.Volume, 0), 1)})
	case m.VolumeUp:
		s.plays.Push(t, SetVolume{min(loud+volumeStep, 1)})
	case m.VolumeDown:
		s.plays.Push(t, SetVolume{max(loud-volumeStep, 0)})
	}
	switch {
	case m.Mute:
		s.plays.Push(t, SetMuted{true})
	case m.Unmute:
		s.plays.Push(t, SetMuted{false})
	}
	switch {
	case m.URL != "":
		n.files++
		id, p := "media-"+strconv.Itoa(n.files), play.Media
		if m.Announcement {
			p = play.Announcement
		}
		if p == play.Media { // one song at a time
			if n.song != "" {
				s.silence(t, n.song, play.Replaced)
			}
			n.song = id
		}
		s.play(t, id, p, play.Source{URL: m.URL}, "")
	case m.Stop:
		s.silence(t, "", play.Stopped)
		n.step(t, satellite.Stop{})
	case m.Pause, m.Resume, m.Toggle:
		s.pause(t, n.song, m.Pause || m.Toggle && !s.player().Paused)
	}
}

const volumeStep = 0.05

// news takes what happens elsewhere in the appliance.
func (n *ESPHome) news(t *rt.Task, e event.Event) {
	switch b := e.Body.(type) {
	case event.Muted, event.Unmuted:
		on := n.muted(t)
		n.Door.Show(entity.State{Entity: entity.IDMute, On: on})
		if on {
			n.step(t, satellite.Muted{})
		}
	default:
		n.read(b)
	}
}

// read shows what an event tells.
func (n *ESPHome) read(b event.Body) {
	for _, x := range entity.Readings(n.Listener, n.Satellite, b) {
		if n.last == nil {
			n.last = map[string]entity.State{}
		}
		n.last[x.Entity] = x
		n.Door.Show(x)
	}
}

func (n *ESPHome) showPlayer() {
	if n.speaker.speaks() {
		n.Door.Show(entity.State{Entity: entity.IDMedia, Player: n.speaker.player()})
	}
}

// show publishes the state for people.
func (n *ESPHome) show() {
	was := n.shown.Get()
	now := status.Satellite{
		Name: n.Satellite, Listener: n.Listener, Phase: string(n.voice.Phase()), Home: n.voice.Here(), Paused: n.voice.Paused(), Busy: n.voice.Busy(), Error: n.Trouble(),
		Listen: n.Listen, Device: n.face.Get().Name, Speaker: n.Config.Get().Speaker, Keyed: n.face.Get().Key.IsSet(), Plain: n.face.Get().Plain, LastText: n.last[entity.IDTranscript].Text, LastWake: n.last[entity.IDWake].Text, LastAnswer: n.said,
	}
	if c, ok := n.Door.(interface{ Connections() int }); ok {
		now.Connections = c.Connections()
	}
	if was != now {
		n.shown.Take(rt.NewCell(now))
	}
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
	if n.keyRead || !n.Config.Get().Face.AcceptKey || t.Now() < n.keyDue {
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
	if !c.Face.AcceptKey || !n.keyRead || n.key != "" {
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
