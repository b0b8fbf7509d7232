package console

import (
	"net/http"
	"slices"
	"strings"

	"orac/appliance/status"
	"orac/web/api"
	"orac/web/schema"
)

// spoolData holds the recordings that wait and those that were set aside.
type spoolData struct {
	Waiting, Aside []spooled
	Hooked         []status.Waits // those that were set aside first
	Done           string
}

// spooled is a recording with the reason why it was set aside.
type spooled struct {
	status.Utterance
	Refusals []refusal
}

type refusal struct{ STT, Cause string }

func (c *Console) spool(call *api.Call) error {
	list, err := api.OpSpool.Call(call, schema.None{})
	if err != nil {
		return err
	}
	d := spoolData{Done: spoolDone[call.R.URL.Query().Get("done")]}
	for _, u := range list {
		if u.State != "refused" {
			d.Waiting = append(d.Waiting, spooled{Utterance: u})
			continue
		}
		s := spooled{Utterance: u}
		for i, name := range u.Services {
			r := refusal{STT: name}
			if i < len(u.Causes) {
				r.Cause = u.Causes[i]
			}
			s.Refusals = append(s.Refusals, r)
		}
		d.Aside = append(d.Aside, s)
	}
	if d.Hooked, err = api.OpSpoolEvents.Call(call, schema.None{}); err != nil {
		return err
	}
	slices.SortStableFunc(d.Hooked, func(a, b status.Waits) int { return strings.Compare(a.State, b.State) })
	return c.show(call, http.StatusOK, "spool", view{Scripts: []string{"history.js"}, Data: d})
}

// retrySpooled puts a recording at the end of the queue.
func (c *Console) retrySpooled(call *api.Call) error {
	if _, err := api.OpRetrySpooled.Call(call, api.SpooledInput{ID: call.R.PathValue("id")}); err != nil {
		return err
	}
	return redirect(call, after("/spool", "retry", ""))
}

// dropSpooled deletes a recording.
func (c *Console) dropSpooled(call *api.Call) error {
	if _, err := api.OpDropSpooled.Call(call, api.SpooledInput{ID: call.R.PathValue("id")}); err != nil {
		return err
	}
	return redirect(call, after("/spool", "drop", ""))
}
