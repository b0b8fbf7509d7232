package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"orac/web/api"
	"orac/web/schema"
)

// filter selects the part of the history to show.
type filter struct {
	Model, Verdict, Text string
	From                 string // fromOthers: what other appliances sent; otherwise what woke this one
	Before               int64
	Until                int64 // when the page before this one ends, in microseconds since 1970; 0: this is the first
}

// fromOthers selects what other appliances have sent to a speech-to-text server of this one.
const fromOthers = "others"

func filterOf(q url.Values) filter {
	before, _ := strconv.ParseInt(q.Get("before"), 10, 64) // anything that is not a number means the newest page
	until, _ := strconv.ParseInt(q.Get("until"), 10, 64)
	return filter{q.Get("model"), q.Get("verdict"), strings.TrimSpace(q.Get("text")), q.Get("from"), max(0, before), max(0, until)}
}

// fits tells whether a wake passes the filter.
func (f filter) fits(h heard) bool {
	switch {
	case f.Model != "" && h.Model != f.Model:
		return false
	case f.Text != "" && !strings.Contains(strings.ToLower(h.Text()), strings.ToLower(f.Text)):
		return false
	}
	switch f.Verdict {
	case "false":
		return h.FalseWake != nil && *h.FalseWake
	case "true":
		return h.FalseWake != nil && !*h.FalseWake
	case "none":
		return h.FalseWake == nil
	}
	return true
}

func (f filter) any() bool { return f.Model != "" || f.Verdict != "" || f.Text != "" }

// more returns the address of the next page.
func (f filter) more(next int64) string {
	q := url.Values{"before": {strconv.FormatInt(next, 10)}}
	for name, v := range map[string]string{"model": f.Model, "verdict": f.Verdict, "text": f.Text, "from": f.From} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if f.Until > 0 {
		q.Set("until", strconv.FormatInt(f.Until, 10))
	}
	return "/history?" + q.Encode()
}

type historyData struct {
	Filter   filter
	Filtered bool
	Models   []string
	Rows     []historyLine
	More     string
	Advice   []api.Threshold
	Keeps    bool // sounds are kept
	Serves   bool // other appliances may have sent something
	Others   []othersRow
}

// historyRow is a wake as a row of the table; after a verdict the row is also shown alone.
type historyRow struct {
	heard
	MayJudge bool
	CSRF     string
}

// Said tells whether somebody has judged the wake as meant; Mistaken tells whether as false.
func (r historyRow) Said() bool { return r.FalseWake != nil && !*r.FalseWake }

// Mistaken: see Said.
func (r historyRow) Mistaken() bool { return r.FalseWake != nil && *r.FalseWake }

// scanned is how many wakes are looked through for one page of a filter.
const (
	historyRows = 50
	scanned     = 2000
)

func (c *Console) history(call *api.Call) error {
	f := filterOf(call.R.URL.Query())
	d := historyData{Filter: f, Filtered: f.any()}
	s, err := api.OpStatus.Call(call, schema.None{})
	if err != nil {
		return err
	}
	if d.Serves = servesSTT(s); f.From == fromOthers {
		return c.fromOthers(call, d)
	}
	rows, next, err := findWakes(call, f)
	if err != nil {
		return err
	}
	v := view{Scripts: []string{"history.js"}, Wide: true}
	v.Who = call.Who
	for _, h := range rows {
		d.Rows = append(d.Rows, historyLine{At: h.At, Wake: &historyRow{h, v.Operator(), call.Who.CSRF}})
	}
	if !f.any() {
		if d.Rows, err = withMutes(call, d.Rows, f.Until, next == 0); err != nil {
			return err
		}
	}
	if next > 0 {
		if f.Until = 0; len(rows) > 0 {
			f.Until = rows[len(rows)-1].At.UnixMicro()
		}
		d.More = f.more(next)
	}
	newest, err := api.OpUtterances.Call(call, api.PageInput{Limit: 1})
	if err != nil {
		return err
	}
	d.Keeps = newest.Kept
	models, err := api.OpModels.Call(call, schema.None{})
	if err != nil {
		return err
	}
	for _, m := range models.Models {
		d.Models = append(d.Models, m.Name)
	}
	if d.Advice, err = advice(call); err != nil {
		return err
	}
	v.Data = d
	return c.show(call, http.StatusOK, "history", v)
}

// findWakes returns the wakes that pass the filter, and where the next page begins.
func findWakes(call *api.Call, f filter) (rows []heard, next int64, err error) {
	next = f.Before
	for looked := 0; looked < scanned; {
		limit := historyRows
		if f.any() {
			limit = 200
		}
		list, after, err := detectionsWithSpeech(call, api.PageInput{Before: next, Limit: limit})
		if err != nil {
			return nil, 0, err
		}
		for _, h := range list {
			if f.fits(h) {
				rows = append(rows, h)
			}
		}
		looked += len(list)
		if next = after; after == 0 || len(list) == 0 || len(rows) >= historyRows {
			break
		}
	}
	return rows, next, nil
}

// judge stores whether somebody had said the wake word.
func (c *Console) judge(call *api.Call) error {
	id, wrong := call.R.PathValue("id"), call.R.PostFormValue("false_wake") == "true"
	if _, err := api.OpJudge.Call(call, api.JudgeInput{ID: id, FalseWake: &wrong}); err != nil {
		return err
	}
	if !scripted(call) {
		return redirect(call, "/history")
	}
	h, err := wake(call, id)
	if err != nil {
		return err
	}
	fresh, err := advice(call)
	if err != nil {
		return err
	}
	v := view{Who: call.Who}
	return c.part(call, "history", "judged", map[string]any{"Row": historyRow{h, v.Operator(), call.Who.CSRF}, "Advice": fresh, "Admin": v.Admin()})
}

// advice returns what the verdicts suggest for models with false wakes.
func advice(call *api.Call) ([]api.Threshold, error) {
	list, err := api.OpThresholds.Call(call, schema.None{})
	return slices.DeleteFunc(list, func(t api.Threshold) bool { return t.State == "fine" }), err
}

// wake finds a wake among the newest.
func wake(call *api.Call, id string) (heard, error) {
	for before, looked := int64(0), 0; looked < scanned; {
		list, next, err := detectionsWithSpeech(call, api.PageInput{Before: before, Limit: 200})
		if err != nil {
			return heard{}, err
		}
		for _, h := range list {
			if h.ID == id {
				return h, nil
			}
		}
		if looked += len(list); next == 0 || len(list) == 0 {
			break
		}
		before = next
	}
	return heard{}, schema.Fail(schema.NotFound, "There is no such detection.")
}
