package virtual

import (
	"errors"
	"testing"
	"time"

	"orac/appliance/rt"
)

func TestATaskThatIsMadeToPanicEndsAlone(t *testing.T) {
	d := New(1, time.Time{}, nil)
	defer d.Close()
	wait := func(t *rt.Task) error { return t.Sleep(time.Hour) }
	var victim, other *rt.Task
	rt.New(d, "root", func(t *rt.Task) error {
		victim, other = t.Go("a.b#1", wait), t.Go("a.c#1", wait)
		return t.Sleep(time.Hour)
	})
	d.Run(rt.Instant(time.Second))
	if d.Panic("root/none", "x") || !d.Panic("root/a.b#", "defect") {
		t.Fatal("the wrong task was found")
	}
	d.Run(rt.Instant(2 * time.Second))
	var p *rt.PanicError
	if !victim.Done() || !errors.As(victim.Err(), &p) || p.Value != "defect" || other.Done() {
		t.Errorf("the victim ended: %v with %v; the other: %v", victim.Done(), victim.Err(), other.Done())
	}
}

func TestHaltReturnsAtOnce(t *testing.T) {
	d := New(1, time.Time{}, nil)
	defer d.Close()
	rt.New(d, "root", func(t *rt.Task) error {
		_ = t.Sleep(time.Second)
		d.Halt()
		return t.Sleep(time.Hour)
	})
	if at := d.Run(rt.Instant(time.Minute)); at != rt.Instant(time.Second) {
		t.Errorf("it returned at %v", at)
	}
}
