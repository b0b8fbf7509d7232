package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// result is a row of the table. Times are in seconds; 0 means not applicable.
type result struct {
	Fault       string  `json:"fault"`
	Detected    float64 `json:"detected_s,omitempty"`  // after the fault
	Recovered   float64 `json:"recovered_s,omitempty"` // after the fault, or after the return of what it took away
	Bound       float64 `json:"bound_s,omitempty"`     // of Recovered
	Unsupported bool    `json:"unsupported,omitempty"` // so it proves nothing
	Note        string  `json:"note,omitempty"`
	Err         string  `json:"error,omitempty"`
}

func (r result) verdict() string {
	switch {
	case r.Err != "":
		return "FAILED"
	case r.Unsupported:
		return "unsupported"
	}
	return "ok"
}

// line is shown while other rows are still running.
func (r result) line() string {
	text := fmt.Sprintf("%-11s %s", r.verdict(), r.Fault)
	if r.Recovered > 0 {
		text += fmt.Sprintf(": recovered in %.2f s of %g s", r.Recovered, r.Bound)
	}
	if r.Err != "" {
		text += ": " + r.Err
	}
	return text
}

// judge compares what was measured with the bound.
func (r *result) judge(err error) {
	switch {
	case err != nil:
		r.Err = err.Error()
	case r.Bound > 0 && !r.Unsupported && r.Recovered == 0:
		r.Err = "BUG: nothing was measured"
	case r.Recovered > r.Bound:
		r.Err = fmt.Sprintf("recovered after %.2f s; %g s are promised", r.Recovered, r.Bound)
	}
}

// inOrder sorts results in the order of the lanes.
func inOrder(results []result) []result {
	place := map[string]int{}
	for _, l := range lanes {
		for _, r := range l.rows {
			place[r.name] = len(place)
		}
	}
	slices.SortStableFunc(results, func(a, b result) int { return place[a.Fault] - place[b.Fault] })
	return results
}

// table prints the results at the end of a run.
func table(w io.Writer, results []result) {
	seconds := func(s float64) string {
		if s == 0 {
			return "-"
		}
		return fmt.Sprintf("%.2f s", s)
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FAULT\tDETECTED\tRECOVERED\tBOUND\tMARGIN\tOK\tNOTE")
	failed, unsupported := 0, 0
	for _, r := range results {
		margin := "-"
		if r.Bound > 0 && r.Recovered > 0 {
			margin = fmt.Sprintf("%.2f s", r.Bound-r.Recovered)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Fault, seconds(r.Detected), seconds(r.Recovered), seconds(r.Bound), margin, r.verdict(), r.Note)
		if r.Err != "" {
			failed++
		}
		if r.Unsupported {
			unsupported++
		}
	}
	_ = t.Flush() // a table that nobody can see is not a failure
	for _, r := range results {
		if r.Err != "" {
			fmt.Fprintf(w, "\n%s FAILED:\n  %s\n", r.Fault, strings.ReplaceAll(r.Err, "\n", "\n  "))
		}
	}
	fmt.Fprintf(w, "\n%d of %d as promised, %d failed, %d unsupported\n", len(results)-failed-unsupported, len(results), failed, unsupported)
}

// since returns a time in seconds, never 0.
func since(t, began time.Time) float64 { return max(t.Sub(began).Seconds(), 0.001) }
