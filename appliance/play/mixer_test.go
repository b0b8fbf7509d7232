package play

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// script is a track of equal samples, whose frames are there when the test says so.
type script struct {
	mark  int16
	left  int
	given int
	dry   bool
}

func (s *script) Next() (*Frame, bool) {
	if s.left == 0 {
		return nil, true
	}
	if s.dry {
		return nil, false
	}
	s.left--
	s.given++
	var f Frame
	for i := range f {
		f[i] = s.mark
	}
	return &f, s.left == 0
}

// mixed mixes until nothing is left to say, at most n frames, and returns the loudness of each frame's last samples and what happened.
func mixed(m *Mixer, n int) (levels []int16, told []string) {
	for i := 0; i < n && m.Ready(); i++ {
		var f Frame
		for _, h := range m.Mix(&f) {
			what := fmt.Sprintf("%d begins %s", i, h.ID)
			if h.Ended {
				what = fmt.Sprintf("%d ends %s %s %d", i, h.ID, h.Cause, h.Frames)
			}
			told = append(told, what)
		}
		levels = append(levels, f[FrameSamples/2])
	}
	return levels, told
}

func TestMixer(t *testing.T) {
	type sound struct {
		id     string
		p      Priority
		frames int
		dry    bool
	}
	for _, c := range []struct {
		name   string
		sounds []sound
		after  int // frames until the later sounds come
		later  []sound
		want   []string
	}{
		{"one sound", []sound{{"a", Answer, 3, false}}, 0, nil, []string{"0 begins a", "2 ends a done 3"}},
		{"an empty sound ends", []sound{{"a", Media, 0, false}, {"b", Answer, 0, false}}, 0, nil, []string{"0 ends a done 0", "0 ends b done 0"}},
		{"two of a priority, in order", []sound{{"a", Chime, 2, false}, {"b", Chime, 1, false}}, 0, nil,
			[]string{"0 begins a", "1 ends a done 2", "2 begins b", "2 ends b done 1"}},
		{"an announcement lets an answer wait, which goes on where it was", []sound{{"answer", Answer, 5, false}}, 2, []sound{{"all", Announcement, 2, false}},
			[]string{"0 begins answer", "3 begins all", "4 ends all done 2", "6 ends answer done 5"}},
		{"a chime is not interrupted", []sound{{"c", Chime, 4, false}}, 1, []sound{{"all", Announcement, 1, false}},
			[]string{"0 begins c", "3 ends c done 4", "4 begins all", "4 ends all done 1"}},
		{"a sound that is not there yet takes nobody's turn", []sound{{"slow", Announcement, 2, true}, {"a", Answer, 2, false}}, 0, nil,
			[]string{"0 begins a", "1 ends a done 2"}},
		{"media goes on beneath", []sound{{"m", Media, 4, false}, {"a", Answer, 2, false}}, 0, nil,
			[]string{"0 begins a", "0 begins m", "1 ends a done 2", "3 ends m done 4"}},
		{"a higher one goes first", []sound{{"c", Chime, 1, false}, {"a", Answer, 1, false}, {"all", Announcement, 1, false}}, 0, nil,
			[]string{"0 begins all", "0 ends all done 1", "1 begins a", "1 ends a done 1", "2 begins c", "2 ends c done 1"}},
	} {
		m := NewMixer(1)
		add := func(list []sound) {
			for _, s := range list {
				m.Add(s.id, s.p, 1, &script{mark: 1000, left: s.frames, dry: s.dry})
			}
		}
		add(c.sounds)
		var told []string
		frame := 0
		for ; frame < 100; frame++ {
			if frame == c.after {
				add(c.later)
			}
			if !m.Ready() {
				break
			}
			_, now := mixed(m, 1)
			for _, x := range now {
				told = append(told, fmt.Sprint(frame, x[1:]))
			}
		}
		if !slices.Equal(told, c.want) {
			t.Errorf("%s: %q, want %q", c.name, told, c.want)
		}
	}
}

func TestMediaIsTurnedDownAndUpAgain(t *testing.T) {
	m := NewMixer(1)
	m.Add("m", Media, 1, &script{mark: 10000, left: 80})
	if levels, _ := mixed(m, 5); levels[4] != 10000 {
		t.Fatalf("alone it is at %d", levels)
	}
	m.Add("a", Answer, 1, &script{mark: 0, left: 10})
	levels, _ := mixed(m, 10)
	if levels[9] != 1000 || levels[0] < 5000 {
		t.Errorf("beneath an answer: %d", levels)
	}
	levels, _ = mixed(m, 40)
	if levels[39] != 10000 || levels[0] > 1500 {
		t.Errorf("after it: %d", levels)
	}
}

func TestStopFadesOut(t *testing.T) {
	m := NewMixer(1)
	m.Add("a", Answer, 1, &script{mark: 10000, left: 50})
	m.Add("b", Answer, 1, &script{mark: 10000, left: 50})
	mixed(m, 2)
	m.Stop(Barged, func(_ string, p Priority) bool { return p == Answer })
	var f Frame
	told := m.Mix(&f)
	if f[0] != 10000 || f[FrameSamples-1] > 20 {
		t.Errorf("it goes from %d to %d", f[0], f[FrameSamples-1])
	}
	if want := []Happened{{"a", true, Barged, 3}, {"b", true, Barged, 0}}; !slices.Equal(told, want) {
		t.Errorf("%+v", told)
	}
	if m.Ready() || !m.Empty() {
		t.Error("something is left")
	}
}

// TestMediaWaits where it is, without a step in its loudness, and all of it is heard in the end. Nothing else may be made to wait.
func TestMediaWaits(t *testing.T) {
	m := NewMixer(1)
	m.Add("m", Media, 1, &script{mark: 10000, left: 20})
	m.Add("a", Answer, 1, &script{mark: 0, left: 1})
	if !m.Pause("m", true) || m.Pause("a", true) || m.Pause("x", true) {
		t.Fatal("what may wait")
	}
	m.Pause("m", false)
	mixed(m, 5)
	m.Pause("m", true)
	var f Frame
	m.Mix(&f)
	if f[FrameSamples-1] > 20 || f[0] < 1000 {
		t.Errorf("it goes from %d to %d", f[0], f[FrameSamples-1])
	}
	if m.Ready() || m.Empty() {
		t.Error("it does not wait")
	}
	m.Pause("m", false)
	m.Mix(&f)
	if f[0] > 20 || f[FrameSamples-1] < 1000 {
		t.Errorf("it comes back from %d to %d", f[0], f[FrameSamples-1])
	}
	if _, told := mixed(m, 100); len(told) != 1 || told[0] != "12 ends m done 20" {
		t.Errorf("%q", told)
	}
	m.Add("n", Media, 1, &script{mark: 10000, left: 20})
	m.Pause("n", true)
	m.Stop(Stopped, func(id string, _ Priority) bool { return id == "n" })
	if !m.Ready() || len(m.Mix(&f)) != 1 || !m.Empty() {
		t.Error("what waits cannot be stopped")
	}
}

func TestVolumeIsNoStep(t *testing.T) {
	m := NewMixer(1)
	m.Add("a", Answer, 1, &script{mark: 10000, left: 50})
	mixed(m, 1)
	m.SetVolume(0)
	var f Frame
	m.Mix(&f)
	for i := 1; i < len(f); i++ {
		if f[i-1]-f[i] > 20 || f[i] > f[i-1] {
			t.Fatalf("%d follows %d", f[i], f[i-1])
		}
	}
	m.Mix(&f)
	if f != (Frame{}) {
		t.Error("it is not silent")
	}
}

// TestNothingIsCutOffOrPlayedTwice: whatever comes when, each sound that nobody stops is asked for each of its frames once and ends once,
// and only one that is no media is heard at a time.
func TestNothingIsCutOffOrPlayedTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := NewMixer(1)
		type known struct {
			*script
			p       Priority
			frames  int
			begun   int
			ended   int
			stopped bool
		}
		sounds := map[string]*known{}
		var ids []string
		check := func(list []Happened) {
			for _, h := range list {
				s := sounds[h.ID]
				if !h.Ended {
					s.begun++
					continue
				}
				s.ended++
				if h.Cause == Done && (h.Frames != uint64(s.frames) || s.given != s.frames) || !s.stopped && h.Cause != Done {
					t.Fatalf("%s ended after %d of %d frames: %s", h.ID, h.Frames, s.frames, h.Cause)
				}
			}
		}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "do") {
			case 0:
				id := fmt.Sprint("s", len(ids))
				k := &known{p: Priority(rapid.IntRange(1, 4).Draw(t, "p")), frames: rapid.IntRange(0, 6).Draw(t, "n")}
				k.script = &script{mark: 100, left: k.frames, dry: rapid.Bool().Draw(t, "dry")}
				ids, sounds[id] = append(ids, id), k
				m.Add(id, k.p, 1, k.script)
			case 1:
				if len(ids) > 0 {
					k := sounds[rapid.SampledFrom(ids).Draw(t, "which")]
					k.dry = !k.dry
				}
			case 2:
				if len(ids) > 0 && rapid.IntRange(0, 3).Draw(t, "stop") == 0 {
					id := rapid.SampledFrom(ids).Draw(t, "which")
					sounds[id].stopped = true
					m.Stop(Stopped, func(x string, _ Priority) bool { return x == id })
				}
			default:
				if m.Ready() {
					var f Frame
					check(m.Mix(&f))
					media := 0
					for _, k := range sounds {
						if k.p == Media {
							media++
						}
					}
					if f[0] > int16(100*(media+1)) {
						t.Fatalf("two sounds are heard at once: %d with %d media", f[0], media)
					}
				}
			}
		}
		for _, k := range sounds {
			k.dry = false
		}
		for i := 0; m.Ready(); i++ {
			if i > 10000 {
				t.Fatal("it never ends")
			}
			var f Frame
			check(m.Mix(&f))
		}
		for id, k := range sounds {
			if k.ended != 1 || k.begun > 1 || k.begun == 0 && k.frames > 0 && !k.stopped {
				t.Fatalf("%s: begun %d times, ended %d times, of %d frames", id, k.begun, k.ended, k.frames)
			}
		}
	})
}
