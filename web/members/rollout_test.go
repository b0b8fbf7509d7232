package members

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"orac/appliance/health"
	"orac/appliance/rollout"
	"orac/runbook/language"
)

func sortedStrings(list []string) []string {
	slices.Sort(list)
	return list
}

// TestAPush: what goes wrong at which member, and what the push makes of it. Each is carried out at three members; the canary is attic.
func TestAPush(t *testing.T) {
	for name, c := range map[string]struct {
		set     func(r *rig)
		ask     rollout.Ask
		want    string
		why     string
		planned bool // the plan already says so
	}{
		"all is well":               {want: "done; attic: done, cellar: done, kitchen: done"},
		"the canary is another":     {ask: rollout.Ask{Canary: "cellar"}, want: "done; cellar: done, attic: done, kitchen: done"},
		"only some":                 {ask: rollout.Ask{Members: []string{"kitchen"}}, want: "done; kitchen: done"},
		"side by side":              {ask: rollout.Ask{Parallel: 8}, want: "done; attic: done, cellar: done, kitchen: done"},
		"it answers late":           {set: each(func(m *model) { m.late = 8 * time.Second }), want: "done; attic: done, cellar: done, kitchen: done"},
		"away, and not the canary":  {set: one("cellar", func(m *model) { m.off = true }), want: "done; attic: done, cellar: pending, kitchen: done"},
		"the canary is away":        {set: one("attic", func(m *model) { m.off = true }), planned: true, why: "attic, which would be the first, is away"},
		"a plan is blocked":         {set: one("kitchen", func(m *model) { m.blocks = "trigger is blocked" }), planned: true, why: "kitchen: trigger is blocked"},
		"the canary refuses":        {set: one("attic", func(m *model) { m.refuses = "No." }), want: "stopped; attic: failed, cellar: not reached, kitchen: not reached", why: "attic: No."},
		"the canary falls ill":      {set: one("attic", func(m *model) { m.breaks = true }), want: "stopped; attic: unhealthy, cellar: not reached, kitchen: not reached", why: "attic: it is unhealthy: because"},
		"the second falls ill":      {set: one("cellar", func(m *model) { m.breaks = true }), want: "stopped; attic: done, cellar: unhealthy, kitchen: not reached", why: "cellar: it is unhealthy"},
		"it was ill before":         {set: one("attic", func(m *model) { m.level = health.Unhealthy }), want: "done; attic: done, cellar: done, kitchen: done"},
		"its answer is lost":        {set: one("cellar", func(m *model) { m.lose = true }), want: "done; attic: done, cellar: done, kitchen: done"},
		"it restarts in the middle": {set: one("cellar", func(m *model) { m.dies = true }), want: "stopped; attic: done, cellar: failed, kitchen: not reached", why: "it restarted in the middle"},
		"it hangs":                  {set: one("cellar", func(m *model) { m.hangs = true }), want: "stopped; attic: done, cellar: unknown, kitchen: not reached", why: "nobody knows"},
		"somebody changes it meanwhile": {
			set:  one("cellar", func(m *model) { m.foreign = func() { m.set(func() { m.text += "# mine\n" }) } }),
			want: "stopped; attic: done, cellar: failed, kitchen: not reached", why: "Somebody else changed",
		},
		"it restarts": {ask: rollout.Ask{Command: &rollout.Command{Do: rollout.Restart}}, want: "done; attic: done, cellar: done, kitchen: done"},
		"it restarts, and is ill": {
			ask: rollout.Ask{Command: &rollout.Command{Do: rollout.Restart}}, set: one("attic", func(m *model) { m.breaks = true }),
			want: "stopped; attic: unhealthy, cellar: not reached, kitchen: not reached", why: "it is unhealthy",
		},
		"muted":           {ask: rollout.Ask{Command: &rollout.Command{Do: rollout.Mute, Seconds: 3600}}, want: "done; attic: done, cellar: done, kitchen: done"},
		"mute is refused": {ask: rollout.Ask{Command: &rollout.Command{Do: rollout.Mute, Seconds: 3600}}, set: one("attic", func(m *model) { m.refuses = "No." }), want: "stopped; attic: failed, cellar: not reached, kitchen: not reached"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, folder(t), "attic", "cellar", "kitchen")
				defer r.run()()
				if c.set != nil {
					c.set(r)
				}
				if c.ask.Command == nil {
					c.ask.Set = threshold.Set
				}
				if c.planned {
					p, err := r.Plan(t.Context(), c.ask, "anna")
					if err != nil || !strings.Contains(p.Why, c.why) {
						t.Fatalf("%+v, %v", p, err)
					}
					if _, err := r.Start(p.ID, "anna"); err == nil {
						t.Error("it begins although its plan says that it cannot")
					}
					for name, m := range r.models {
						if len(m.applied) > 0 {
							t.Error(name, "was changed")
						}
					}
					return
				}
				p := r.push(c.ask)
				if stages(p) != c.want || !strings.Contains(p.Why, c.why) {
					t.Errorf("%s (%s), want %s (%s)", stages(p), p.Why, c.want, c.why)
				}
				for _, s := range p.Steps {
					m := r.models[s.Member]
					if len(m.applied) > 1 || len(m.commands) > 1 {
						t.Errorf("%s was changed more than once", s.Member)
					}
					if s.Stage == rollout.Done && c.ask.Command == nil && (len(m.applied) != 1 || !strings.Contains(m.text, "threshold = 0.6") || language.TextHash(m.text) != s.Hash) {
						t.Errorf("%s is done and runs %s", s.Member, m.text)
					}
					if (s.Stage == rollout.Untouched || s.Stage == rollout.Pending) && len(m.applied)+len(m.commands) > 0 {
						t.Errorf("%s was changed", s.Member)
					}
				}
			})
		})
	}
}

func one(name string, change func(*model)) func(*rig) {
	return func(r *rig) { r.models[name].set(func() { change(r.models[name]) }) }
}

func each(change func(*model)) func(*rig) {
	return func(r *rig) {
		for _, m := range r.models {
			change(m)
		}
	}
}

// TestTheOneWhoHadItPushed: members are asked in the name of whoever started it.
func TestTheOneWhoHadItPushed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, folder(t), "attic")
		defer r.run()()
		r.push(threshold)
		r.models["attic"].set(func() {
			if by := r.models["attic"].by; !slices.Contains(by, "anna") {
				t.Error(by)
			}
		})
		if s, _ := r.Member("attic"); s.Busy != "" {
			t.Error("it is still busy:", s.Busy)
		}
	})
}

// TestAMemberThatComesBack: a change that it has missed is never made later by itself.
func TestAMemberThatComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, folder(t), "attic", "cellar")
		defer r.run()()
		one("cellar", func(m *model) { m.off = true })(r)
		time.Sleep(time.Minute)
		if s, _ := r.Member("cellar"); s.Presence != Gone || !r.heard("cellar is not here (away)") {
			t.Fatalf("%+v %v", s, r.told)
		}
		if p := r.push(threshold); stages(p) != "done; attic: done, cellar: pending" {
			t.Fatal(stages(p))
		}
		one("cellar", func(m *model) { m.off = false })(r)
		time.Sleep(time.Hour)
		if s, _ := r.Member("cellar"); s.Presence != Here || !r.heard("cellar answers again") || len(r.models["cellar"].applied) > 0 {
			t.Errorf("%+v %v", s, r.told)
		}
		if p := r.push(threshold); stages(p) != "done; attic: nothing to do, cellar: done" {
			t.Error(stages(p))
		}
	})
}

// TestAPushIsUndone: those that were changed run again what they ran before, the last first; one that somebody has changed since stays.
func TestAPushIsUndone(t *testing.T) {
	for name, foreign := range map[string]bool{"all": false, "one was changed since": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, folder(t), "attic", "cellar", "kitchen")
				defer r.run()()
				one("cellar", func(m *model) { m.breaks = true })(r)
				p := r.push(threshold)
				if !p.Undo {
					t.Fatalf("%s cannot be undone", stages(p))
				}
				if foreign {
					one("attic", func(m *model) { m.text += "# mine\n"; m.runs = m.text; m.gen++ })(r)
				}
				if _, err := r.Undo("another", "anna"); !errors.Is(err, rollout.ErrNone) {
					t.Error("another push:", err)
				}
				if _, err := r.Undo(p.ID, "anna"); err != nil {
					t.Fatal(err)
				}
				p = r.over()
				want := "undone; attic: undone, cellar: undone, kitchen: not reached"
				if foreign {
					want = "stopped; attic: done, cellar: undone, kitchen: not reached"
				}
				if stages(p) != want {
					t.Error(stages(p), p.Why)
				}
				for name, m := range r.models {
					if !(foreign && name == "attic") && m.text != bookOf(name) {
						t.Errorf("%s runs %s", name, m.text)
					}
				}
			})
		})
	}
}

// TestOnePushAtATime, and a plan is carried out once.
func TestOnePushAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, folder(t), "attic", "cellar")
		defer r.run()()
		a, err1 := r.Plan(t.Context(), threshold, "anna")
		b, err2 := r.Plan(t.Context(), rollout.Ask{Command: &rollout.Command{Do: rollout.Restart}}, "anna")
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Start(a.ID, "anna"); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Start(b.ID, "anna"); !errors.Is(err, rollout.ErrBusy) {
			t.Error("a second one begins:", err)
		}
		if _, err := r.Undo(a.ID, "anna"); !errors.Is(err, rollout.ErrBusy) {
			t.Error("it is undone in the middle:", err)
		}
		r.over()
		if _, err := r.Start(a.ID, "anna"); !errors.Is(err, rollout.ErrNoPlan) {
			t.Error("it is carried out twice:", err)
		}
		time.Sleep(time.Hour + time.Second)
		if _, err := r.Start(b.ID, "anna"); !errors.Is(err, rollout.ErrNoPlan) {
			t.Error("an old plan is carried out:", err)
		}
	})
}

// TestAPushIsStopped: the member that is being changed is waited for, and no other is changed.
func TestAPushIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, folder(t), "attic", "cellar")
		defer r.run()()
		p, err := r.Plan(t.Context(), threshold, "anna")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Start(p.ID, "anna"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(500 * time.Millisecond)
		if s, _ := r.Member("attic"); s.Busy != string(rollout.Changing) {
			t.Errorf("%+v", s)
		}
		if _, err := r.Stop(); err != nil {
			t.Fatal(err)
		}
		if p := r.over(); stages(p) != "stopped; attic: done, cellar: not reached" || !p.Undo {
			t.Error(stages(p))
		}
		if _, err := r.Stop(); err == nil {
			t.Error("nothing is stopped")
		}
	})
}

// TestTheCentreIsKilled at any moment of a push: the next start says how far it came, changes nothing by itself, and can undo what is
// known to be changed.
func TestTheCentreIsKilled(t *testing.T) {
	for _, after := range []time.Duration{500 * time.Millisecond, 3 * time.Second, 7500 * time.Millisecond, 11 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, folder(t), "attic", "cellar", "kitchen")
				stop := r.run()
				p, err := r.Plan(t.Context(), threshold, "anna")
				if err != nil {
					t.Fatal(err)
				}
				if _, err := r.Start(p.ID, "anna"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(after)
				stop()
				r.open()
				stop = r.run()
				defer stop()
				before := map[string]int{}
				for name, m := range r.models {
					before[name] = len(m.applied)
				}
				p = r.Last()
				if p.State != rollout.Interrupted {
					t.Fatal(stages(p))
				}
				for _, s := range p.Steps {
					changed := len(r.models[s.Member].applied) > 0
					switch {
					case s.Stage == rollout.Untouched && changed, s.Stage.Changed() && !changed, s.Stage == rollout.Changing, s.Stage == rollout.Checking, s.Stage == rollout.Ready:
						t.Errorf("%s, and it was changed: %v", stages(p), changed)
					}
				}
				time.Sleep(time.Hour)
				for name, m := range r.models {
					if len(m.applied) != before[name] {
						t.Error("it goes on by itself at", name)
					}
				}
				if !p.Undo {
					return
				}
				if _, err := r.Undo(p.ID, "bert"); err != nil {
					t.Fatal(err)
				}
				for _, s := range r.over().Steps {
					if s.Stage == rollout.Undone && r.models[s.Member].text != bookOf(s.Member) {
						t.Errorf("%s is undone and runs %s", s.Member, r.models[s.Member].text)
					}
				}
			})
		})
	}
}

// TestAnIssuerForAWhile: a push under way when the appliance stops being an issuer is interrupted, and the next one begins once it is one
// again. Nothing is restarted meanwhile.
func TestAnIssuerForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, folder(t), "attic", "cellar")
		stop := r.run()
		p, err := r.Plan(t.Context(), threshold, "anna")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Start(p.ID, "anna"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(500 * time.Millisecond)
		stop()
		if p := r.Last(); stages(p) != "interrupted; attic: unknown, cellar: not reached" || r.Active() {
			t.Error(stages(p))
		}
		defer r.run()()
		if p := r.push(rollout.Ask{Command: &rollout.Command{Do: rollout.Mute, Seconds: 60}}); p.State != rollout.Over {
			t.Error(stages(p))
		}
	})
}

// TestWhatIsAskedFor: what cannot be meant is refused before anybody is asked.
func TestWhatIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, folder(t), "attic")
		defer r.run()()
		for name, ask := range map[string]rollout.Ask{
			"nothing":         {},
			"two things":      {Source: "x", Set: threshold.Set},
			"nobody":          {Members: []string{"nobody"}, Set: threshold.Set},
			"a far canary":    {Canary: "nobody", Set: threshold.Set},
			"a command":       {Command: &rollout.Command{Do: "burn"}},
			"mute for ever":   {Command: &rollout.Command{Do: rollout.Mute, Seconds: 1 << 30}},
			"mute for 0":      {Command: &rollout.Command{Do: rollout.Mute}},
			"many at a time":  {Parallel: 9, Set: threshold.Set},
			"many settings":   {Set: make([]rollout.Setting, rollout.MaxSettings+1)},
			"a large runbook": {Source: strings.Repeat("x", 1<<20)},
		} {
			if p, err := r.Plan(t.Context(), ask, "anna"); err == nil || errors.As(err, new(*rollout.Cannot)) == false {
				t.Errorf("%s: %+v, %v", name, p, err)
			}
		}
		for name, c := range map[string]struct{ source, why string }{
			"no trust":         {`appliance "attic" {}`, "would not trust this issuer"},
			"another issuer":   {strings.Replace(bookOf("attic"), issuer, "https://evil.test", 1), "would trust https://evil.test"},
			"another name":     {bookOf("kitchen"), `call itself "kitchen"`},
			"another audience": {strings.Replace(bookOf("attic"), "role ", "audience = \"cellar\"\n    role ", 1), `call itself "cellar"`},
			"no runbook":       {"appliance {", "cannot be read"},
		} {
			p, err := r.Plan(t.Context(), rollout.Ask{Source: c.source}, "anna")
			if err != nil || !strings.Contains(p.Why, c.why) {
				t.Errorf("%s: %+v, %v", name, p, err)
			}
		}
		if p, err := r.Plan(t.Context(), rollout.Ask{Source: bookOf("attic") + "# more\n"}, "anna"); err != nil || p.Why != "" {
			t.Errorf("%+v, %v", p, err)
		}
	})
}

// TestAnyHouse: whatever goes wrong at whichever members, each is changed at most once and only to the text that was shown, none is
// changed beside the canary before that is well, and after the first that is not well at most those begin that were under way.
func TestAnyHouse(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var seen []string
		faults := []string{"", "", "", "off", "lose", "dies", "breaks", "refuses", "foreign", "late"}
		n := rapid.IntRange(1, 5).Draw(rt, "members")
		parallel := rapid.IntRange(1, 3).Draw(rt, "parallel")
		var picked []string
		for i := range n {
			picked = append(picked, rapid.SampledFrom(faults).Draw(rt, fmt.Sprint("fault ", i)))
		}
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, folder(t))
			r.memory = true
			for i, f := range picked {
				name := fmt.Sprint("m", i)
				m := newModel(name)
				r.models[name] = m
				m.off, m.lose, m.dies, m.breaks = f == "off", f == "lose", f == "dies", f == "breaks"
				if f == "refuses" {
					m.refuses = "No."
				}
				if f == "foreign" {
					m.foreign = func() { m.set(func() { m.text += "# mine\n" }) }
				}
				if f == "late" {
					m.late = 9 * time.Second
				}
			}
			r.open()
			defer r.run()()
			p, err := r.Plan(t.Context(), rollout.Ask{Set: threshold.Set, Parallel: parallel}, "anna")
			if err != nil {
				seen = append(seen, err.Error())
				return
			}
			if p, err = r.Start(p.ID, "anna"); err != nil {
				if picked[0] != "off" {
					seen = append(seen, err.Error())
				}
				return
			}
			p = r.over()
			bad := 0
			for i, s := range p.Steps {
				m := r.models[s.Member]
				changed := len(m.applied) == 1
				if len(m.applied) > 1 || changed && language.TextHash(m.applied[0]) != s.Hash {
					seen = append(seen, s.Member+" has got something else")
				}
				want := map[string]rollout.Stage{"": rollout.Done, "late": rollout.Done, "lose": rollout.Done, "off": rollout.Pending, "dies": rollout.Failed, "refuses": rollout.Failed, "foreign": rollout.Failed, "breaks": rollout.Unhealthy}[picked[i]]
				if s.Stage != want && s.Stage != rollout.Untouched {
					seen = append(seen, fmt.Sprintf("%s with %q: %s, want %s", s.Member, picked[i], s.Stage, want))
				}
				if s.Stage == rollout.Failed || s.Stage == rollout.Unhealthy {
					bad++
				}
				if changed != s.Stage.Changed() {
					seen = append(seen, fmt.Sprintf("%s: %s, and changed is %v", s.Member, s.Stage, changed))
				}
			}
			if bad > parallel || (bad > 0) != (p.State == rollout.Stopped) || p.Steps[0].Stage != rollout.Done && bad > 1 {
				seen = append(seen, stages(p))
			}
		})
		if len(seen) > 0 {
			rt.Fatal(picked, seen)
		}
	})
}
