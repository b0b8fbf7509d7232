package node

import (
	"cmp"
	"errors"
	"time"

	"orac/appliance/entity"
	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/satellite"
	"orac/appliance/status"
)

// ESPHome is a voice satellite of Home Assistant, by whichever protocol its door speaks. It has the wakes of its listener first: what Home Assistant does not take goes on to
// whoever reads Wakes. The sockets are in the door, an adapter; the conversation is a satellite.Voice.
type ESPHome struct {
	Name      string // address of the node
	Satellite string // name of the block
	Listener  string // "": it only speaks
	Listen    string // host:port
	Host      string // the name of the machine
	Config    *rt.Cell[ESPHomeConfig]
	FS        rt.FS

	In     *rt.Mailbox[Wake]
	News   *rt.Mailbox[event.Event]
	Ring   *rt.Mailbox[Follow] // nil without a listener
	Wakes  *rt.Out[Wake]
	Door   SatelliteDoor
	Plays  *rt.Out[PlayAsk]
	Cues   *rt.Out[Cue] // to the responder of its listener
	Seen   *rt.Mailbox[PlayerShown]
	Events Events
	Mutes  *rt.Cell[Mutes]
	Sound  *rt.Cell[Switched] // whether a sound follows a wake word: see Responder
	OneWay bool               // see satellite.Voice

	// The fields below outlive an instance.
	trouble, keyTrouble rt.Cell[string] // why the door is not open, or why nobody gets in
	shown               rt.Cell[status.Satellite]
	key                 string // that a client has set
	keyRead             bool
	keyDue              rt.Instant // when to try to read it
	speaker             satelliteSpeaker
	last                map[string]entity.State // of what events tell
	said                string                  // the last answer

	// The fields below are those of one run.
	voice  satellite.Voice
	wake   Wake   // that began what the voice is about
	heard  string // the wake after which a sound said: speak
	mic    mic
	sounds incoming
	ended  *rt.Mailbox[satellite.Ended]
	face   rt.Cell[satellite.Face]
	mark   any
	song   string     // ID of what is played by URL; "": nothing is
	files  int        // that were played by URL
	level  rt.Instant // when the loudness is to be told again
}

// ESPHomeConfig are the settings of an ESPHome.
type ESPHomeConfig struct {
	Face      satellite.Face // what the runbook says of it; the node knows the rest
	PreRoll   time.Duration
	WakeSound bool
	Appliance string        // its name
	Words     []ESPHomeWord // what the listener listens for, or could
	Speaker   string        // where it is heard: the block; "" for nowhere
	Others    bool          // somebody reads the wakes that Home Assistant does not take
	Chimes    []Chime       // that the responder of its listener has
}

// ESPHomeWord is a model of the listener.
type ESPHomeWord struct {
	Model, Phrase string
	Threshold     float64
	Enabled       bool
}

// SatelliteDoor is the place on the network where clients of a satellite connect.
type SatelliteDoor interface {
	// Serve listens and answers until the task is told to stop (rt.ErrStopped) or the door fails. opened is called once it listens. face
	// is what clients are shown, and may be called from anywhere. told waits until the satellite has room for more.
	Serve(t *rt.Task, face func() satellite.Face, opened func(), told func(satellite.Told) error) error
	// The others never wait. Do passes on what is for Home Assistant; Sound is that of the microphone. Show tells how entities are.
	Do(satellite.Do)
	Sound(pcm []int16)
	Show(list ...entity.State)
}

// Update implements Updater.
func (n *ESPHome) Update(fresh Node) {
	f := fresh.(*ESPHome)
	n.Config.Take(f.Config)
	n.Wakes.To(f.Wakes)
	n.Plays.To(f.Plays)
	n.Cues.To(f.Cues)
}

// Shown is the state of the satellite. It may be called from anywhere.
func (n *ESPHome) Shown() status.Satellite { return n.shown.Get() }

// Trouble implements Troubled.
func (n *ESPHome) Trouble() string { return cmp.Or(n.trouble.Get(), n.keyTrouble.Get()) }

// Idle implements Idler: nobody is in the middle of a conversation.
func (n *ESPHome) Idle() bool { return !n.shown.Get().Busy }

const (
	// mostTold is how much of what clients say may wait.
	mostTold = 64
	// levelEvery is how often the loudness is told: each state goes into Home Assistant's database.
	levelEvery = 10 * time.Second
	// staleWake is how late a wake may come: whoever spoke waits no longer.
	staleWake = 3 * time.Second
)

// Run implements Node.
func (n *ESPHome) Run(t *rt.Task) error {
	n.voice, n.mic, n.mark, n.song, n.sounds = satellite.Voice{OneWay: n.OneWay}, mic{}, nil, "", incoming{}
	n.speaker.open(n.Satellite, n.Plays, n.Cues)
	defer n.speaker.close(t)
	n.ended = rt.NewMailbox[satellite.Ended]("ended", 16)
	told := rt.NewMailbox[satellite.Told]("told by clients", mostTold)
	defer n.mic.close(t)
	n.settings(t)
	door := t.Go("door", func(t *rt.Task) error { return n.serve(t, told) })
	for {
		n.settings(t)
		n.sounds.forget(t, n.voice.Queued)
		n.show()
		cases := []rt.Case{door, told, n.ended, n.speaker.told, n.Seen}
		open := func(box rt.Case, closed bool) int {
			if closed {
				return -1
			}
			cases = append(cases, box)
			return len(cases) - 1
		}
		sound := -1
		if n.mic.hops != nil {
			sound = open(n.mic.hops, false)
		}
		wakes := open(n.In, n.In.Closed() && n.In.Stats().Len == 0)
		news := open(n.News, n.News.Closed() && n.News.Stats().Len == 0)
		which, err := rt.Select(t, n.due(t.Now()), cases...)
		switch {
		case errors.Is(err, rt.ErrTimeout):
			n.tick(t)
		case err != nil:
			return err
		case which == 0:
			return door.Err()
		case which == 1:
			if x, ok := told.TryRecv(t); ok {
				n.told(t, x)
			}
		case which == 2:
			if e, ok := n.ended.TryRecv(t); ok {
				n.step(t, e)
			}
		case which == 3:
			if x, ok := n.speaker.told.TryRecv(t); ok {
				n.played(t, x)
			}
		case which == 4:
			if p, ok := n.Seen.TryRecv(t); ok {
				n.speaker.look(p)
				n.showPlayer()
			}
		case which == sound:
			n.hop(t)
		case which == wakes:
			if w, ok := n.In.TryRecv(t); ok {
				n.woken(t, w)
			}
		case which == news:
			if e, ok := n.News.TryRecv(t); ok {
				n.news(t, e)
			}
		}
	}
}

// serve keeps the door open.
func (n *ESPHome) serve(t *rt.Task, told *rt.Mailbox[satellite.Told]) error {
	shut := ""
	for {
		opened := func() {
			shut = ""
			n.trouble.Take(rt.NewCell(shut))
			t.Trace("open")
			say(t, n.Events, n.Name, event.DoorOpened{Listen: n.Listen, Serves: "esphome"})
		}
		err := n.Door.Serve(t, n.face.Get, opened, func(x satellite.Told) error { return told.Send(t, x) })
		if err == nil || errors.Is(err, rt.ErrStopped) {
			return err
		}
		if err := told.Send(t, satellite.FromHome{In: satellite.Left{}}); err != nil { // whoever was there is not any more
			return err
		}
		if why := err.Error(); why != shut { // said once, not every two seconds
			shut = why
			n.trouble.Take(rt.NewCell("it cannot be served at " + n.Listen + ": " + why))
			say(t, n.Events, n.Name, event.DoorFailed{Listen: n.Listen, Cause: why, Retry: "every " + openAgain.String()})
		}
		if err := t.Sleep(openAgain); err != nil {
			return err
		}
	}
}

// Unadopted is a door in a world without a network: it is open, and nobody comes.
type Unadopted struct{}

// Serve implements SatelliteDoor.
func (Unadopted) Serve(t *rt.Task, _ func() satellite.Face, opened func(), _ func(satellite.Told) error) error {
	opened()
	for {
		if err := t.Sleep(time.Hour); err != nil {
			return err
		}
	}
}

// Do implements SatelliteDoor.
func (Unadopted) Do(satellite.Do) {}

// Sound implements SatelliteDoor.
func (Unadopted) Sound([]int16) {}

// Show implements SatelliteDoor.
func (Unadopted) Show(...entity.State) {}
