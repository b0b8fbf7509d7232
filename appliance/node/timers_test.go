package node_test

import (
	"fmt"
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

// TestTimersChange: a timer is lengthened, shortened, paused and cancelled by its name, over a restart, and each change can be taken
// back. A request that comes again changes nothing.
func TestTimersChange(t *testing.T) {
	inHouse(t, 1, func(k *rt.Task) {
		d := virtual.NewDisk(1 << 24)
		h := houseOn(k, d, newLamps())
		_ = k.Sleep(5 * time.Second)
		for _, step := range []struct {
			id, text, says string
			wait           time.Duration
		}{
			{"1", "pause the timer", "That did not work: No timer is running.", 0},
			{"2", "set a timer for ten minutes and a tea timer for three minutes", "The timer is set to 10 minutes. The timer for tea is set to 3 minutes.", 0},
			{"3", "pause the timer", "That did not work: 2 timers run: say which.", 0},
			{"4", "add 2 minutes to the tea timer", "The timer for tea has 5 minutes left.", 0},
			{"4", "add 2 minutes to the tea timer", "The timer for tea has 5 minutes left.", 0},
			{"5", "undo", "Sorry. It is as it was before.", 0},
			{"6", "take 4 minutes off the tea timer", "That did not work: the timer for tea has only 3 minutes left.", 0},
			{"7", "pause the tea timer", "The timer for tea is paused with 3 minutes left.", 5 * time.Minute},
			{"8", "what timers are running", "The timer of 10 minutes has 5 minutes left and the timer for tea is paused with 3 minutes left.", 0},
			{"9", "resume the tea timer", "The timer for tea has 3 minutes left.", 0},
			{"10", "cancel all timers", "Timer cancelled.", 0},
			{"11", "how long left", "No timer is running.", 0},
			{"12", "cancel the tea timer", "That did not work: No timer for tea is running.", 0},
			{"13", "set a tea timer for 1 minute", "The timer for tea is set to 1 minute.", 0},
			{"14", "pause the tea timer", "The timer for tea is paused with 1 minute left.", 0},
		} {
			if a := h.ask(t, k, step.id, step.text); !strings.EqualFold(a.Speech, step.says) {
				t.Errorf("%s: %q, want %q", step.text, a.Speech, step.says)
			}
			_ = k.Sleep(step.wait)
		}
		h.task.Stop()
		_ = k.Outlast(h.task, k.Now().Add(time.Minute))
		_ = k.Sleep(time.Hour)
		h = houseOn(k, d, newLamps())
		_ = k.Sleep(5 * time.Second)
		if a := h.ask(t, k, "15", "how long left"); a.Speech != "The timer for tea is paused with 1 minute left." {
			t.Errorf("after a restart: %q", a.Speech)
		}
		h.task.Stop()
	})
}

// TestTimersOfOneName: each is named by how long it was set to, and nobody changes one that was not meant. Two that are alike are changed together.
func TestTimersOfOneName(t *testing.T) {
	inHouse(t, 1, func(k *rt.Task) {
		h := houseOn(k, virtual.NewDisk(1<<24), newLamps())
		_ = k.Sleep(5 * time.Second)
		for i, step := range []struct {
			text, says string
			wait       time.Duration
		}{
			{"set a tea timer for three minutes", "The timer for tea is set to 3 minutes.", time.Minute},
			{"set a tea timer for five minutes", "The timer for tea is set to 5 minutes.", 0},
			{"set a timer for five minutes", "The timer is set to 5 minutes.", 0},
			{"cancel the tea timer", "That did not work: 2 timers for tea run: say which.", 0},
			{"pause the tea timer", "That did not work: 2 timers for tea run: say which.", 0},
			{"pause the five minute timer", "That did not work: 2 timers of 5 minutes run: say which.", 0},
			{"pause the five minute tea timer", "The timer for tea is paused with 5 minutes left.", time.Minute},
			{"how long is left on the tea timer", "The timer for tea has 1 minute left and the timer for tea is paused with 5 minutes left.", 0},
			{"how long is left on the three minute timer", "The timer for tea has 1 minute left.", 0},
			{"cancel the three minute tea timer", "Timer cancelled.", 0},
			{"undo", "Sorry. It is as it was before.", 0},
			{"cancel the ten minute timer", "That did not work: No timer of 10 minutes is running.", 0},
			{"resume the five minute tea timer", "The timer for tea has 5 minutes left.", 0},
			{"cancel both tea timers", "Timer cancelled.", 0},
			{"how long left", "The timer of 5 minutes has 4 minutes left.", 0},
			{"set a timer for five minutes", "The timer is set to 5 minutes.", 0},
			{"cancel the five minute timer", "That did not work: 2 timers of 5 minutes run: say all of them.", 0},
			{"cancel all timers", "Timer cancelled.", 0},
			{"how long left", "No timer is running.", 0},
		} {
			if a := h.ask(t, k, fmt.Sprint(i), step.text); !strings.EqualFold(a.Speech, step.says) {
				t.Errorf("%s: %q, want %q", step.text, a.Speech, step.says)
			}
			_ = k.Sleep(step.wait)
		}
		h.task.Stop()
	})
}

// TestTimersAreHeardAtTheSpeaker: two rings at once, a paused one none; the chime until somebody says the wake word, and what ended while all was
// off is told late.
func TestTimersAreHeardAtTheSpeaker(t *testing.T) {
	onStage(t, func(k *rt.Task, s *stage) {
		disk := virtual.NewDisk(1 << 24)
		r, _ := responder("local")
		r.Out = rt.NewOut(s.Asks)
		var said []string
		s.spoken = func(text string) *tone {
			said = append(said, text)
			return &tone{level: 300, frames: 50}
		}
		for i := range r.Config.Get().Chimes[node.TimerChime] {
			for j := range play.FrameSamples {
				r.Config.Get().Chimes[node.TimerChime][i][j] = 200
			}
		}
		k.Supervise("responder", 1, r.Run)
		rings := func() int {
			frames := 0
			for _, f := range s.speaker.heard {
				if f[play.FrameSamples/2] == 200 {
					frames++
				}
			}
			s.speaker.heard, s.speaker.times = nil, nil
			return frames / len(r.Config.Get().Chimes[node.TimerChime])
		}
		h := houseTo(k, disk, r.News)
		_ = k.Sleep(5 * time.Second)
		h.ask(t, k, "1", "set a tea timer for one minute and a pasta timer for one minute and a cake timer for one minute")
		h.ask(t, k, "2", "pause the cake timer")
		rings()
		_ = k.Sleep(75 * time.Second)
		r.Wakes.TrySend(k, node.Wake{ID: "w", Listener: "room"})
		_ = k.Sleep(time.Minute)
		if got := rings(); got < 8 || got > 10 {
			t.Errorf("it rang %d times in 15 s and after the wake word", got)
		}
		slices.Sort(said)
		if want := []string{"The timer for pasta has ended.", "The timer for tea has ended."}; !slices.Equal(said, want) {
			t.Errorf("it said %q, want %q", said, want)
		}
		said = nil
		h.ask(t, k, "3", "resume the cake timer")
		h.task.Stop()
		_ = k.Outlast(h.task, k.Now().Add(time.Minute))
		_ = k.Sleep(10 * time.Minute)
		h = houseTo(k, disk, r.News)
		_ = k.Sleep(2 * time.Minute)
		if len(said) != 1 || !strings.HasPrefix(said[0], "The timer for cake ended 9 minutes ") || !strings.HasSuffix(said[0], " ago.") {
			t.Errorf("after it was off it said %q", said)
		}
		if got := rings(); got < 25 || got > 31 {
			t.Errorf("nobody came, and it rang %d times", got)
		}
		h.task.Stop()
	})
}

// houseTo is a house whose events a responder reads.
func houseTo(k *rt.Task, d *virtual.Disk, news *rt.Mailbox[event.Event]) house {
	h := houseOn(k, d, newLamps())
	k.Go("news", func(k *rt.Task) error {
		for {
			e, err := h.events.Recv(k, rt.Never)
			if err != nil {
				return nil
			}
			news.Push(k, e)
		}
	})
	return h
}
