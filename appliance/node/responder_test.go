package node_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/play"
	"orac/appliance/rt"
)

// TestAResponderLetsPeopleHear what becomes of what they say to its listener, and nothing of what others say.
func TestAResponderLetsPeopleHear(t *testing.T) {
	acted := func(from, result, speech string) event.Body {
		return event.Acted{Topic: "general", Request: "r", From: from, Result: result, Speech: speech}
	}
	for name, c := range map[string]struct {
		voice string
		body  event.Body // nil: a wake word
		wait  time.Duration
		want  []string
	}{
		"a wake word":             {"", nil, 0, []string{"stop answer barge-in", "chime wake"}},
		"the end of a recording":  {"", event.RecordingEnded{Listener: "room"}, 0, []string{"chime done"}},
		"one of another listener": {"", event.RecordingEnded{Listener: "hall"}, 0, nil},
		"a failed delivery":       {"", event.Delivered{Outcome: "failed", Of: event.Origin{Listener: "room"}}, 0, []string{"chime error"}},
		"a delivery":              {"", event.Delivered{Outcome: "delivered", Of: event.Origin{Listener: "room"}}, 0, nil},
		"a muted recording":       {"", event.Dropped{Muted: true, Of: event.Origin{Listener: "room"}}, 0, nil},
		"an answer":               {"local", acted(event.ListenerPrefix+"room", "done", "The light is on."), 0, []string{"answer local: The light is on."}},
		"a failure":               {"local", acted(event.ListenerPrefix+"room", "failed", "That did not work."), 0, []string{"answer local: That did not work."}},
		"a failure without voice": {"", acted(event.ListenerPrefix+"room", "failed", "That did not work."), 0, []string{"chime error"}},
		"an answer without voice": {"", acted(event.ListenerPrefix+"room", "done", "The light is on."), 0, nil},
		"an answer to another":    {"local", acted(event.ListenerPrefix+"hall", "done", "The light is on."), 0, nil},
		"a mute":                  {"", event.Muted{Listener: "room"}, 0, []string{"chime mute"}},
		"a mute of another":       {"", event.Muted{Listener: "hall"}, 0, nil},
		"a mute of all":           {"", event.Unmuted{}, 0, []string{"chime mute"}},
		"a timer": {"local", event.TimerEnded{Topic: "general", Name: "tea"}, 5 * time.Second,
			[]string{"chime timer", "announcement local: The timer for tea has ended.", "chime timer", "chime timer"}},
		"a late timer":       {"local", event.TimerEnded{Topic: "general", Late: 120}, 0, []string{"chime timer", "announcement local: The timer ended 2 minutes ago."}},
		"a timer of another": {"local", event.TimerEnded{Topic: "other"}, time.Minute, nil},
	} {
		world(t, time.Hour, func(k *rt.Task) {
			r, plays := responder(c.voice)
			task := k.Supervise("responder", 1, r.Run)
			if c.body == nil {
				r.Wakes.TrySend(k, node.Wake{ID: "w", Listener: "room"})
			} else {
				r.News.TrySend(k, event.Event{Body: c.body})
			}
			_ = k.Sleep(c.wait + 10*time.Millisecond)
			if got := heardOf(k, plays); !slices.Equal(got, c.want) {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
			task.Stop()
			_ = k.Outlast(task, k.Now().Add(time.Minute))
		})
	}
}

// TestATimerRingsUntilSomebodySpeaks, and for a minute at most.
func TestATimerRingsUntilSomebodySpeaks(t *testing.T) {
	for after, want := range map[time.Duration]int{7 * time.Second: 4, time.Hour / 2: 30} {
		world(t, time.Hour, func(k *rt.Task) {
			r, plays := responder("")
			task := k.Supervise("responder", 1, r.Run)
			r.News.TrySend(k, event.Event{Body: event.TimerEnded{Topic: "general"}})
			_ = k.Sleep(after)
			r.Wakes.TrySend(k, node.Wake{ID: "w"})
			_ = k.Sleep(time.Minute)
			rings := 0
			for _, x := range heardOf(k, plays) {
				if x == "chime timer" {
					rings++
				}
			}
			if rings != want {
				t.Errorf("a wake word after %v: it rang %d times, want %d", after, rings, want)
			}
			task.Stop()
			_ = k.Outlast(task, k.Now().Add(time.Minute))
		})
	}
}

// TestCues: where Home Assistant has the wake words first, its satellite says what is heard. Somebody may switch the sound after a wake word
// off, and on again, whatever is declared.
func TestCues(t *testing.T) {
	off, on := node.Switched{Touched: true}, node.Switched{Touched: true, On: true}
	for name, c := range map[string]struct {
		cue    node.Cue
		silent bool
		sound  node.Switched
		want   []string
	}{
		"a wake word":                 {node.Cue{Hush: true, Chime: node.WakeChime, Of: "w"}, false, node.Switched{}, []string{"stop answer barge-in", "chime wake"}},
		"a conversation that goes on": {node.Cue{Chime: node.WakeChime}, false, node.Switched{}, []string{"chime wake"}},
		"declared to be silent":       {node.Cue{Hush: true, Chime: node.WakeChime}, true, node.Switched{}, []string{"stop answer barge-in"}},
		"switched on":                 {node.Cue{Chime: node.WakeChime}, true, on, []string{"chime wake"}},
		"switched off":                {node.Cue{Chime: node.WakeChime}, false, off, nil},
		"an error is heard anyway":    {node.Cue{Chime: node.ErrorChime}, true, off, []string{"chime error"}},
		"quiet":                       {node.Cue{Hush: true}, false, node.Switched{}, []string{"stop answer barge-in"}},
	} {
		world(t, time.Hour, func(k *rt.Task) {
			r, plays := responder("")
			config := r.Config.Get()
			config.Silent = c.silent
			r.Config.Take(rt.NewCell(config))
			r.Sound.Take(rt.NewCell(c.sound))
			task := k.Supervise("responder", 1, r.Run)
			r.Cues.TrySend(k, c.cue)
			_ = k.Sleep(10 * time.Millisecond)
			if got := heardOf(k, plays); !slices.Equal(got, c.want) {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
			task.Stop()
			_ = k.Outlast(task, k.Now().Add(time.Minute))
		})
	}
}

func responder(voice string) (*node.Responder, *rt.Mailbox[node.PlayAsk]) {
	plays := rt.NewMailbox[node.PlayAsk]("plays", 256)
	c := node.ResponderConfig{Voice: voice, Topic: "general", Chimes: map[node.Chime][]play.Frame{}}
	for _, x := range []node.Chime{node.WakeChime, node.DoneChime, node.ErrorChime, node.TimerChime, node.MuteChime} {
		c.Chimes[x] = make([]play.Frame, 3)
	}
	return &node.Responder{
		Name: "responder.room", Listener: "room", Config: rt.NewCell(c), Wakes: rt.NewMailbox[node.Wake]("wakes", 4), News: mailbox(), Out: rt.NewOut(plays),
		Cues: rt.NewMailbox[node.Cue]("cues", 4), Sound: &rt.Cell[node.Switched]{},
	}, plays
}

// heardOf are the words of what a player was asked. Every sound has an ID of its own.
func heardOf(k *rt.Task, plays *rt.Mailbox[node.PlayAsk]) (list []string) {
	ids := map[string]bool{}
	for {
		x, ok := plays.TryRecv(k)
		if !ok {
			return list
		}
		switch x := x.(type) {
		case node.StopPlay:
			list = append(list, fmt.Sprintf("stop %s %s", x.Priority, x.Cause))
		case node.Play:
			if ids[x.ID] {
				list = append(list, "twice: "+x.ID)
			}
			ids[x.ID] = true
			if s := x.Source.Say; s != nil {
				list = append(list, fmt.Sprintf("%s %s: %s", x.Priority, s.Voice, s.Text))
				continue
			}
			var which string
			_, _ = fmt.Sscanf(x.What, "the %s chime", &which)
			list = append(list, fmt.Sprintf("%s %s", x.Priority, which))
		}
	}
}

// TestAWakeWordDoesNotCountWhileTheSpeakerSpeaks: the appliance would hear itself. It counts again when it has spoken.
func TestAWakeWordDoesNotCountWhileTheSpeakerSpeaks(t *testing.T) {
	onStage(t, func(k *rt.Task, s *stage) {
		speaks := func() bool { return k.Now() < s.aloud.Get() }
		s.play("chime", play.Chime, &tone{level: 100, frames: 10})
		_ = k.Sleep(time.Second)
		s.play("music", play.Media, &tone{level: 100, frames: 10})
		_ = k.Sleep(time.Second)
		if speaks() || s.aloud.Get() != 0 {
			t.Error("a chime or music counts as speech")
		}
		s.play("answer", play.Answer, &tone{level: 100, frames: 100})
		_ = k.Sleep(time.Second)
		if !speaks() {
			t.Error("it does not speak while an answer is heard")
		}
		_ = k.Sleep(time.Second)
		if !speaks() {
			t.Error("its last words cannot be heard any more")
		}
		_ = k.Sleep(time.Second)
		if speaks() {
			t.Error("it speaks a second after its last word")
		}
	})
}
