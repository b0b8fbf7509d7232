package audio_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/rt/virtual"
)

// inVirtualTime runs f as a task and gives the virtual time that it took.
func inVirtualTime(t *testing.T, f func(*rt.Task)) time.Duration {
	t.Helper()
	d := virtual.New(1, time.Unix(0, 0), nil)
	defer d.Close()
	done := false
	rt.New(d, "test", func(task *rt.Task) error {
		f(task)
		done = true
		return nil
	})
	d.Run(rt.Never)
	if !done {
		t.Fatal("the task did not end")
	}
	return time.Duration(d.Now())
}

func ramp(n int) []int16 {
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(i%30000 + 1)
	}
	return pcm
}

func player(pcm []int16) *audio.Player {
	return &audio.Player{Name: "ramp", Load: func() (audio.Sound, error) { return audio.Samples(pcm), nil }}
}

// hear reads hops until the stream's end, or max of them.
func hear(t *testing.T, task *rt.Task, p *audio.Player, max int) ([]int16, error) {
	t.Helper()
	s, err := p.Open(task)
	if err != nil {
		return nil, err
	}
	defer s.Close(task)
	var heard []int16
	for range max {
		var hop [audio.HopSamples]int16
		if err := s.Read(task, &hop, rt.Never); err != nil {
			return heard, err
		}
		heard = append(heard, hop[:]...)
	}
	return heard, nil
}

func TestPlayerKeepsPace(t *testing.T) {
	in := ramp(10*audio.HopSamples + 1)
	var heard []int16
	took := inVirtualTime(t, func(task *rt.Task) {
		var err error
		if heard, err = hear(t, task, player(in), 100); !errors.Is(err, audio.ErrEnded) {
			t.Errorf("ended with %v", err)
		}
	})
	want := append(slices.Clone(in), make([]int16, audio.HopSamples-1)...)
	if !slices.Equal(heard, want) {
		t.Errorf("heard %d samples, not the %d of the sound and its padding", len(heard), len(want))
	}
	// The end is known when the hop after the last would be due.
	if want := 12 * audio.HopTime; took != want {
		t.Errorf("took %s, not %s", took, want)
	}
}

func TestFastPlayerDoesNotWait(t *testing.T) {
	p := player(ramp(100 * audio.HopSamples))
	p.Fast = true
	if took := inVirtualTime(t, func(task *rt.Task) {
		if heard, _ := hear(t, task, p, 1000); len(heard) != 100*audio.HopSamples {
			t.Errorf("heard %d samples", len(heard))
		}
	}); took != 0 {
		t.Errorf("took %s", took)
	}
}

func TestLateReaderCatchesUp(t *testing.T) {
	took := inVirtualTime(t, func(task *rt.Task) {
		s, err := player(ramp(20 * audio.HopSamples)).Open(task)
		if err != nil {
			t.Fatal(err)
		}
		_ = task.Sleep(10 * audio.HopTime)
		for range 10 {
			var hop [audio.HopSamples]int16
			if err := s.Read(task, &hop, task.Now()); err != nil {
				t.Errorf("a hop that is due: %v", err)
			}
		}
		var hop [audio.HopSamples]int16
		if err := s.Read(task, &hop, task.Now().Add(time.Millisecond)); !errors.Is(err, rt.ErrTimeout) {
			t.Errorf("a hop that is not due yet: %v", err)
		}
		if err := s.Read(task, &hop, rt.Never); err != nil || hop[0] != 10*audio.HopSamples+1 {
			t.Errorf("after a timeout the sound goes on with %d (%v)", hop[0], err)
		}
	})
	if want := 11 * audio.HopTime; took != want {
		t.Errorf("took %s, not %s", took, want)
	}
}

func TestLoopHasItsGapToTheSample(t *testing.T) {
	p := player(ramp(1000))
	p.Fast, p.End, p.Gap = true, audio.EndLoop, 10*time.Millisecond
	var heard []int16
	inVirtualTime(t, func(task *rt.Task) { heard, _ = hear(t, task, p, 5) })
	once := append(ramp(1000), make([]int16, 160)...)
	var want []int16
	for len(want) < len(heard) {
		want = append(want, once...)
	}
	if len(heard) != 5*audio.HopSamples || !slices.Equal(heard, want[:len(heard)]) {
		t.Error("the repetitions are not the sound, the gap, the sound …")
	}
}

func TestSilenceGoesOn(t *testing.T) {
	p := player(ramp(10))
	p.Fast, p.End = true, audio.EndSilence
	var heard []int16
	inVirtualTime(t, func(task *rt.Task) { heard, _ = hear(t, task, p, 50) })
	if want := append(ramp(10), make([]int16, 50*audio.HopSamples-10)...); !slices.Equal(heard, want) {
		t.Errorf("heard %d samples that are not the sound and silence", len(heard))
	}
}

type badSound struct{ closed *bool }

func (badSound) Read([]int16) (int, error) { return 0, errors.New("input/output error") }
func (b badSound) Close() error            { *b.closed = true; return nil }

func TestPlayerErrorsNameTheDevice(t *testing.T) {
	closed := false
	for _, c := range []struct {
		name string
		load func() (audio.Sound, error)
		end  audio.End
		want string
	}{
		{"load", func() (audio.Sound, error) { return nil, io.ErrUnexpectedEOF }, audio.EndStop, "unexpected EOF"},
		{"read", func() (audio.Sound, error) { return badSound{&closed}, nil }, audio.EndStop, "input/output error"},
		{"nothing to loop", func() (audio.Sound, error) { return audio.Samples(nil), nil }, audio.EndLoop, "nothing to repeat"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inVirtualTime(t, func(task *rt.Task) {
				_, err := hear(t, task, &audio.Player{Name: "kitchen.wav", Load: c.load, End: c.end, Fast: true}, 10)
				if err == nil || !strings.Contains(err.Error(), "kitchen.wav") || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
	if !closed {
		t.Error("a sound that failed stayed open")
	}
}

func TestPlayerIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	err := live.New(nil).Run(ctx, "test", func(task *rt.Task) error {
		p := player(nil)
		p.End = audio.EndSilence
		s, err := p.Open(task)
		if err != nil {
			return err
		}
		defer s.Close(task)
		var hop [audio.HopSamples]int16
		for {
			if err := s.Read(task, &hop, rt.Never); err != nil {
				return err
			}
			cancel()
		}
	})
	if !errors.Is(err, rt.ErrStopped) {
		t.Errorf("ended with %v", err)
	}
}
