package sim

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"orac/appliance/graph"
	voice "orac/appliance/play"
	"orac/appliance/rt"
	"orac/appliance/tts"
	"orac/runbook"
	"orac/sim/trial/schedule"
)

// speaker is a model of an output of the machine, faithful at the pipe between the appliance and the playback process: an opening takes as
// long as that of the real process, a frame is taken every 20 ms, and what goes wrong shows as it does there.
type speaker struct {
	ailments
	m      *machine
	name   string
	output *loudOutput // the open one; nil: there is none
	heard  uint64      // frames
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
	return m.speakerOf(l.Speaker.Name), nil
}

var errNoSpeaker = errors.New("there is no such output; it is tried again, and orac devices shows what there is")

// Open implements play.Speaker.
func (s *speaker) Open(t *rt.Task) (voice.Output, error) {
	if err := t.Sleep(openLeast + schedule.Jitter(s.r, openMost-openLeast)); err != nil {
		return nil, err
	}
	if s.away() {
		return nil, fmt.Errorf("speaker %s: %w", s.name, errNoSpeaker)
	}
	o := &loudOutput{speaker: s, played: rt.NewMailbox[uint64]("played", 2*voice.Lead)}
	s.output = o
	o.process = t.Go("playback", o.run)
	return o, nil
}

// away tells whether there is no such device now.
func (s *speaker) away() bool { return false }

// loudOutput is an open speaker.
type loudOutput struct {
	*speaker
	process *rt.Task
	waiting int // frames
	taken   uint64
	played  *rt.Mailbox[uint64]
	frozen  bool // it takes nothing until it is replaced
	death   error
}

// run takes the frames at their pace.
func (o *loudOutput) run(t *rt.Task) error {
	defer o.played.Close(t)
	for {
		if err := t.Sleep(voice.FrameTime); err != nil {
			return err
		}
		switch {
		case o.death != nil:
			return o.death
		case o.waiting > 0 && !o.frozen:
			o.waiting--
			o.taken++
			o.heard++
			o.played.Push(t, o.taken)
		}
	}
}

// Write implements play.Output.
func (o *loudOutput) Write(*rt.Task, *voice.Frame) error {
	if o.waiting++; o.waiting > voice.Lead {
		panic(fmt.Sprintf("BUG: %d frames are under way to speaker %s", o.waiting, o.name))
	}
	return o.death
}

// Played, Err and Identity implement voice.Output.
func (o *loudOutput) Played() *rt.Mailbox[uint64] { return o.played }
func (o *loudOutput) Err() error                  { return o.death }
func (o *loudOutput) Identity() string            { return o.name }

// Close implements play.Output.
func (o *loudOutput) Close(*rt.Task) { o.process.Stop() }

// simulatedSound is how long a sound of a simulated world lasts, whatever it is read from.
const simulatedSound = 2 * time.Second

// soundModel is a model of a sound: it is there a moment after it was opened.
type soundModel struct {
	m    *machine
	left int // frames
}

// sound implements play.Opener.
func (m *machine) sound(t *rt.Task, _ voice.Source) (voice.Sound, error) {
	if err := t.Sleep(5 * time.Millisecond); err != nil {
		return nil, err
	}
	return &soundModel{m, int(simulatedSound / voice.FrameTime)}, nil
}

// Read implements play.Sound.
func (s *soundModel) Read(*rt.Task, *voice.Frame) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	s.left--
	return voice.FrameSamples, nil
}

// Close implements play.Sound.
func (s *soundModel) Close() {}

// simulatedChime is how long a chime lasts.
const simulatedChime = 300 * time.Millisecond

// chime makes a chime of a simulated world.
func (m *machine) chime(string) ([]voice.Frame, error) {
	return make([]voice.Frame, simulatedChime/voice.FrameTime), nil
}

// speaks is a model of what speaks texts.
type speaks struct{ m *machine }

// voice makes what speaks for a tts block.
func (m *machine) voice(runbook.TTS, func(string) string) (tts.Voice, error) { return speaks{m}, nil }

// Speak implements tts.Voice.
func (s speaks) Speak(t *rt.Task, _ string) (voice.Sound, error) {
	if err := t.Sleep(200 * time.Millisecond); err != nil {
		return nil, err
	}
	return s.m.sound(t, voice.Source{})
}
