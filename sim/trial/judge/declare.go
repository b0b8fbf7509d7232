package judge

import (
	"fmt"
	"strings"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/scenario"
	"orac/sim/trial/report"
)

// Declared returns what a scenario promises, as rows of a report in which nothing has been judged yet.
func Declared(sc *scenario.Scenario) (list []report.Promise, sometimes []report.Sometimes) {
	add := func(address runbook.Address, what, text, unit string, bound float64) {
		list = append(list, report.Promise{
			Name: address.Name(), What: what, File: sc.File, Line: Line(sc, address), Text: text, Unit: unit, Bound: bound,
		})
	}
	for _, r := range sc.Recoveries {
		after := "any fault"
		if names := faultNames(r); len(names) > 0 {
			after = strings.Join(names, ", ")
		}
		if r.Detect > 0 {
			add(r.Address, "detect", fmt.Sprintf("noticed within %s of %s", language.FormatDuration(r.Detect), after), "s", r.Detect.Seconds())
		}
		if r.Recover > 0 {
			from := "after the begin of"
			if r.From == "end" {
				from = "after the end of"
			}
			add(r.Address, "recover", fmt.Sprintf("%s within %s %s %s", words(r.Means), language.FormatDuration(r.Recover), from, after), "s", r.Recover.Seconds())
		}
	}
	for _, s := range sc.Steady {
		add(s.Address, "steady", s.Holds.Text, "", 0)
	}
	for _, h := range sc.Holds {
		add(h.Address, "holds", h.Holds.Text, "", 0)
	}
	for _, f := range sc.Flats {
		if f.Memory > 0 {
			add(f.Address, "memory", fmt.Sprintf("memory grows by at most %v after %s", f.Memory, language.FormatDuration(f.WarmUp)), "bytes", float64(f.Memory))
		}
		if f.Tasks >= 0 {
			add(f.Address, "tasks", fmt.Sprintf("at most %d tasks more after %s", f.Tasks, language.FormatDuration(f.WarmUp)), "tasks", float64(f.Tasks))
		}
	}
	for _, s := range sc.Sometimes {
		sometimes = append(sometimes, report.Sometimes{Name: s.Name, File: sc.File, Line: Line(sc, s.Address), Text: s.Holds.Text})
	}
	return list, sometimes
}

func faultNames(r scenario.Recovery) (names []string) {
	for _, a := range r.After {
		names = append(names, string(a))
	}
	return append(names, r.Kinds...)
}

// Line returns the line of a block in its file; 0 if the block was not written in a file.
func Line(sc *scenario.Scenario, address runbook.Address) int {
	for _, b := range sc.Blocks {
		if b.Address == address {
			return b.Range.Start.Line
		}
	}
	return 0
}
