package node_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/appliance/act/sentence"
	"orac/appliance/node"
	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
)

// oracle is a language model that answers what it is told, and counts what it was asked.
type oracle struct {
	answer string
	asked  int
	during func() // while it thinks; nil: nothing happens
}

func (m *oracle) Choose(t *rt.Task, _ act.Question) ([]byte, error) {
	m.asked++
	if m.during != nil {
		m.during()
	}
	return []byte(m.answer), t.Sleep(time.Second)
}

// houseWith is houseOn with a language model, from which it learns.
func houseWith(k *rt.Task, d *virtual.Disk, l *lamps, m *oracle) house {
	asks := rt.NewMailbox[node.ModelAsk]("questions", 8)
	brain := &node.LanguageModel{Name: "language_model.mind", Model: "mind", Asks: asks, Config: rt.NewCell(node.LanguageModelConfig{Client: m, Timeout: 5 * time.Second, Queue: 4})}
	return houseSet(k, d, l, func(c *node.TopicActs) {
		c.Model, c.Ask, c.Learn = "mind", asks, 24*time.Hour
		c.Question = func(*sentence.Choices, string, thread.Thread) act.Question { return act.Question{} }
	}, brain.Run)
}

const turnsOnKitchen = `{"commands":[{"intent":"turn_on","targets":["light.kitchen"]}]}`

// TestWhatIsLearntStaysWhereItWas: an answer that proved right is used again for the same words in the same place, and nowhere else; words
// that refer to what was said before are asked about each time.
func TestWhatIsLearntStaysWhereItWas(t *testing.T) {
	for name, c := range map[string]struct {
		first, then act.Request
		before      string // said in the session in between
		again       bool   // the model is not asked a second time
	}{
		"the same":                  {act.Request{Text: "too dark in here", Area: "kitchen"}, act.Request{Text: "Too dark in here!", Area: "kitchen"}, "", true},
		"the same, elsewhere":       {act.Request{Text: "too dark in here", Area: "kitchen"}, act.Request{Text: "too dark in here", Area: "hall"}, "", false},
		"nobody knows where":        {act.Request{Text: "too dark in here", Area: "kitchen"}, act.Request{Text: "too dark in here"}, "", false},
		"no word of the place":      {act.Request{Text: "make some light", Area: "kitchen"}, act.Request{Text: "make some light", Area: "hall"}, "", false},
		"another's session":         {act.Request{Text: "make some light", Session: "a"}, act.Request{Text: "make some light", Session: "b"}, "", true},
		"it, of nothing":            {act.Request{Text: "make it cosy"}, act.Request{Text: "make it cosy", Session: "b"}, "", true},
		"it, of something else":     {act.Request{Text: "make it cosy"}, act.Request{Text: "make it cosy", Session: "b"}, "turn on the hall lamp", false},
		"there, of something else":  {act.Request{Text: "some light over there"}, act.Request{Text: "some light over there", Session: "b"}, "turn on the hall lamp", false},
		"after something else said": {act.Request{Text: "make some light"}, act.Request{Text: "make some light", Session: "b"}, "turn on the hall lamp", true},
	} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, 1, func(k *rt.Task) {
				m := &oracle{answer: turnsOnKitchen}
				h := houseWith(k, virtual.NewDisk(1<<24), newLamps(), m)
				_ = k.Sleep(5 * time.Second)
				for i, r := range []act.Request{c.first, c.then} {
					r.ID, r.Topic = fmt.Sprint("id", i), "general"
					if i == 1 && c.before != "" {
						if _, err := h.Ask(k, act.Request{Topic: "general", Text: c.before, Session: r.Session}); err != nil {
							t.Error(err)
						}
					}
					if a, err := h.Ask(k, r); err != nil || !a.Verified {
						t.Errorf("%+v, %v", a, err)
					}
				}
				if want := map[bool]int{true: 1, false: 2}[c.again]; m.asked != want {
					t.Errorf("the model was asked %d times", m.asked)
				}
				h.task.Stop()
			})
		})
	}
}

// TestNothingIsLearntForAnotherHome: an answer that was given while the vocabulary changed counts for the one that the model saw.
func TestNothingIsLearntForAnotherHome(t *testing.T) {
	inHouse(t, 1, func(k *rt.Task) {
		m := &oracle{answer: turnsOnKitchen}
		h := houseWith(k, virtual.NewDisk(1<<24), newLamps(), m)
		_ = k.Sleep(5 * time.Second)
		m.during = func() {
			without := *lampHome
			without.Version, without.Entities = "2", without.Entities[:1]
			h.Homes.TrySend(k, node.HomeSeen{Backend: "home", Home: &without})
		}
		h.ask(t, k, "one", "make some light")
		_ = k.Sleep(5 * time.Second)
		m.during, m.answer = nil, `{"commands":[]}`
		if a := h.ask(t, k, "two", "make some light"); a.Reading.Tier == act.Learnt || a.Executed {
			t.Errorf("a lamp that is no longer admitted was commanded: %+v", a)
		}
		h.task.Stop()
	})
}

// TestEveryCutOfACommand: the power fails right before and right after each change of the disk while a command is carried out, and what
// was not synced is torn. Sent again, it makes no second call, and what nobody knows is told as that.
func TestEveryCutOfACommand(t *testing.T) {
	seeds := rand.New(rand.NewPCG(3, 4))
	first := 0 // change of the disk that the command makes; package journal tests those of the start
	inHouse(t, 1, func(k *rt.Task) {
		d := virtual.NewDisk(1 << 24)
		h := houseOn(k, d, newLamps())
		_ = k.Sleep(5 * time.Second)
		first = d.Changes() + 1
		h.task.Stop()
	})
	for at, most := first, first+100; at <= most; at++ {
		for _, after := range []bool{false, true} {
			d, l := virtual.NewDisk(1<<24), newLamps()
			world := virtual.New(1, time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), nil)
			cut := false
			d.CrashAt(at, after, func() { cut = true; world.Halt() })
			told := act.Answer{}
			rt.New(world, "test", func(k *rt.Task) error {
				h := houseOn(k, d, l)
				_ = k.Sleep(5 * time.Second)
				told, _ = h.Ask(k, act.Request{ID: "id", Topic: "general", Text: texts[0]})
				h.task.Stop()
				return nil
			})
			world.Run(rt.Instant(time.Minute))
			world.Close()
			if most = at + 1; !cut {
				if most = at; at < first+8 {
					t.Errorf("the command makes only %d changes", at-first)
				}
			}
			d.TornPowerLoss(seeds)
			made := len(l.calls)
			inHouse(t, 1, func(k *rt.Task) {
				h := houseOn(k, d, l)
				_ = k.Sleep(5 * time.Second)
				a := h.ask(t, k, "id", texts[0])
				if len(l.calls) > 1 || made == 1 && !a.Repeated {
					t.Errorf("change %d, after %v: %d calls, before the cut %d: %+v", at, after, len(l.calls), made, a)
				}
				if told.Verified && !a.Verified {
					t.Errorf("change %d, after %v: it was told as done, and now %+v", at, after, a)
				}
				if a.Verified && len(l.calls) == 0 || a.Reason == "" && !a.Verified {
					t.Errorf("change %d, after %v: %+v", at, after, a)
				}
				h.task.Stop()
			})
		}
	}
}

// TestOneRequestTwiceAtOnce: both are told the same, and one call is made, from however many sides it comes.
func TestOneRequestTwiceAtOnce(t *testing.T) {
	inHouse(t, 1, func(k *rt.Task) {
		l := newLamps()
		l.takes = time.Second
		h := houseOn(k, virtual.NewDisk(1<<24), l)
		_ = k.Sleep(5 * time.Second)
		got := rt.NewMailbox[string]("got", 16)
		for i := range 6 {
			k.Go(fmt.Sprint("client ", i), func(k *rt.Task) error {
				_ = k.Sleep(time.Duration(i) * 300 * time.Millisecond) // also while it is carried out, and after
				a, err := h.Ask(k, act.Request{ID: "one", Topic: "general", Text: texts[0], Session: "s"})
				got.TrySend(k, fmt.Sprint(a.Verified, err != nil))
				return nil
			})
		}
		_ = k.Sleep(time.Minute)
		var list []string
		for s, ok := got.TryRecv(k); ok; s, ok = got.TryRecv(k) {
			list = append(list, s)
		}
		if len(l.calls) != 1 || len(list) != 6 || slices.ContainsFunc(list, func(s string) bool { return s != "true false" && s != "false true" }) || !slices.Contains(list, "true false") {
			t.Errorf("%d calls, %q", len(l.calls), list)
		}
		h.task.Stop()
	})
}

// TestClocksThatJump: a command is carried out within its time after it was spoken, and never because a clock says what cannot be.
func TestClocksThatJump(t *testing.T) {
	for name, c := range map[string]struct {
		jump   time.Duration // between the last word and the request
		waits  time.Duration // really
		undone bool
	}{
		"no jump":                {0, time.Second, false},
		"no jump, and late":      {0, time.Minute, true},
		"forwards by an hour":    {time.Hour, time.Second, true}, // nobody can tell it from a late one
		"forwards a little":      {10 * time.Second, time.Second, false},
		"backwards by an hour":   {-time.Hour, time.Second, true},
		"backwards, and late":    {-time.Hour, time.Minute, true},
		"a battery that is flat": {-50 * 365 * 24 * time.Hour, time.Second, true},
		"backwards a little":     {-500 * time.Millisecond, 200 * time.Millisecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			world := virtual.New(1, time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), nil)
			defer world.Close()
			root := rt.New(world, "test", func(k *rt.Task) error {
				l := newLamps()
				h := houseOn(k, virtual.NewDisk(1<<24), l)
				_ = k.Sleep(5 * time.Second)
				client := &node.TopicClient{Topic: "general", Asks: h.Asks, Patience: time.Minute}
				x := notify.Command{ID: "evt-1", Topic: "general", Text: texts[0], End: k.Wall(), Done: k.Wall()}
				_ = k.Sleep(c.waits)
				world.JumpWall(c.jump)
				if err := client.Generate(k, x, nil); err != nil {
					t.Error(err)
				}
				if (len(l.calls) == 0) != c.undone {
					t.Errorf("%q", l.calls)
				}
				h.task.Stop()
				return nil
			})
			world.Run(rt.Instant(time.Hour))
			if err := root.Err(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestAClockThatJumpsWhileItWaits: how long a command has waited in the line is counted by a clock that nobody sets.
func TestAClockThatJumpsWhileItWaits(t *testing.T) {
	for _, jump := range []time.Duration{-time.Hour, 0, time.Hour} {
		world := virtual.New(1, time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), nil)
		root := rt.New(world, "test", func(k *rt.Task) error {
			l := newLamps()
			l.takes = 9 * time.Second
			h := houseOn(k, virtual.NewDisk(1<<24), l)
			_ = k.Sleep(5 * time.Second)
			for i := range 5 { // the last would be carried out after 36 s
				k.Go(fmt.Sprint("client ", i), func(k *rt.Task) error {
					_, err := h.Ask(k, act.Request{ID: fmt.Sprint(i), Topic: "general", Text: texts[0], From: fmt.Sprint(i)})
					if late := i == 4; (err != nil) != late {
						t.Errorf("jump %v: request %d: %v", jump, i, err)
					}
					return nil
				})
				_ = k.Sleep(10 * time.Millisecond)
			}
			world.JumpWall(jump)
			_ = k.Sleep(2 * time.Minute)
			h.task.Stop()
			return nil
		})
		world.Run(rt.Instant(time.Hour))
		if err := root.Err(); err != nil {
			t.Fatal(err)
		}
		world.Close()
	}
}

// TestATextThatIsTooLong is refused: half of what was said may mean the opposite.
func TestATextThatIsTooLong(t *testing.T) {
	inHouse(t, 1, func(k *rt.Task) {
		l := newLamps()
		h := houseOn(k, virtual.NewDisk(1<<24), l)
		_ = k.Sleep(5 * time.Second)
		client := &node.TopicClient{Topic: "general", Asks: h.Asks, Patience: time.Minute}
		err := client.Generate(k, notify.Command{ID: "evt-1", Topic: "general", Text: texts[0] + strings.Repeat(" ", act.MaxText) + " not", End: k.Wall(), Done: k.Wall()}, nil)
		if e, ok := err.(*wire.Error); !ok || e.Kind != wire.Refused || len(l.calls) > 0 {
			t.Errorf("%v, %q", err, l.calls)
		}
		h.task.Stop()
	})
}

// TestAnApplyDuringACommand: the settings change while a backend works. The command ends as it began, and the next one obeys the new ones.
func TestAnApplyDuringACommand(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*node.TopicActs)
		second string // what the next command comes to
	}{
		"the topic is switched off": {func(c *node.TopicActs) { c.Enabled = false }, "error"},
		"the backend is taken away": {func(c *node.TopicActs) { c.Reach, c.Homes = nil, nil }, "not done"},
		"the time is shorter":       {func(c *node.TopicActs) { c.Timeout = 100 * time.Millisecond }, "not done"},
		"nothing that matters":      {func(c *node.TopicActs) { c.Queue = 9 }, "done"},
	} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, 1, func(k *rt.Task) {
				l := newLamps()
				l.takes = 2 * time.Second
				h := houseOn(k, virtual.NewDisk(1<<24), l)
				_ = k.Sleep(5 * time.Second)
				k.Go("apply", func(k *rt.Task) error {
					_ = k.Sleep(time.Second)
					fresh := h.Config.Get()
					c.change(&fresh)
					h.Config.Take(rt.NewCell(fresh))
					return nil
				})
				if a := h.ask(t, k, "one", texts[0]); !a.Verified || len(l.calls) != 1 {
					t.Errorf("%+v, %q", a, l.calls)
				}
				_ = k.Sleep(5 * time.Second)
				a, err := h.Ask(k, act.Request{ID: "two", Topic: "general", Text: texts[1], Session: "s"})
				got := "not done"
				switch {
				case err != nil:
					got = "error"
				case a.Verified:
					got = "done"
				}
				if got != c.second || !a.Verified && len(a.Outcomes) > 0 && a.Reason == "" {
					t.Errorf("%s: %+v, %v", got, a, err)
				}
				h.task.Stop()
			})
		})
	}
}
