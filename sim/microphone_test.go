package sim

import (
	"errors"
	"strings"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/runbook"
	"orac/runbook/scenario"
)

// room is a world with a microphone and nobody who listens: a test does.
func room(t *testing.T) (*machine, *microphone) {
	t.Helper()
	_, j := prepared(t, scene(t, "1h", "microphone \"mic\" {\n  noise = 300\n}\n"))
	m, err := newMachine(j.sc, 1, j.options)
	if err != nil {
		t.Fatal(err)
	}
	m.driver = virtual.New(1, m.epoch, nil)
	return m, m.mics["mic"]
}

// listening runs f as the source, for an hour at the most.
func listening(t *testing.T, m *machine, f func(*rt.Task, *source)) {
	t.Helper()
	block, _ := m.first.Microphone("device.microphone.mic")
	task := rt.New(m.driver, "source", func(t *rt.Task) error { f(t, &source{mic: m.mics["mic"], block: block}); return nil })
	m.driver.Run(rt.Instant(time.Hour))
	if !task.Done() {
		t.Fatal("it has not ended within an hour")
	}
	if err := task.Err(); err != nil {
		t.Fatal(err)
	}
}

func opened(t *testing.T, task *rt.Task, s *source) *micStream {
	t.Helper()
	stream, err := s.Open(task)
	if err != nil {
		t.Errorf("open: %v", err)
		return nil
	}
	return stream.(*micStream)
}

func TestWhatWaitsInThePipeIsBounded(t *testing.T) {
	m, _ := room(t)
	listening(t, m, func(task *rt.Task, src *source) {
		s := opened(t, task, src)
		if d := time.Duration(task.Now()); d < openLeast || d > openMost {
			t.Errorf("an opening takes %v", d)
		}
		_ = task.Sleep(10 * time.Second)
		var pcm [audio.HopSamples]int16
		began, at := task.Now(), 0
		for ; task.Now() == began; at++ {
			if err := s.Read(task, &pcm, task.Now().Add(time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		if at != backlog+1 {
			t.Errorf("%d hops were there at once", at-1)
		}
		if lost := int(s.Lost()); lost < 125-backlog-1 || lost > 125-backlog+1 {
			t.Errorf("%d of 125 hops were lost", lost)
		}
		s.Close(task)
		if n := m.mics["mic"].holders(); n != 0 {
			t.Errorf("%d hold the device after it was closed", n)
		}
	})
}

// TestWhatADeviceGives reads for 20 s while a fault lasts.
func TestWhatADeviceGives(t *testing.T) {
	one := func(p *[audio.HopSamples]int16, v int16) bool {
		for _, x := range p {
			if x != v {
				return false
			}
		}
		return true
	}
	tests := []struct {
		name        string
		fault       scenario.Fault
		least, most int // hops
		lost        bool
		sounds      func(first, last *[audio.HopSamples]int16) bool
	}{
		{"nothing is wrong", scenario.Fault{}, 249, 251, false, func(a, b *[audio.HopSamples]int16) bool {
			return *a != *b && audio.RMS(a[:]) < 350 && audio.RMS(a[:]) > 250
		}},
		{"stuck", scenario.Fault{Kind: scenario.Stuck}, 249, 251, false, func(a, b *[audio.HopSamples]int16) bool { return *a == *b && audio.RMS(a[:]) > 70 }},
		{"silence", scenario.Fault{Kind: scenario.Silence}, 249, 251, false, func(a, b *[audio.HopSamples]int16) bool { return one(a, 0) && one(b, 0) }},
		{"noise", scenario.Fault{Kind: scenario.Noise}, 249, 251, false, func(a, b *[audio.HopSamples]int16) bool { return *a != *b && audio.RMS(a[:]) > 11000 }},
		{"clipping", scenario.Fault{Kind: scenario.Clipping}, 249, 251, false, func(a, _ *[audio.HopSamples]int16) bool { return audio.RMS(a[:]) > 32700 }},
		{"short reads", scenario.Fault{Kind: scenario.ShortReads}, 245, 251, false, nil},
		{"drops", scenario.Fault{Kind: scenario.Drops, Rate: 0.5}, 95, 155, true, nil},
		{"too slow", scenario.Fault{Kind: scenario.WrongRate, Rate: 0.5}, 123, 126, false, nil},
		{"too fast", scenario.Fault{Kind: scenario.WrongRate, Rate: 1.2}, 295, 301, false, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, d := room(t)
			if test.fault.Kind != "" {
				suffer(&d.ailments, test.fault)
			}
			listening(t, m, func(task *rt.Task, src *source) {
				s := opened(t, task, src)
				var first, last [audio.HopSamples]int16
				n := 0
				for end := task.Now().Add(20 * time.Second); ; n++ {
					if err := s.Read(task, &last, end); errors.Is(err, rt.ErrTimeout) {
						break
					} else if err != nil {
						t.Fatal(err)
					}
					if task.Now() > end {
						break
					}
					if n == 0 {
						first = last
					}
				}
				if n < test.least || n > test.most || (s.Lost() > 0) != test.lost {
					t.Errorf("%d hops in 20 s, %d lost", n, s.Lost())
				}
				if test.sounds != nil && !test.sounds(&first, &last) {
					t.Errorf("it sounds otherwise: RMS %.0f, then %.0f", audio.RMS(first[:]), audio.RMS(last[:]))
				}
			})
		})
	}
}

func TestAnotherDeviceInItsPlace(t *testing.T) {
	tests := []struct {
		name    string
		block   runbook.Microphone
		known   bool // it opened the microphone before
		present bool
		err     string
	}{
		{"it is there", runbook.Microphone{}, true, true, ""},
		{"it was opened before", runbook.Microphone{}, true, false, "no such input"},
		{"never opened, any will do, and the other gives no sound", runbook.Microphone{}, false, false, "no sound in time"},
		{"asked for by its identity", runbook.Microphone{Identity: "mic"}, false, false, "no such input"},
		{"asked for by a part of the other's name", runbook.Microphone{Match: "OTHER"}, false, false, "no sound in time"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, d := room(t)
			d.present, d.other = test.present, !test.present
			listening(t, m, func(task *rt.Task, src *source) {
				src.block, src.known = test.block, test.known
				s, err := src.Open(task)
				switch {
				case test.err == "" && (err != nil || s.Identity() != d.identity):
					t.Errorf("opened %v, %v", s, err)
				case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
					t.Errorf("opened %v, %v; want %q", s, err, test.err)
				}
			})
		})
	}
}

func TestAnOpeningThatHangsEndsInTime(t *testing.T) {
	m, d := room(t)
	suffer(&d.ailments, scenario.Fault{Kind: scenario.OpenHangs})
	listening(t, m, func(task *rt.Task, src *source) {
		src.block.StartTimeout = 3 * time.Second
		_, err := src.Open(task)
		if !errors.Is(err, rt.ErrTimeout) || task.Now() != rt.Instant(3*time.Second) {
			t.Errorf("after %v: %v", task.Now(), err)
		}
	})
}

func TestTwoHoldersAndHasteAreSeen(t *testing.T) {
	m, _ := room(t)
	listening(t, m, func(task *rt.Task, src *source) {
		opened(t, task, src)
		opened(t, task, src)
		if m.holders != 2 || len(m.judge.Breaks) != 1 || m.judge.Breaks[0].Promise != "safety/holders" {
			t.Errorf("%d holders; %v", m.holders, m.judge.Breaks)
		}
		m.mics["mic"].present = false
		for range mostTries + 1 {
			_, _ = src.Open(task)
		}
		if n := len(m.judge.Breaks); n != 2 || m.judge.Breaks[1].Promise != "safety/patient" {
			t.Errorf("%v", m.judge.Breaks)
		}
	})
}

// suffer makes a fault that lasts, until its end is called.
func suffer(a *ailments, f scenario.Fault) (end func()) {
	mk, _ := makerOf(f.Kind)
	a.list = append(a.list, &ailment{f, mk})
	return func() { a.list = a.list[:len(a.list)-1] }
}
