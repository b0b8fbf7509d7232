package reconcile_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"orac/appliance/reconcile"
	"orac/appliance/rt"
)

var policy = reconcile.Policy{StopDeadline: 2 * time.Second, LeakBudget: 3}

// world is a model of instances: some end when told, some never.
type world struct {
	now     rt.Instant
	want    []reconcile.Want
	have    []reconcile.Have
	gen     rt.Generation
	touched map[string]int // actions on an address since the last change
	reexec  bool
}

func (w *world) current(address string) *reconcile.Have {
	for i := range w.have {
		if w.have[i].Address == address && w.have[i].State != reconcile.Leaked {
			return &w.have[i]
		}
	}
	return nil
}

// step does what reconcile says, and checks what must never be.
func (w *world) step(t *rapid.T) (next rt.Instant, busy bool) {
	actions, next := reconcile.Reconcile(policy, w.want, w.have, w.now)
	for _, a := range actions {
		w.touched[a.Address]++
		h := w.current(a.Address)
		switch a.Do {
		case reconcile.Reexec:
			w.reexec, w.have = true, nil
		case reconcile.Start:
			want := w.want[slices.IndexFunc(w.want, func(x reconcile.Want) bool { return x.Address == a.Address })]
			if h != nil && (h.State == reconcile.Running || h.State == reconcile.Stopping) {
				t.Fatalf("%s is started while it is %s", a.Address, h.State)
			}
			w.gen++
			fresh := reconcile.Have{Address: a.Address, Spec: want.Spec, Claim: want.Claim, Generation: w.gen, State: reconcile.Running, Since: w.now}
			if h != nil {
				*h = fresh
			} else {
				w.have = append(w.have, fresh)
			}
		case reconcile.Stop:
			h.State, h.Since = reconcile.Stopping, w.now
		case reconcile.Abandon:
			h.State, h.Since = reconcile.Leaked, w.now
		case reconcile.Forget:
			w.have = slices.DeleteFunc(w.have, func(x reconcile.Have) bool { return x.Address == a.Address && x.State != reconcile.Leaked })
		}
		w.check(t)
	}
	return next, len(actions) > 0
}

func (w *world) check(t *rapid.T) {
	holders := map[string]string{}
	for _, h := range w.have {
		if h.Claim == "" || h.State == reconcile.Waiting || h.State == reconcile.Finished {
			continue
		}
		if other, ok := holders[h.Claim]; ok {
			t.Fatalf("%s and %s both hold %s", other, h.Address, h.Claim)
		}
		holders[h.Claim] = fmt.Sprint(h.Address, " ", h.Generation)
	}
}

// wants draws what shall run: nodes with specs, some with a claim of their own or of another.
func wants(t *rapid.T) (list []reconcile.Want) {
	for i := range 5 {
		if rapid.Bool().Draw(t, "wanted") {
			w := reconcile.Want{Address: fmt.Sprint("node", i), Spec: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "spec")}
			if i < 3 {
				w.Claim = rapid.SampledFrom([]string{"", "usb", "hall"}).Draw(t, "claim")
			}
			list = append(list, w)
		}
	}
	return list
}

func TestReconcile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{touched: map[string]int{}}
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			switch rapid.SampledFrom([]string{"want", "end", "fail", "time", "leak ends"}).Draw(t, "event") {
			case "want":
				w.want = wants(t)
			case "end", "fail":
				if len(w.have) == 0 {
					continue
				}
				h := &w.have[rapid.IntRange(0, len(w.have)-1).Draw(t, "which")]
				switch h.State {
				case reconcile.Running:
					h.State, h.Since, h.Until = reconcile.Waiting, w.now, w.now.Add(time.Second)
				case reconcile.Stopping:
					*h = reconcile.Have{Address: h.Address, State: reconcile.Waiting, Since: w.now, Until: w.now}
				}
			case "leak ends":
				w.have = slices.DeleteFunc(w.have, func(h reconcile.Have) bool { return h.State == reconcile.Leaked })
			case "time":
				w.now = w.now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			}
			w.step(t)
		}
		w.settle(t)
		if w.reexec {
			return // a new process starts from nothing
		}
		// Converged: what is wanted runs, unless two want the same device or a leaked instance holds it; nothing else runs.
		for _, x := range w.want {
			h := w.current(x.Address)
			rival := slices.ContainsFunc(w.have, func(o reconcile.Have) bool {
				return x.Claim != "" && o.Claim == x.Claim && (o.Address != x.Address || o.State == reconcile.Leaked)
			})
			if !rival && (h == nil || h.State != reconcile.Running || h.Spec != x.Spec || h.Claim != x.Claim) {
				t.Fatalf("%+v does not run: %+v", x, w.have)
			}
		}
		for _, h := range w.have {
			if h.State == reconcile.Running && !slices.ContainsFunc(w.want, func(x reconcile.Want) bool { return x.Address == h.Address }) {
				t.Fatalf("%s runs and is not wanted", h.Address)
			}
		}
		// What did not change is not touched again.
		w.touched = map[string]int{}
		w.now = w.now.Add(time.Hour)
		w.step(t)
		if len(w.touched) != 0 {
			t.Fatalf("touched without a change: %v", w.touched)
		}
	})
}

// settle lets every instance that is told to stop end, and time pass, until nothing is left to do.
func (w *world) settle(t *rapid.T) {
	for range 200 {
		next, busy := w.step(t)
		stopping := false
		for i := range w.have {
			if w.have[i].State == reconcile.Stopping {
				stopping = true
				w.have[i] = reconcile.Have{Address: w.have[i].Address, State: reconcile.Waiting, Since: w.now, Until: w.now}
			}
		}
		if !busy && !stopping && next == rt.Never {
			return
		}
		if next != rt.Never {
			w.now = max(w.now, next)
		}
	}
	t.Fatalf("it does not settle: %+v for %+v", w.have, w.want)
}

func TestALeakedInstanceKeepsItsClaim(t *testing.T) {
	want := []reconcile.Want{{Address: "source.b", Claim: "usb"}}
	have := []reconcile.Have{{Address: "source.a", Claim: "usb", State: reconcile.Leaked}}
	if actions, _ := reconcile.Reconcile(policy, want, have, 0); len(actions) != 0 {
		t.Errorf("%v", actions)
	}
	for range 3 {
		have = append(have, reconcile.Have{Address: "source.a", State: reconcile.Leaked})
	}
	if actions, _ := reconcile.Reconcile(policy, want, have, 0); len(actions) != 1 || actions[0].Do != reconcile.Reexec {
		t.Errorf("over its budget of leaks: %v", actions)
	}
}

func TestBackoff(t *testing.T) {
	var b reconcile.Backoff
	now := rt.Instant(0)
	var pauses []time.Duration
	for range 9 {
		p := b.Failed(now, now)
		pauses = append(pauses, p)
		now = now.Add(p)
	}
	const ms = time.Millisecond
	want := []time.Duration{100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 6400 * ms, 10000 * ms, 10000 * ms}
	if !slices.Equal(pauses, want) {
		t.Errorf("%v", pauses)
	}
	if p := b.Failed(now, now.Add(4*time.Minute)); p != 3200*ms { // nine failures less four
		t.Errorf("after four good minutes: %v", p)
	}
	if p := b.Failed(now, now.Add(time.Hour)); p != 100*ms {
		t.Errorf("after a good hour: %v", p)
	}
}
