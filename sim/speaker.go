package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"orac/appliance/graph"
	voice "orac/appliance/play"
	"orac/appliance/rt"
	"orac/runbook/scenario"
	"orac/sim/trial/schedule"
)

// speaker is a model of an output of the machine, faithful at the pipe between the appliance and the playback process: an opening takes as
// long as that of the real process, a frame is taken every 20 ms, and what goes wrong shows as it does there.
type speaker struct {
	ailments
	m      *machine
	name   string
	absent bool        // it is unplugged
	output *loudOutput // the newest; nil: there was none
	r      *rand.Rand
}

// speakerOf returns the speaker of a block by its name.
func (m *machine) speakerOf(name string) *speaker {
	s, ok := m.speakers[name]
	if !ok {
		s = &speaker{m: m, name: name, r: m.random("speaker " + name)}
		m.speakers[name] = s
	}
	return s
}

// speaker makes the adapter of a speaker for one process of the appliance.
func (m *machine) speaker(l graph.Loudspeaker) (voice.Speaker, error) {
	return opening{m.speakerOf(l.Speaker.Name), l.Speaker.StartTimeout}, nil
}

// opening opens a speaker for a block.
type opening struct {
	*speaker
	timeout time.Duration
}

var (
	errNoSpeaker = errors.New("there is no such output; it is tried again, and orac devices shows what there is")
	errNotListed = errors.New("the device is not listed any more")
	errNotOpened = errors.New("it did not open in time: the device or the audio server hangs")
)

// goneAfter is how long a playback process takes to see that its device is not listed any more.
const goneAfter = time.Second

// Open implements play.Speaker.
func (s opening) Open(t *rt.Task) (voice.Output, error) {
	fail := func(err error) (voice.Output, error) { return nil, fmt.Errorf("speaker %s: %w", s.name, err) }
	if err := t.Sleep(openLeast + schedule.Jitter(s.r, openMost-openLeast)); err != nil {
		return nil, err
	}
	switch machine := &s.m.ailments; {
	case machine.has(scenario.Descriptors):
		return fail(syscall.EMFILE)
	case machine.has(scenario.ListHangs):
		if err := t.Sleep(s.timeout); err != nil {
			return nil, err
		}
		return fail(errNotOpened)
	case machine.has(scenario.AudioDown):
		return fail(errNoServer)
	case s.absent:
		return fail(errNoSpeaker)
	}
	o := &loudOutput{speaker: s.speaker, played: rt.NewMailbox[uint64]("played", 2*voice.Lead), given: rt.NewMailbox[struct{}]("given", 1)}
	s.output = o
	o.process = t.Go("playback", o.run)
	return o, nil
}

// loudOutput is an open speaker.
type loudOutput struct {
	*speaker
	process *rt.Task
	waiting []*voice.Frame
	given   *rt.Mailbox[struct{}] // holds a token after something has changed
	taken   uint64
	played  *rt.Mailbox[uint64]
	frozen  bool // it takes nothing until it is replaced
	lost    bool // its device went away
	death   error
}

// open tells whether there is a process that could break.
func (s *speaker) open() bool {
	return s.m.driver != nil && s.output != nil && s.output.death == nil && !s.output.process.Done()
}

// run takes the frames at their pace.
func (o *loudOutput) run(t *rt.Task) error {
	defer o.played.Close(t)
	gone := rt.Never
	for o.death == nil {
		until := gone
		switch {
		case o.lost && gone == rt.Never:
			gone = t.Now().Add(goneAfter)
			until = gone
		case o.takes():
			until = t.Now().Add(voice.FrameTime)
		}
		switch _, err := o.given.Recv(t, until); {
		case err == nil: // something is new
		case !errors.Is(err, rt.ErrTimeout):
			return err
		case t.Now() >= gone:
			o.death = errNotListed
		case o.takes():
			frame := o.waiting[0]
			o.waiting = o.waiting[1:]
			o.taken++
			o.m.loud.plays(o.name, frame)
			o.played.Push(t, o.taken)
		}
	}
	return o.death
}

// takes tells whether the device takes frames now.
func (o *loudOutput) takes() bool {
	return len(o.waiting) > 0 && !o.frozen && !o.lost && o.death == nil
}

// ends ends the process, which its reader notices at once.
func (o *loudOutput) ends(why error) {
	o.death = why
	o.given.TrySend(o.process, struct{}{})
}

// loses takes the device away from the process, if one is open.
func (s *speaker) loses() {
	if s.open() {
		s.output.lost = true
		s.output.given.TrySend(s.output.process, struct{}{})
	}
}

// Write implements play.Output.
func (o *loudOutput) Write(t *rt.Task, f *voice.Frame) error {
	if o.waiting = append(o.waiting, f); len(o.waiting) > voice.Lead {
		panic(fmt.Sprintf("BUG: %d frames are under way to speaker %s", len(o.waiting), o.name))
	}
	if len(o.waiting) == 1 {
		o.given.TrySend(t, struct{}{})
	}
	return o.death
}

// Played, Err and Identity implement play.Output.
func (o *loudOutput) Played() *rt.Mailbox[uint64] { return o.played }
func (o *loudOutput) Err() error                  { return fmt.Errorf("speaker %s: %w", o.name, o.death) }
func (o *loudOutput) Identity() string            { return o.name }

// Close implements play.Output.
func (o *loudOutput) Close(*rt.Task) { o.process.Stop() }

// onPlayer makes a fault of the playback process of a speaker that happens at an instant.
func onPlayer(how string, do func(*loudOutput)) maker {
	return maker{how: how,
		can: func(m *machine, o *occurrence) bool { return m.speakerOf(o.Target).open() },
		do:  func(m *machine, o *occurrence) func() { do(m.speakerOf(o.Target).output); return nil },
	}
}
