package console

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"orac/web/api"
	"orac/web/audit"
	"orac/web/schema"
)

type auditData struct {
	In      api.AuditInput
	Rows    []auditRow
	Next    uint64
	Verdict *audit.Verdict
}

// auditRow is one action: the record of the attempt and the record of its outcome, joined.
type auditRow struct {
	audit.Line           // of the outcome, or of the attempt while there is no outcome
	Attempt    uint64    // number of the attempt's record; 0 if only the outcome is recorded
	Began      time.Time // when it was attempted
}

// Unended tells whether no outcome is recorded.
func (r auditRow) Unended() bool { return r.Outcome == audit.Attempt }

// Took returns how long the action took, rounded to what a person would notice.
func (r auditRow) Took() time.Duration {
	if took := r.At.Sub(r.Began); !r.Began.IsZero() && took >= time.Second {
		return took.Round(100 * time.Millisecond)
	}
	return 0
}

func (c *Console) audit(call *api.Call) error { return c.showAudit(call, nil) }

func (c *Console) verifyAudit(call *api.Call) error {
	v, err := api.OpVerifyAudit.Call(call, schema.None{})
	if err != nil {
		return err
	}
	return c.showAudit(call, &v)
}

const (
	auditRows = 60
	// apart is how many records may lie between an attempt and its outcome for them to be joined across the edge of a page.
	apart = 100
)

func (c *Console) showAudit(call *api.Call, verdict *audit.Verdict) error {
	q := call.R.URL.Query()
	before, _ := strconv.ParseUint(q.Get("before"), 10, 63) // anything that is not a number means the newest page
	d := auditData{In: api.AuditInput{Before: before, Limit: 2*auditRows + 2*apart, Who: q.Get("who"), Action: q.Get("action")}, Verdict: verdict}
	if before > 0 { // the outcome of an attempt on this page may be on the preceding page
		d.In.Before = before + apart
	}
	page, err := api.OpAudit.Call(call, d.In)
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
	return c.show(call, http.StatusOK, "audit", view{Data: d, Wide: true})
}

// joined makes one row from an attempt and its outcome. Records come newest first; rows are ordered by what ended last.
func joined(records []audit.Line) (rows []auditRow) {
	ended := map[string][]int{} // by action: the rows of outcomes whose attempt has not come yet
	for _, r := range records {
		if r.Outcome != audit.Attempt {
			ended[r.Action] = append(ended[r.Action], len(rows))
			rows = append(rows, auditRow{Line: r})
			continue
		}
		open := ended[r.Action]
		at := slices.IndexFunc(open, func(i int) bool { return endOf(r, rows[i].Line) })
		if at < 0 {
			rows = append(rows, auditRow{Line: r})
			continue
		}
		row := &rows[open[at]]
		if row.Attempt, row.Began = r.Seq, r.At; row.Before == nil {
			row.Before = r.Before
		}
		ended[r.Action] = slices.Delete(open, at, at+1)
	}
	return rows
}

// endOf tells whether an outcome belongs to an attempt. The client chooses the ID of its request and may reuse another's ID, so
// records by different people, from different addresses or with different targets are never joined.
func endOf(attempt, end audit.Line) bool {
	if attempt.Request != end.Request || attempt.From != end.From {
		return false
	}
	if attempt.Target != "" && attempt.Target != end.Target { // the target may be known only at the end
		return false
	}
	letIn := attempt.Request != "" && attempt.Role == "" // a login: the identity changes from the attempt to the outcome
	return letIn || attempt.Who == end.Who && attempt.For == end.For && attempt.Way == end.Way
}
