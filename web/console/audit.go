package console

import (
	"net/http"
	"strconv"
	"time"

	"orac/web/api"
	"orac/web/audit"
)

type auditData struct {
	In      api.AuditInput
	Rows    []auditRow
	Next    uint64
	Verdict *audit.Verdict
}

// auditRow is something that somebody did: the record of the attempt, and that of the outcome, as one.
type auditRow struct {
	audit.Line           // of the outcome; of the attempt while there is none
	Attempt    uint64    // number of the attempt's record; 0 if only the outcome is recorded
	Began      time.Time // when it was attempted
}

// Unended tells whether no outcome is recorded.
func (r auditRow) Unended() bool { return r.Outcome == audit.Attempt }

// Took is how long it took, as far as a person would notice.
func (r auditRow) Took() time.Duration {
	if took := r.At.Sub(r.Began); !r.Began.IsZero() && took >= time.Second {
		return took.Round(100 * time.Millisecond)
	}
	return 0
}

func (c *Console) audit(call *api.Call) error { return c.showAudit(call, nil) }

func (c *Console) verifyAudit(call *api.Call) error {
	v, err := api.Invoke[audit.Verdict](call, "verifyAudit", nil)
	if err != nil {
		return err
	}
	return c.showAudit(call, &v)
}

const (
	auditRows = 60
	// apart is how far an attempt and its outcome may be apart, in records, to be found where a page of the list begins or ends.
	apart = 100
)

func (c *Console) showAudit(call *api.Call, verdict *audit.Verdict) error {
	q := call.R.URL.Query()
	before, _ := strconv.ParseUint(q.Get("before"), 10, 63) // what is no number is the newest page
	d := auditData{In: api.AuditInput{Before: before, Limit: 2*auditRows + 2*apart, Who: q.Get("who"), Action: q.Get("action")}, Verdict: verdict}
	if before > 0 { // an attempt here may have its outcome on the page before
		d.In.Before = before + apart
	}
	page, err := api.Invoke[api.AuditPage](call, "audit", d.In)
	if err != nil {
		return err
	}
	more := page.Next > 0
	for _, r := range joined(page.Records) {
		switch {
		case before > 0 && r.Seq >= before:
		case len(d.Rows) == auditRows:
			more = true
		default:
			d.Rows = append(d.Rows, r)
		}
	}
	if n := len(d.Rows); more && n > 0 {
		d.Next = d.Rows[n-1].Seq
	}
	return c.show(call, http.StatusOK, "audit", view{Title: "Audit", Nav: "/audit", Data: d, Wide: true})
}

// joined makes one row of an attempt and its outcome. Records come the newest first; rows are in the order of what ended last.
func joined(records []audit.Line) (rows []auditRow) {
	type act struct{ request, who, way, action, target string }
	ended := map[act]int{} // the row of an outcome whose attempt is still to come
	for _, r := range records {
		key := act{request: r.Request, action: r.Action} // whoever is let in is somebody else afterwards
		if r.Request == "" {                             // on the machine
			key = act{who: r.Who, way: r.Way, action: r.Action, target: r.Target}
		}
		if i, ok := ended[key]; ok && r.Outcome == audit.Attempt {
			row := &rows[i]
			if row.Attempt, row.Began = r.Seq, r.At; row.Before == nil {
				row.Before = r.Before
			}
			delete(ended, key)
			continue
		}
		if r.Outcome != audit.Attempt {
			ended[key] = len(rows)
		}
		rows = append(rows, auditRow{Line: r})
	}
	return rows
}
