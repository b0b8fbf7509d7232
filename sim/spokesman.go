package sim

import (
	"errors"
	"fmt"
	"time"

	voice "orac/appliance/play"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
	"orac/appliance/tts"
	"orac/runbook"
	"orac/runbook/scenario"
)

// spokesman is a model of what speaks texts.
type spokesman struct {
	ailments
	m    *machine
	name string
}

// spokesmanOf returns what speaks for a tts block, by its name.
func (m *machine) spokesmanOf(name string) *spokesman {
	s, ok := m.spokesmen[name]
	if !ok {
		s = &spokesman{m: m, name: name}
		m.spokesmen[name] = s
	}
	return s
}

// spokenTo is a client of it.
type spokenTo struct {
	*spokesman
	local   bool // a program: no network is between
	timeout time.Duration
}

// voice makes what speaks for a tts block.
func (m *machine) voice(b runbook.TTS, _ func(string) string) (tts.Voice, error) {
	return spokenTo{m.spokesmanOf(b.Name), b.Protocol == "exec", b.Timeout}, nil
}

// speakTime is how long a text takes to be spoken: what espeak-ng takes on a small machine.
const speakTime = 200 * time.Millisecond

var errNoSound = errors.New("it is neither WAV, nor FLAC, nor MP3")

// Speak implements tts.Voice.
func (s spokenTo) Speak(t *rt.Task, text string) (voice.Sound, error) {
	s.m.loud.asked++
	fail := func(kind wire.Kind, cause error) (voice.Sound, error) {
		return nil, &wire.Error{Op: "speak", Address: s.name, Kind: kind, Cause: cause}
	}
	if err := s.m.unreached("speak", s.name); err != nil && !s.local {
		return nil, err
	}
	if s.first(func(x *ailment) bool { return x.Kind.Info().Refuses }) != nil {
		return fail(wire.Unreachable, errors.New("connection refused"))
	}
	takes := speakTime
	if x := s.of(scenario.TTSSlow); x != nil {
		takes += x.Delay
	}
	if takes >= s.timeout {
		if err := t.Sleep(s.timeout); err != nil {
			return nil, err
		}
		return fail(wire.Timeout, fmt.Errorf("no answer within %v", s.timeout))
	}
	if err := t.Sleep(takes); err != nil {
		return nil, err
	}
	if s.has(scenario.TTSTrash) {
		return nil, fmt.Errorf("what %s sent: %w", s.name, errNoSound)
	}
	return s.m.readable(fmt.Sprintf("“%s”", text), false), nil
}
