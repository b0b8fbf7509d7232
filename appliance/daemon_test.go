package appliance

import (
	"sync/atomic"
	"testing"

	"orac/appliance/health"
	"orac/runbook"
)

// overtaken is a neighbour that is given another runbook while it takes the first one.
type overtaken struct {
	meanwhile func()
	used      *runbook.Runbook
}

func (*overtaken) Check(*runbook.Runbook) error  { return nil }
func (*overtaken) Accept(*runbook.Runbook) error { return nil }
func (*overtaken) Listeners() []health.Listener  { return nil }

func (o *overtaken) Use(rb *runbook.Runbook) {
	if f := o.meanwhile; f != nil {
		o.meanwhile = nil
		f()
	}
	o.used = rb
}

// TestTheLaterRunbookStaysInForce: a change ends, and before the web server has what came of it another one ends, too, which takes
// a user away. What stays in force is what runs.
func TestTheLaterRunbookStaysInForce(t *testing.T) {
	first, second := &runbook.Runbook{}, &runbook.Runbook{}
	first.Appliance.LogLevel, second.Appliance.LogLevel = "info", "info"
	web := &overtaken{}
	var now atomic.Pointer[runbook.Runbook]
	d := &Daemon{o: Options{Beside: web}, inForce: now.Load}
	web.meanwhile = func() {
		now.Store(second)
		d.settle()
	}
	now.Store(first)
	d.settle()
	if web.used != second {
		t.Error("the runbook of before is in force")
	}
}
