package node_test

import (
	"strings"
	"testing"
	"time"

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
