package console

import (
	"net/http"
	"time"

	"orac/appliance/status"
	"orac/web/api"
)

type systemData struct {
	Status status.Status
	Now    sample
	Points int
	Spans  []string
	Table  []sample // a few, for who reads without a script
}

func (c *Console) system(call *api.Call) error {
	s, err := api.Invoke[status.Status](call, "status", nil)
	if err != nil {
		return err
	}
	list := c.samples.list()
	d := systemData{Status: s, Points: len(list)}
	if n := len(list); n > 0 {
		d.Now = list[n-1]
		for i := n - 1; i >= 0 && len(d.Table) < 12; i -= max(1, n/12) {
			d.Table = append(d.Table, list[i])
		}
	}
	return c.show(call, http.StatusOK, "system", view{
		Title: "System", Nav: "/system", Data: d, Scripts: []string{"uplot.js", "curves.js", "system.js"}, Styles: []string{"uplot.css"},
	})
}

// columns are samples as curves want them.
type columns struct {
	At     []int64   `json:"at"`     // seconds
	Memory []float64 `json:"memory"` // MiB
	CPU    []float64 `json:"cpu"`    // percent of one core
	Disk   []float64 `json:"disk"`   // GiB free
	Spool  []float64 `json:"spool"`  // utterances
	Every  float64   `json:"every"`  // seconds
}

func (c *Console) systemSamples(call *api.Call) error {
	out := columns{Every: sampleEvery.Seconds(), At: []int64{}}
	for _, s := range c.samples.list() {
		out.At = append(out.At, s.At.Unix())
		out.Memory = append(out.Memory, float64(s.Memory)/(1<<20))
		out.CPU = append(out.CPU, s.CPU)
		out.Disk = append(out.Disk, float64(s.DiskFree)/(1<<30))
		out.Spool = append(out.Spool, float64(s.Waiting))
	}
	return writeJSON(call, out)
}

// sampleEvery is how often is measured, and sampleRoom how many are kept: 12 hours.
const (
	sampleEvery = 10 * time.Second
	sampleRoom  = 12 * 360
)
