package play

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"orac/appliance/audio/pulsetest"
	"orac/runbook"
	"orac/runbook/pattern"
	"orac/runbook/scenario"
	"orac/sim/trial/proof"
	"orac/sim/trial/schedule"
)

// microphone is a virtual microphone of the world.
type microphone struct {
	name string // of the block
	mic  *pulsetest.Mic
	gave *proof.Track // everything it has played
	rms  int          // of the background

	mu     sync.Mutex // guards what follows
	shapes map[scenario.Kind]func(*pulsetest.Shape)
	draw   *rand.Rand // used only by the microphone's goroutine
	busy   time.Time  // when the sound played so far ends
}

// identity matches the names that a source may have: the audio server accepts no others, and the name becomes part of an
// argument of its modules.
var identity = pattern.Lazy(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// title makes a readable name from what a runbook matches. The name becomes part of an argument of the audio server.
func title(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == ' ', r == '-', r == '_', r == '.':
			return r
		}
		return -1
	}, s[:min(len(s), 100)])
}

// source returns how the audio server names a microphone of the world, so that the runbook's block finds it.
func source(b runbook.Microphone) (id, name string, err error) {
	id, name = b.Name, b.Name
	switch {
	case b.ID != "":
		return "", "", fmt.Errorf("%s selects its microphone by id, and the id of a virtual microphone is not known in advance: use identity or match", b.Address)
	case b.Backend == "alsa":
		return "", "", fmt.Errorf("%s asks for ALSA, and virtual microphones exist only in PulseAudio", b.Address)
	case b.Identity != "":
		id = b.Identity
	case b.Match != "":
		if name = title(b.Match); !strings.EqualFold(name, b.Match) {
			return "", "", fmt.Errorf("%s matches %q; the name of a virtual microphone may have only letters, digits, spaces and ._-", b.Address, b.Match)
		}
	}
	if !identity().MatchString(id) {
		return "", "", fmt.Errorf("%s: a virtual microphone cannot have the identity %q: use at most 100 letters, digits and ._-", b.Address, id)
	}
	return id, name, nil
}

// defaultNoise is the RMS of a microphone's background if no scenario describes it.
const defaultNoise = 40

// plug creates the microphones of the scenario and its runbook.
func (w *World) plug() error {
	described := map[string]scenario.Microphone{}
	for _, m := range w.sc.Microphones {
		described[m.Name] = m
	}
	for _, b := range w.book.rb.Microphones {
		id, name, err := source(b)
		if err != nil {
			return err
		}
		d, ok := described[b.Name]
		if !ok {
			d = scenario.Microphone{Name: b.Name, Present: true, Noise: defaultNoise}
		}
		if ok && d.Identity != "" && d.Identity != d.Name {
			id = d.Identity
		}
		delete(described, b.Name)
		if err := w.plugOne(d, id, name); err != nil {
			return err
		}
		if b.Identity == "" && b.Match == "" && d.Present { // it uses the server's default, which must be this one
			if _, err := w.audio.Control("set-default-source", id); err != nil {
				return err
			}
		}
	}
	for _, m := range w.sc.Microphones {
		if d, ok := described[m.Name]; ok {
			if err := w.plugOne(d, d.Identity, d.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *World) plugOne(d scenario.Microphone, id, name string) error {
	if !identity().MatchString(id) {
		return fmt.Errorf("microphone.%s: a virtual microphone cannot have the identity %q: use at most 100 letters, digits and ._-", d.Name, id)
	}
	mic, err := w.audio.Plug(id, title(name))
	if err != nil {
		return err
	}
	m := &microphone{name: d.Name, mic: mic, gave: &proof.Track{}, rms: d.Noise, shapes: map[scenario.Kind]func(*pulsetest.Shape){}, draw: schedule.Stream(w.seed, "microphone "+d.Name)}
	mic.Gave(func(b []byte) { m.gave.Gave(time.Now(), b) })
	m.reshape()
	w.mics[d.Name] = m
	if !d.Present {
		return mic.Unload()
	}
	return nil
}

// shape sets how the microphone changes sound for a kind of fault; nil ends that.
func (m *microphone) shape(k scenario.Kind, f func(*pulsetest.Shape)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f == nil {
		delete(m.shapes, k)
	} else {
		m.shapes[k] = f
	}
	m.reshape()
}

// reshape applies the shapes to the microphone. The caller holds mu, or is the only user of m.
func (m *microphone) reshape() {
	s := pulsetest.Shape{}
	if m.rms > 0 {
		s.Background = func(pcm []int16) { fillNoise(pcm, m.draw, m.rms) }
	}
	for _, k := range sorted(m.shapes) {
		m.shapes[k](&s)
	}
	m.mic.Shape(s)
}

// fillNoise writes uniform noise with an RMS on the int16 scale.
func fillNoise(pcm []int16, r *rand.Rand, rms int) {
	most := int64(min(float64(rms)*math.Sqrt(3), 32767))
	for i := range pcm {
		pcm[i] = int16(r.Int64N(2*most+1) - most)
	}
}

// play plays pcm into the microphone, and returns when that begins and ends.
func (m *microphone) play(pcm []int16, now time.Time) (begin, end time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	begin = now
	if m.busy.After(now) {
		begin = m.busy // after what is still playing
	}
	m.busy = begin.Add(time.Duration(len(pcm)) * time.Second / rate)
	m.mic.Play(pcm)
	return begin, m.busy
}

const rate = 16000
