package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"orac/chaos"
)

const (
	// warmApplies and warmPlans are how many times something is done before its use of memory counts. The memory that starting
	// needed is returned 3 s after it, so that the heap first grows again to what the collector allows: measured over some 100
	// plans.
	warmApplies, warmPlans = 10, 100
	// flatBytes is how much the resident memory may grow after that.
	flatBytes = 2 << 20
	// flatCount is how much the number of threads, descriptors or goroutines may grow: some come and go with a request.
	flatCount = 4
)

// usage is what a process used, measured each time something was done.
type usage []chaos.Usage

// around returns the median of a number over some measurements: the garbage collector makes single values vary.
func around(list []chaos.Usage, f func(chaos.Usage) int64) int64 {
	values := make([]int64, len(list))
	for i, u := range list {
		values[i] = f(u)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// flat compares the last tenth of the measurements, but at least ten, with as many after the warm-up.
func (u usage) flat(b *bench, warm int) error {
	n := max(10, len(u)/10)
	early, late := u[warm:warm+n], u[len(u)-n:]
	for _, x := range []struct {
		what string
		most int64
		of   func(chaos.Usage) int64
	}{
		{"bytes of memory", flatBytes, func(u chaos.Usage) int64 { return u.Resident }},
		{"threads", flatCount, func(u chaos.Usage) int64 { return int64(u.Threads) }},
		{"children", 0, func(u chaos.Usage) int64 { return int64(u.Children) }},
	} {
		was, is := around(early, x.of), around(late, x.of)
		if x.what == "bytes of memory" {
			b.note("memory %.1f MB, then %.1f MB", float64(was)/1e6, float64(is)/1e6)
		}
		if is-was > x.most {
			return fmt.Errorf("%d %s after %d times; %d after %d", is, x.what, len(u), was, warm)
		}
	}
	return nil
}

// fewest are the descriptors of the measurement with the fewest of them, after the warm-up.
func (u usage) fewest(warm int) []string {
	return slices.MinFunc(u[warm:], func(a, b chaos.Usage) int { return cmp.Compare(len(a.Descriptors), len(b.Descriptors)) }).Descriptors
}

// surplus tells whether descriptors are more than there were before, apart from flatCount, and names the new ones.
func surplus(had, has []string) error {
	if len(has)-len(had) <= flatCount {
		return nil
	}
	more := slices.DeleteFunc(slices.Clone(has), func(target string) bool { return slices.Contains(had, target) })
	return fmt.Errorf("%d descriptors; %d before; the new ones are of %s", len(has), len(had), strings.Join(more, ", "))
}

// closed waits until the appliance has as few descriptors as it had. It closes them soon after a client or a delivery has ended;
// on a busy machine that takes longer.
func (b *bench) closed(had []string) error {
	for until := time.Now().Add(patience); ; {
		u, err := b.orac.Usage()
		if err != nil {
			return err
		}
		if err := surplus(had, u.Descriptors); err == nil || time.Now().After(until) {
			return err
		}
		if err := b.wait(time.Now().Add(100 * time.Millisecond)); err != nil {
			return err
		}
	}
}

// appliesUnderLoad changes a threshold again and again while commands are spoken. Nothing may leak, no frame may be lost, and
// every command must be understood.
func appliesUnderLoad(b *bench) error {
	times := 40
	if b.all {
		times = 200
	}
	w, err := b.watch()
	if err != nil {
		return err
	}
	// Plans bring the heap to where the collector holds it far sooner than changes do.
	for i := range warmPlans {
		if _, err := b.Plan(b.ctx); err != nil {
			return fmt.Errorf("plan %d: %w", i+1, err)
		}
	}
	before, spoken := len(b.STT.Answered()), 0
	var heard <-chan struct{}
	var used usage
	for i := range times {
		select {
		case <-heard: // the previous command is over
			heard = nil
		default:
		}
		if heard == nil {
			heard = b.Mic.Play(b.Speech.Say(1))
			spoken++
		}
		code, text, err := b.apply(chaos.Runbook{Threshold: 0.4 + 0.05*float64(i%2)})
		if err != nil || code != 0 {
			return fmt.Errorf("apply %d: exit %d, %v: %s", i+1, code, err, text)
		}
		u, err := b.orac.Usage()
		if err != nil {
			return err
		}
		used = append(used, u)
	}
	recorded, err := b.recordings(w.mark, spoken)
	if err != nil {
		return err
	}
	if _, err := b.delivered(w.mark, before, recorded); err != nil {
		return err
	}
	if err := b.untouched(w); err != nil {
		return err
	}
	b.note("%d applies, %d commands", times, spoken)
	if err := errors.Join(used.flat(b, warmApplies), b.closed(used.fewest(warmApplies))); err != nil {
		return err
	}
	return b.goroutines()
}

// goroutines compares the number of goroutines with that of an appliance that was just started and has understood one command. It ends
// both.
func (b *bench) goroutines() error {
	is, err := b.orac.Dump()
	if err != nil {
		return err
	}
	if err := b.restart(); err != nil {
		return err
	}
	if err := b.understood(); err != nil { // some connections and tasks begin with the first command
		return err
	}
	was, err := b.orac.Dump()
	b.orac = nil
	switch {
	case err != nil:
		return err
	case was < 10:
		return fmt.Errorf("only %d goroutines were printed: the count is wrong", was)
	case is-was > flatCount:
		return fmt.Errorf("%d goroutines; an appliance that was just started has %d", is, was)
	}
	b.note("%d goroutines, fresh %d", is, was)
	return nil
}

// manyPlans plans a change again and again.
func manyPlans(b *bench) error {
	times := 200
	if b.all {
		times = 1000
	}
	if err := b.Write(chaos.Runbook{Threshold: 0.43, Device: "nomic"}); err != nil {
		return err
	}
	w, err := b.watch()
	if err != nil {
		return err
	}
	var used usage
	began := time.Now()
	for i := range times {
		p, err := b.Plan(b.ctx)
		if err != nil || !p.Changes {
			return fmt.Errorf("plan %d: %v, changes: %v", i+1, err, p.Changes)
		}
		u, err := b.orac.Usage()
		if err != nil {
			return err
		}
		used = append(used, u)
	}
	b.note("%d plans, %d ms each", times, time.Since(began).Milliseconds()/int64(times))
	if err := b.untouched(w); err != nil {
		return err
	}
	return errors.Join(used.flat(b, warmPlans), b.closed(used.fewest(warmPlans)))
}
