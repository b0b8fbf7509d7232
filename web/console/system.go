package console

import (
	"fmt"
	"net/http"
	"time"

	"orac/appliance/status"
	"orac/web/api"
	"orac/web/schema"
)

// sample is what the appliance uses at one moment.
type sample struct {
	At       time.Time
	Memory   int64    // bytes
	CPU      *float64 // percent of one core; nil if unknown
	DiskFree int64    // bytes
	Waiting  int      // utterances
}

// Load returns the CPU use as text.
func (s sample) Load() string {
	if s.CPU == nil {
		return "–"
	}
	return fmt.Sprintf("%.0f %%", *s.CPU)
}

type systemData struct {
	Status status.Status
	Now    sample
	Table  []sample // a few, newest first, for readers without scripts
	Done   string
}

// tableRows is how many samples the table has.
const tableRows = 12

func (c *Console) system(call *api.Call) error {
	s, err := api.OpStatus.Call(call, schema.None{})
	if err != nil {
		return err
	}
	list, err := api.OpSamples.Call(call, api.SamplesInput{})
	if err != nil {
		return err
	}
	d := systemData{Status: s, Done: systemDone[call.R.URL.Query().Get("done")]}
	n := len(list.At)
	for i := n - 1; i >= 0 && len(d.Table) < tableRows; i -= max(1, n/tableRows) {
		d.Table = append(d.Table, sample{time.Unix(list.At[i], 0), list.Memory[i], list.CPU[i], list.DiskFree[i], list.Waiting[i]})
	}
	if n > 0 {
		d.Now = d.Table[0]
	}
	return c.show(call, http.StatusOK, "system", view{
		Data: d, Scripts: []string{"uplot.js", "curves.js", "system.js"}, Styles: []string{"uplot.css"},
	})
}

// restart is the form that restarts the appliance. It answers before that; the page is read again once it is back.
func (c *Console) restart(call *api.Call) error {
	if _, err := api.OpRestart.Call(call, schema.None{}); err != nil {
		return err
	}
	return redirect(call, after("/system", "restart", ""))
}
