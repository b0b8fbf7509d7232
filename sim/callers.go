package sim

import (
	"errors"
	"fmt"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/sttrole"
	"orac/runbook/scenario"
	"orac/sim/trial/deeds"
	"orac/sim/trial/schedule"
)

// remote is a model of another appliance. It sends its commands to a speech-to-text server of this one: in order, each under its own
// ID, again and again until it is answered, as ORAC does with a server that recognises an utterance that it had before.
type remote struct {
	scenario.Caller
	m        *machine
	waiting  []*plea // oldest first
	under    bool    // the oldest is on its way
	failures int     // of the oldest
	asked    int
	served   int
}

// plea is a command that another appliance has sent, or wants to. Of one that goes to a Core, Told says that Core may not have it.
type plea struct {
	deeds.Command
	pcm      []int16 // nil once it is answered
	promised bool    // the server has said that Core will get it
}

// floor is all that goes on between other appliances, a server of this one, and the Cores.
type floor struct {
	callers  []*remote
	all      []*plea           // as they were said
	commands map[string]*plea  // by text
	byID     map[string]*plea  // by the ID under which Core gets them
	newest   map[string]uint64 // the number of the last text that a Core acted on, by its address
	book     *deeds.Book
}

const (
	// mostPause is the longest pause of another appliance before it sends a command again.
	mostPause = 8 * time.Second
	// quietEnd is how long before the end other appliances fall silent, so that all can be answered.
	quietEnd = 20 * time.Second
)

// invite schedules the commands of other appliances.
func (m *machine) invite() {
	m.floor.commands, m.floor.byID, m.floor.newest = map[string]*plea{}, map[string]*plea{}, map[string]uint64{}
	for _, p := range m.sc.Callers {
		s := &remote{Caller: p, m: m}
		if s.Server == "" && s.Topic == "" && s.Wyoming == "" && len(m.first.STTServers) > 0 {
			s.Server = m.first.STTServers[0].Name
		}
		m.floor.callers = append(m.floor.callers, s)
		for _, at := range schedule.Times(m.random("caller "+p.Name), p.At, p.Every, p.Jitter, p.Times, m.sc.Head.For-quietEnd) {
			m.todo.add(at, s.speak)
		}
	}
}

// speak is a command that somebody says to the other appliance.
func (s *remote) speak() {
	s.asked++
	// The model of an engine says how many samples it was given: each command has a number of its own.
	f := &s.m.floor
	n := int(s.Length*audio.Rate/time.Second) + len(f.all)
	c := &plea{Command: deeds.Phrase(s.m.first, s.Topic, n, s.asked%3 == 0), pcm: make([]int16, n)}
	c.ID, c.Said = fmt.Sprintf("%s-%d", s.Name, s.asked), s.m.now()
	f.commands[c.Text], f.all = c, append(f.all, c)
	f.book.Add(&c.Command, n)
	s.waiting = append(s.waiting, c)
	if len(s.waiting) == 1 {
		s.send()
	}
}

// send sends the oldest command.
func (s *remote) send() {
	m := s.m
	if s.under || len(s.waiting) == 0 {
		return
	}
	if m.driver == nil || m.unreached("caller", s.Name) != nil {
		s.again(0)
		return
	}
	s.under = true
	c, core := s.waiting[0], m.core
	rt.New(m.driver, "callers/"+s.Name, func(t *rt.Task) error {
		switch {
		case s.Topic != "":
			return s.ask(t, core, c)
		case s.Wyoming != "":
			return s.dictate(t, c)
		}
		n := core.STTServer(s.Server)
		var h sttrole.Heard
		err := errors.New("there is no such server")
		if n != nil {
			h, err = n.Transcribe(t, sttrole.Hearing{ID: c.ID, Peer: sttrole.Peer{Name: s.Name, Address: "192.0.2.1"}, PCM: c.pcm})
		}
		if errors.Is(err, rt.ErrStopped) && t.Stopping() {
			return err
		}
		s.under = false
		var busy *sttrole.BusyError
		switch cut := m.unreached("caller", s.Name); {
		case cut != nil: // the answer is lost on its way
			s.again(0)
		case errors.As(err, &busy):
			s.again(busy.RetryAfter)
		case err != nil:
			s.again(0)
		default:
			s.heard(c, h)
		}
		return nil
	})
}

// again sends the oldest command later.
func (s *remote) again(least time.Duration) {
	s.under = false
	pause := min(500*time.Millisecond<<min(s.failures, 10), mostPause)
	s.failures++
	s.m.todo.add(s.m.now()+max(pause, least), s.send)
}

// heard notes the answer to a command.
func (s *remote) heard(c *plea, h sttrole.Heard) {
	if h.Text != c.Text {
		s.m.judge.Break(s.m.now(), "labels", fmt.Sprintf("%s was answered %q; it said %q", c.ID, h.Text, c.Text))
	}
	c.pcm, c.promised = nil, h.Forward == sttrole.Queued
	s.waiting, s.failures = s.waiting[1:], 0
	s.served++
	s.m.todo.add(s.m.now(), s.send)
}

// cutOff tells all other appliances that the process of this one has ended, and with it their connections.
func (f *floor) cutOff() {
	clear(f.newest) // numbers that the disk never had are given again
	for _, s := range f.callers {
		if s.under {
			s.again(0)
		}
	}
}

// sent notes that Core may get a text from now on.
func (f *floor) sent(c notify.Command) { f.byID[c.ID] = f.commands[c.Text] }

// acts notes that Core acts on a text.
func (f *floor) acts(m *machine, core string, x notify.Command) {
	c := f.commands[x.Text]
	if c == nil {
		m.judge.Break(m.now(), "labels", fmt.Sprintf("Core %s was sent %q, which nobody said", core, x.Text))
		return
	}
	if last := f.newest[core]; x.Seq < last {
		m.judge.Break(m.now(), "order", fmt.Sprintf("Core %s acts on %s, number %d, after number %d", core, c.ID, x.Seq, last))
	} else {
		f.newest[core] = x.Seq
	}
	if c.Acts++; c.Acts == 1 {
		f.book.Acted++
		return
	}
	f.book.ActedTwice++
	m.judge.Break(m.now(), "twice", fmt.Sprintf("Core %s acts on %s for the %d. time", core, c.ID, c.Acts))
}

// told notes what the appliance says of a text for Core.
func (f *floor) told(e event.Forwarded) {
	if c := f.byID[e.Event]; c != nil && (e.Outcome == "lost" || e.Outcome == "aside") {
		c.Told = true
	}
}

// finish checks, at the end, that every command was answered, and that Core has each that it was to get.
func (f *floor) finish(m *machine) {
	waiting := 0
	if m.core != nil {
		for _, x := range m.core.Forwards() {
			waiting += x.Waiting
		}
	}
	for _, s := range f.callers {
		for _, c := range s.waiting {
			m.judge.Break(m.clock, "lost", c.ID+" was sent, and never answered")
		}
	}
	for _, c := range f.all {
		if c.promised && c.Acts == 0 && !c.Told && waiting == 0 {
			m.judge.Break(m.clock, "lost", c.ID+" was promised to Core, which never got it, and nobody said so")
		}
	}
}
