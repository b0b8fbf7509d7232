package sim

import (
	"math/rand/v2"
	"time"

	"orac/appliance/audio"
	"orac/appliance/entity"
	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/satellite"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/scenario"
	"orac/sim/trial/schedule"
)

// satelliteHome is a model of the Home Assistant of an esphome or wyoming_satellite block, at the boundary of the place where its clients connect. It outlives the
// processes of the appliance, and connects again as a real one does.
type satelliteHome struct {
	ailments
	m    *machine
	name string // of the block
	r    *rand.Rand
	// oneWay: it speaks Wyoming. It does not answer a Start, and says of a run neither where its answer is nor that it is over: it sends the sound.
	oneWay bool

	door  *satelliteDoor // that is open; nil: none is
	here  bool           // it is connected, and serves the satellite
	away  bool           // it does not run
	leave string         // the phase in which it goes away
	lost  time.Duration  // when it was last connected
	calls uint64         // connections and disconnections so far: what was planned before one does not count after it
	run   *homeRun       // nil: none is under way
	runs  int
	owed  int            // answers and announcements of whose end it was not told
	gave  time.Duration  // when it sent the last of them
	urls  map[string]int // how often a sound was fetched
}

// homeRun is a run of its assistant.
type homeRun struct {
	n      int
	wake   bool // a wake word began it
	pcm    []int16
	spoke  bool // somebody has begun to speak
	quiet  int  // hops without a voice since
	closed bool // no more sound comes
	more   *rt.Mailbox[struct{}]
}

const (
	homeStarts  = 1500 * time.Millisecond // from its start until it connects
	homeSilence = 700 * time.Millisecond  // of silence ends a command
	homeNobody  = 5 * time.Second         // without a voice, it gives up
	homeListens = 15 * time.Second        // at most
	mostRetry   = time.Minute             // between two tries to connect
	homeVoice   = 500                     // RMS from which sound is a voice
)

// satelliteHomeOf returns the Home Assistant of a satellite, by its name.
func (m *machine) satelliteHomeOf(name string) *satelliteHome {
	h, ok := m.satellites[name]
	if !ok {
		h = &satelliteHome{m: m, name: name, urls: map[string]int{}, r: m.random("home assistant " + name)}
		m.satellites[name] = h
	}
	return h
}

// satelliteDoor is the place where clients of a satellite connect, in one process of the appliance.
type satelliteDoor struct {
	h    *satelliteHome
	said *rt.Mailbox[satellite.Told] // that was not passed on yet
	task *rt.Task                    // of Home Assistant; nil while the door is shut
	todo *rt.Mailbox[func(*rt.Task)] // of Home Assistant
}

// satellite makes the door of a satellite for one process of the appliance.
func (m *machine) satellite(block runbook.Address, _ string, _ language.Secret) (node.SatelliteDoor, error) {
	h := m.satelliteHomeOf(block.Name())
	h.oneWay = block.Type() == string(graph.WyomingSatellite)
	return &satelliteDoor{h: h}, nil
}

// Serve implements node.SatelliteDoor.
func (d *satelliteDoor) Serve(t *rt.Task, _ func() satellite.Face, opened func(), told func(satellite.Told) error) error {
	h := d.h
	d.said, d.todo = rt.NewMailbox[satellite.Told]("said by home assistant", 1024), rt.NewMailbox[func(*rt.Task)]("to home assistant", 1024)
	d.task = rt.New(h.m.driver, "callers/home assistant "+h.name, d.live)
	h.door = d
	defer func() { // the connection ends with the door, and Home Assistant is told so
		d.task.Stop()
		h.door = nil
		if h.calls++; h.here {
			h.parted()
		}
	}()
	opened()
	if !h.away {
		if h.has(scenario.MDNSLost) {
			h.retry()
		} else {
			h.connectIn(schedule.Jitter(h.r, time.Second))
		}
	}
	for {
		x, err := d.said.Recv(t, rt.Never)
		if err != nil {
			return err
		}
		if err := told(x); err != nil {
			return err
		}
	}
}

// live is Home Assistant while the door is open: it does what is due.
func (d *satelliteDoor) live(t *rt.Task) error {
	for {
		do, err := d.todo.Recv(t, rt.Never)
		if err != nil {
			return err
		}
		t.Go("due", func(t *rt.Task) error { do(t); return nil })
	}
}

// soon has something done in a task of Home Assistant.
func (h *satelliteHome) soon(do func(*rt.Task)) {
	if h.door != nil {
		h.door.todo.TrySend(h.door.task, do)
	}
}

// later is soon after a while, unless the connection has changed until then.
func (h *satelliteHome) later(wait time.Duration, do func(*rt.Task)) {
	calls := h.calls
	h.soon(func(t *rt.Task) {
		if t.Sleep(wait) == nil && h.calls == calls {
			do(t)
		}
	})
}

// say sends something to the satellite.
func (h *satelliteHome) say(t *rt.Task, in satellite.In) {
	if h.door == nil || h.cut() {
		return
	}
	t.Trace("says")
	h.door.said.TrySend(t, satellite.FromHome{In: in})
	if h.has(scenario.HomeTwice) {
		switch in.(type) {
		case satellite.Arrived, satellite.Left, satellite.Announce: // to announce it twice are two announcements
		default:
			t.Trace("says it again")
			h.door.said.TrySend(t, satellite.FromHome{In: in})
		}
	}
}

// breaksOff ends the sound that a connection carried: it has ended, or another one takes its place.
func (h *satelliteHome) breaksOff(t *rt.Task) {
	if h.oneWay {
		h.door.said.TrySend(t, satellite.SoundEnds{Why: "the connection to Home Assistant was lost"})
	}
}

// cut tells whether nothing passes between it and the satellite. What a network loses ends the connection, and it tries to make another.
func (h *satelliteHome) cut() bool {
	if h.here && h.m.ailments.has(scenario.NetDown) {
		h.parted()
		h.retry()
	}
	return !h.here
}

func (h *satelliteHome) event(t *rt.Task, kind satellite.EventType, data ...string) {
	e := satellite.Event{Type: kind, Data: map[string]string{}}
	for i := 0; i+1 < len(data); i += 2 {
		e.Data[data[i]] = data[i+1]
	}
	h.say(t, e)
}

// connectIn connects after a while.
func (h *satelliteHome) connectIn(wait time.Duration) {
	h.later(wait, func(t *rt.Task) {
		switch {
		case h.here, h.away:
		case h.m.unreached("", "") != nil:
			h.retry()
		default:
			h.calls++
			h.here, h.run = true, nil
			h.breaksOff(t)
			h.say(t, satellite.Arrived{})
		}
	})
}

// retry connects when it tries the next time: more and more seldom since it lost the connection.
func (h *satelliteHome) retry() {
	now, at, wait := h.m.now(), h.lost, time.Second
	for at <= now {
		at += wait
		wait = min(wait*9/5, mostRetry)
	}
	h.connectIn(at - now)
}

// parted notes that the connection has ended.
func (h *satelliteHome) parted() {
	h.calls++
	h.here, h.run, h.owed, h.lost = false, nil, 0, h.m.now()
}

// goes ends the connection, as a Home Assistant does that ends.
func (h *satelliteHome) goes() {
	h.away, h.leave = true, ""
	if h.here {
		h.parted()
		h.soon(func(t *rt.Task) {
			h.breaksOff(t)
			h.door.said.TrySend(t, satellite.FromHome{In: satellite.Left{}})
		})
	}
}

// returns starts it again.
func (h *satelliteHome) returns() {
	h.leave = ""
	if h.away {
		h.away = false
		h.connectIn(homeStarts + schedule.Jitter(h.r, homeStarts))
	}
}

// stops tells whether it goes no further than a phase of a run, because of a fault.
func (h *satelliteHome) stops(phase string) bool {
	if h.leave == phase {
		h.goes()
		return true
	}
	x := h.of(scenario.HomeHangs)
	return x != nil && x.Way == phase
}

// Do implements node.SatelliteDoor.
func (d *satelliteDoor) Do(do satellite.Do) {
	h := d.h
	if h.door != d || h.cut() {
		return
	}
	switch do := do.(type) {
	case satellite.Start:
		h.begins(do)
	case satellite.Abort:
		if h.run != nil { // the end of a run that was cancelled comes late
			if h.run = nil; !h.oneWay {
				h.later(homeAnswers, func(t *rt.Task) { h.event(t, satellite.EventRunEnd) })
			}
		}
	case satellite.EndSound:
		if h.run != nil {
			h.run.ends(d)
		}
	case satellite.Finished:
		h.owed = max(0, h.owed-1)
	}
}

// Sound implements node.SatelliteDoor.
func (d *satelliteDoor) Sound(pcm []int16) {
	r := d.h.run
	if d.h.door != d || d.h.cut() || r == nil || r.closed {
		return
	}
	r.pcm = append(r.pcm, pcm...)
	loud := audio.RMS(pcm) >= homeVoice
	switch {
	case loud:
		r.spoke, r.quiet = true, 0
	case r.spoke:
		r.quiet++
	}
	heard := audio.Time(len(r.pcm))
	if r.spoke && time.Duration(r.quiet)*audio.HopTime >= homeSilence || !r.spoke && heard >= homeNobody || heard >= homeListens {
		r.ends(d)
	}
}

// Show implements node.SatelliteDoor.
func (d *satelliteDoor) Show(...entity.State) {}

// ends ends the sound of a run. Its task is woken.
func (r *homeRun) ends(d *satelliteDoor) {
	r.closed = true
	r.more.TrySend(d.task, struct{}{})
}
