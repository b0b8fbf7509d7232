package node_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/play"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
)

// loudspeaker is a speaker that takes a frame every 20 ms, and may hang, die and be away.
type loudspeaker struct {
	heard  []play.Frame // what it took
	times  []rt.Instant
	stuck  bool
	absent bool
	open   *loudOutput
	opens  int
}

type loudOutput struct {
	*loudspeaker
	task   *rt.Task
	queue  []play.Frame
	played *rt.Mailbox[uint64]
	err    error
}

func (s *loudspeaker) Open(t *rt.Task) (play.Output, error) {
	if err := t.Sleep(50 * time.Millisecond); err != nil {
		return nil, err
	}
	if s.opens++; s.absent {
		return nil, errors.New("no such speaker")
	}
	o := &loudOutput{loudspeaker: s, played: rt.NewMailbox[uint64]("played", 64)}
	s.open = o
	o.task = t.Go("device", func(t *rt.Task) error {
		for n := uint64(0); ; {
			if err := t.Sleep(play.FrameTime); err != nil {
				return err
			}
			if o.err != nil {
				o.played.Close(t)
				return nil
			}
			if len(o.queue) > 0 && !s.stuck {
				s.heard, s.times, o.queue = append(s.heard, o.queue[0]), append(s.times, t.Now()), o.queue[1:]
				n++
				o.played.Push(t, n)
			}
		}
	})
	return o, nil
}

func (o *loudOutput) Write(_ *rt.Task, f *play.Frame) error {
	if o.queue = append(o.queue, *f); len(o.queue) > play.Lead {
		panic(fmt.Sprint(len(o.queue), " frames are under way"))
	}
	return o.err
}
func (o *loudOutput) Played() *rt.Mailbox[uint64] { return o.played }
func (o *loudOutput) Err() error                  { return o.err }
func (o *loudOutput) Identity() string            { return "model" }
func (o *loudOutput) Close(t *rt.Task)            { o.task.Stop() }

// tone is a sound of equal samples, that may stall, fail, or come slowly.
type tone struct {
	level  int16
	frames int
	stall  int // after so many frames it gives nothing more
	err    error
}

func (s *tone) Read(t *rt.Task, f *play.Frame) (int, error) {
	if s.stall--; s.stall == 0 {
		return 0, t.Sleep(time.Hour)
	}
	if s.frames == 0 {
		if s.err != nil {
			return 0, s.err
		}
		return 0, io.EOF
	}
	s.frames--
	for i := range f {
		f[i] = s.level
	}
	return len(f), nil
}

func (s *tone) Close() {}

// stage is a player with a speaker, in virtual time.
type stage struct {
	*node.Player
	k       *rt.Task
	speaker *loudspeaker
	disk    *virtual.Disk
	events  *rt.Mailbox[event.Event]
	tones   map[string]*tone
	task    *rt.Task
	told    map[string]*rt.Mailbox[play.Told]
	aloud   rt.Cell[rt.Instant]
	spoken  func(text string) *tone // what a text sounds like; nil: there is no voice
}

func onStage(t *testing.T, f func(k *rt.Task, s *stage)) {
	t.Helper()
	world(t, time.Hour, func(k *rt.Task) {
		s := &stage{k: k, speaker: &loudspeaker{}, disk: virtual.NewDisk(1 << 20), tones: map[string]*tone{}, told: map[string]*rt.Mailbox[play.Told]{}}
		s.start(1)
		_ = k.Sleep(time.Second)
		f(k, s)
		s.task.Stop()
		_ = k.Outlast(s.task, k.Now().Add(time.Minute))
	})
}

func (s *stage) start(volume float64) {
	s.events = mailbox()
	s.Player = &node.Player{
		Name: "player.room", Speaker: "room", Output: s.speaker, FS: s.disk, Asks: rt.NewMailbox[node.PlayAsk]("plays", 64), Events: rt.NewOut(s.events),
		Aloud: &s.aloud,
		Config: rt.NewCell(node.PlayerConfig{Open: func(_ *rt.Task, from play.Source) (play.Sound, error) {
			if from.Say != nil && s.spoken != nil {
				return s.spoken(from.Say.Text), nil
			}
			if x := s.tones[from.File+from.URL]; x != nil {
				return x, nil
			}
			return nil, fmt.Errorf("%s: no such file", from.File)
		}, Volume: volume, Stall: time.Second, Retry: node.Retry{Delay: time.Second, Tries: 3, Slow: 2 * time.Second}}),
	}
	s.task = s.k.Supervise("player", 1, s.Player.Run)
}

func (s *stage) play(id string, p play.Priority, x *tone) {
	s.tones[id] = x
	s.told[id] = rt.NewMailbox[play.Told]("told", 2)
	s.Asks.TrySend(s.k, node.Play{Request: play.Request{ID: id, Priority: p, Source: play.Source{File: id}}, Told: s.told[id]})
}

// end is how a sound ended, and whether it was said that it began.
func (s *stage) end(id string) string {
	var words []string
	for {
		x, ok := s.told[id].TryRecv(s.k)
		switch {
		case !ok:
			return strings.Join(words, ", ")
		case !x.Ended:
			words = append(words, "begun")
		case x.Err != nil:
			words = append(words, fmt.Sprintf("%s after %v: %v", x.Cause, x.Played, x.Err))
		default:
			words = append(words, fmt.Sprintf("%s after %v", x.Cause, x.Played))
		}
	}
}

// levels are the loudnesses that were heard, with how many frames of each.
func (s *stage) levels() (list []string) {
	last, n := int16(0), 0
	for _, f := range append(slices.Clone(s.speaker.heard), play.Frame{0: -1, play.FrameSamples - 1: -1}) {
		level := f[play.FrameSamples-1]
		if level != last && n > 0 {
			list = append(list, fmt.Sprintf("%d×%d", n, last))
			n = 0
		}
		last = level
		n++
	}
	return list
}

func TestAPlayerPlaysByPriority(t *testing.T) {
	onStage(t, func(k *rt.Task, s *stage) {
		s.play("answer", play.Answer, &tone{level: 100, frames: 20})
		_ = k.Sleep(100 * time.Millisecond)
		s.play("all", play.Announcement, &tone{level: 300, frames: 10})
		s.play("none", play.Answer, nil)
		_ = k.Sleep(2 * time.Second)
		for id, want := range map[string]string{
			"answer": "begun, done after 400ms", "all": "begun, done after 200ms", "none": "failed after 0s: none: no such file",
		} {
			if got := s.end(id); got != want {
				t.Errorf("%s: %q, want %q", id, got, want)
			}
		}
		if got := len(s.speaker.heard); got != 30 {
			t.Errorf("%d frames were heard: %v", got, s.levels())
		}
		if got := s.Shown(); got.Played != 2 || got.Failed != 1 || len(got.Playing) > 0 || !s.Idle() {
			t.Errorf("%+v", got)
		}
	})
}

// TestASpeakerThatHangsOrDiesGoesOnWithTheNextFrame: within the stall and an opening, and no frame is lost or heard twice.
func TestASpeakerThatHangsOrDiesGoesOnWithTheNextFrame(t *testing.T) {
	for name, hurt := range map[string]func(s *loudspeaker){
		"hangs": func(s *loudspeaker) { s.stuck = true },
		"dies":  func(s *loudspeaker) { s.open.err = errors.New("killed") },
	} {
		onStage(t, func(k *rt.Task, s *stage) {
			x := &tone{level: 100, frames: 100}
			s.play("answer", play.Answer, x)
			_ = k.Sleep(500 * time.Millisecond)
			hurt(s.speaker)
			at := k.Now()
			for s.speaker.opens == 1 {
				_ = k.Sleep(10 * time.Millisecond)
			}
			s.speaker.stuck = false
			_ = k.Sleep(4 * time.Second)
			if got := s.end("answer"); got != "begun, done after 2s" || len(s.speaker.heard) != 100 {
				t.Errorf("%s: %q, %d frames", name, got, len(s.speaker.heard))
			}
			i := slices.IndexFunc(s.speaker.times, func(x rt.Instant) bool { return x > at.Add(40*time.Millisecond) })
			if late := s.speaker.times[i].Sub(at); late > 1200*time.Millisecond {
				t.Errorf("%s: heard again after %v", name, late)
			}
			if list := kinds(k, s.events); !slices.Equal(list, []string{"speaker_opened", "speaker_lost", "speaker_opened", "sound_played"}) {
				t.Errorf("%s: %v", name, list)
			}
		})
	}
}

func TestASpeakerThatIsAway(t *testing.T) {
	onStage(t, func(k *rt.Task, s *stage) {
		s.play("long", play.Announcement, &tone{level: 100, frames: 2000})
		_ = k.Sleep(500 * time.Millisecond)
		s.speaker.absent, s.speaker.open.err = true, errors.New("unplugged")
		_ = k.Sleep(200 * time.Millisecond)
		s.play("chime", play.Chime, &tone{level: 100, frames: 10})
		s.play("stopped", play.Answer, &tone{level: 100, frames: 10})
		s.Asks.TrySend(k, node.StopPlay{ID: "stopped"})
		_ = k.Sleep(2 * time.Second)
		if a, b := s.end("chime"), s.end("stopped"); a != "late after 0s" || b != "stopped after 0s" {
			t.Errorf("a chime: %q; an answer that was stopped: %q", a, b)
		}
		_ = k.Sleep(15 * time.Second)
		if got := s.end("long"); !strings.Contains(got, "there is no speaker: no such speaker") {
			t.Errorf("what was said: %q", got)
		}
		s.speaker.absent = false
		heard := len(s.speaker.heard)
		_ = k.Sleep(3 * time.Second)
		s.play("next", play.Chime, &tone{level: 100, frames: 10})
		_ = k.Sleep(time.Second)
		if got := s.end("next"); got != "begun, done after 200ms" || len(s.speaker.heard) != heard+10 {
			t.Errorf("when it is back: %q, and %d frames", got, len(s.speaker.heard)-heard)
		}
	})
}

// TestASoundThatGivesNothing holds up no other, and ends.
func TestASoundThatGivesNothing(t *testing.T) {
	onStage(t, func(k *rt.Task, s *stage) {
		s.play("stalls", play.Announcement, &tone{level: 100, frames: 100, stall: 30})
		s.play("opens", play.Announcement, &tone{level: 100, frames: 100, stall: 1})
		s.play("fails", play.Chime, &tone{level: 100, frames: 3, err: errors.New("damaged")})
		s.play("music", play.Media, &tone{level: 10, frames: 200})
		_ = k.Sleep(8 * time.Second)
		if got := s.end("music"); got != "begun, done after 4s" {
			t.Errorf("music: %q", got)
		}
		_ = k.Sleep(20 * time.Second)
		for id, want := range map[string]string{
			"stalls": "begun, failed after 580ms: no sound came for 10s", "opens": "failed after 0s: no sound came for 10s",
			"fails": "failed after 60ms: damaged",
		} {
			if got := strings.TrimPrefix(s.end(id), "begun, "); got != strings.TrimPrefix(want, "begun, ") {
				t.Errorf("%s: %q, want %q", id, got, want)
			}
		}
	})
}

func TestAStopIsHeardSoon(t *testing.T) {
	onStage(t, func(k *rt.Task, s *stage) {
		s.play("answer", play.Answer, &tone{level: 100, frames: 500})
		s.play("waits", play.Answer, &tone{level: 100, frames: 500})
		_ = k.Sleep(500 * time.Millisecond)
		at := k.Now()
		s.Asks.TrySend(k, node.StopPlay{Priority: play.Answer, Cause: play.Barged})
		_ = k.Sleep(time.Second)
		if got := s.speaker.times[len(s.speaker.times)-1].Sub(at); got > 120*time.Millisecond {
			t.Errorf("something was heard %v later", got)
		}
		if a, b := s.end("answer"), s.end("waits"); !strings.HasPrefix(a, "begun, barge-in after 6") || b != "barge-in after 0s" {
			t.Errorf("%q, %q", a, b)
		}
	})
}

// TestTheVolumeIsKept over a restart, until the runbook names another one.
func TestTheVolumeIsKept(t *testing.T) {
	onStage(t, func(k *rt.Task, s *stage) {
		again := func(declared float64) node.PlayerShown {
			s.task.Stop()
			_ = k.Outlast(s.task, k.Now().Add(time.Minute))
			s.start(declared)
			_ = k.Sleep(time.Second)
			return s.Shown()
		}
		s.Asks.TrySend(k, node.SetVolume{Volume: 0.5})
		s.Asks.TrySend(k, node.SetMuted{Muted: true})
		_ = k.Sleep(10 * time.Millisecond)
		if got := again(1); got.Volume != 0.5 || !got.Muted {
			t.Errorf("after a restart: %+v", got)
		}
		s.play("muted", play.Answer, &tone{level: 1000, frames: 5})
		_ = k.Sleep(time.Second)
		if got := s.levels(); !slices.Equal(got, []string{"5×0"}) {
			t.Errorf("muted, it plays %v", got)
		}
		s.Asks.TrySend(k, node.SetMuted{})
		s.play("half", play.Answer, &tone{level: 1000, frames: 5})
		_ = k.Sleep(3 * time.Second)
		if got := s.levels(); !slices.Equal(got, []string{"5×0", "5×250"}) && !slices.Equal(got, []string{"5×0", "1×249", "4×250"}) {
			t.Errorf("at half the volume it plays %v", got)
		}
		if got := again(0.8); got.Volume != 0.8 || got.Muted {
			t.Errorf("after the runbook has changed: %+v", got)
		}
	})
}

// TestTooManySoundsAreRefused, and so is an ID that is there already.
func TestTooManySoundsAreRefused(t *testing.T) {
	onStage(t, func(k *rt.Task, s *stage) {
		for i := range 20 {
			s.play(fmt.Sprint(i), play.Answer, &tone{level: 100, frames: 5})
		}
		s.play("0", play.Answer, &tone{level: 100, frames: 5})
		_ = k.Sleep(10 * time.Millisecond)
		if got := s.end("17"); got != "failed after 0s: 16 sounds are played or wait already" {
			t.Errorf("%q", got)
		}
		if got := s.end("0"); got != "failed after 0s: 0 is played already" {
			t.Errorf("%q", got)
		}
		_ = k.Sleep(10 * time.Second)
		if got := len(s.speaker.heard); got != 16*5 {
			t.Errorf("%d frames were heard", got)
		}
	})
}

// TestAMediumThatIsRefusedEndsNoOther.
func TestAMediumThatIsRefusedEndsNoOther(t *testing.T) {
	onStage(t, func(k *rt.Task, s *stage) {
		s.play("music", play.Media, &tone{level: 100, frames: 50})
		for i := range 15 {
			s.play(fmt.Sprint(i), play.Answer, &tone{level: 100, frames: 1})
		}
		s.play("more", play.Media, &tone{level: 100, frames: 5})
		_ = k.Sleep(10 * time.Second)
		if got := s.end("more"); got != "failed after 0s: 16 sounds are played or wait already" {
			t.Errorf("%q", got)
		}
		if got := s.end("music"); got != "begun, done after 1s" {
			t.Errorf("%q", got)
		}
	})
}
