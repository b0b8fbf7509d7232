package main

import (
	"reflect"
	"strings"

	"orac/appliance/audio/devices"
	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/hearing"
	"orac/appliance/rollout"
	"orac/appliance/status"
	"orac/models"
	"orac/models/infer"
	"orac/runbook"
	"orac/runbook/language"
	"orac/sim/trace"
	"orac/sim/trial/report"
	"orac/web/acts"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/control"
	"orac/web/members"
)

// jsonReport is what some commands print in JSON: a section of the page.
type jsonReport struct {
	title    string
	commands []string
	value    any
	real     bool // value is one as it is printed: its type writes itself, from what is not exported
}

// jsonReports are all of them, in the order of the page.
func jsonReports() []jsonReport {
	return append([]jsonReport{
		{"orac status", []string{"orac status"}, status.Status{}, false},
		{"orac health", []string{"orac health"}, status.Health{}, false},
		{"orac history", []string{"orac history"}, []acts.Heard{}, false},
		{"orac incidents", []string{"orac incidents"}, []status.Incident{}, false},
		{"orac spool list", []string{"orac spool list"}, []status.Utterance{}, false},
		{"orac spool events", []string{"orac spool events"}, []status.Waits{}, false},
		{"orac spool retry, orac spool drop", []string{"orac spool retry", "orac spool drop"}, []done{}, false},
		{"orac spool export", []string{"orac spool export"}, exportReport{}, false},
		{"orac ask", []string{"orac ask"}, askedReport{}, false},
		{"orac say", []string{"orac say"}, status.Said{}, false},
		{"orac mute, orac unmute", []string{"orac mute", "orac unmute"}, status.Muting{}, false},
		{"orac restart", []string{"orac restart"}, status.Restarting{}, false},
		{"orac members", []string{"orac members"}, []members.State{}, false},
		{"orac push", []string{"orac push"}, rollout.Push{}, false},
		{"orac logs", []string{"orac logs"}, status.LogLine{}, false},
		{"orac plan", []string{"orac plan"}, status.Plan{}, false},
		{"orac apply", []string{"orac apply"}, applyReport{}, false},
		{"orac rollback", []string{"orac rollback"}, status.Applied{}, false},
		{"orac generations", []string{"orac generations"}, []status.Generation{}, false},
		{"orac validate", []string{"orac validate"}, validReport{}, false},
		{"orac graph", []string{"orac graph"}, demoGraph(), true},
		{"orac devices", []string{"orac devices"}, devices.Listing{}, false},
		{"orac detect", []string{"orac detect"}, hearing.Heard{}, false},
		{"orac detect, a file that cannot be read", nil, undetected{}, false},
		{"orac transcribe", []string{"orac transcribe"}, hearing.Transcribed{}, false},
		{"orac models list, orac models pull", []string{"orac models list", "orac models pull"}, []models.Status{}, false},
		{"orac models verify", []string{"orac models verify"}, []modelVerdict{}, false},
		{"orac models inspect", []string{"orac models inspect"}, models.Report{}, false},
		{"orac models bench", []string{"orac models bench"}, infer.BenchResult{}, false},
		{"orac secrets list", []string{"orac secrets list"}, []secretLine{}, false},
		{"orac key list", []string{"orac key list"}, []auth.APIKey{}, false},
		{"orac key create, orac key rotate", []string{"orac key create", "orac key rotate"}, shownKey{}, false},
		{"orac member add", []string{"orac member add"}, control.MemberCode{}, false},
		{"orac token issue", []string{"orac token issue"}, auth.Token{}, false},
		{"orac token inspect", []string{"orac token inspect"}, auth.Inspected{}, false},
		{"orac audit tail, orac audit export", []string{"orac audit tail", "orac audit export"}, audit.Line{}, false},
		{"orac audit verify", []string{"orac audit verify"}, audit.Verdict{}, false},
		{"orac sim, orac chaos", []string{"orac sim", "orac chaos", "orac sim report"}, report.Report{}, false},
		{"orac sim diff", []string{"orac sim diff"}, trace.Report{}, false},
		{"orac sim --progress", nil, told{}, false},
		{"orac version", []string{"orac version"}, versionReport{}, false},
		{"orac run", []string{"orac run"}, event.Event{Body: anyBody{}}, true},
	}, eventReports()...)
}

// anyBody has nothing of its own: what is left are the fields of every event.
type anyBody struct{}

func (anyBody) Kind() string { return "kind" }

func eventReports() []jsonReport {
	var all []jsonReport
	for _, k := range event.Kinds {
		if k.Streamed() {
			all = append(all, jsonReport{"Event " + k.Name, nil, k.Zero, false})
		}
	}
	return all
}

// elsewhere is the section that a type has of its own.
func (r jsonReport) elsewhere(path string, of reflect.Type) string {
	if of == nil {
		return ""
	}
	for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	for _, other := range jsonReports() {
		t := reflect.TypeOf(other.value)
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t == of && of.Kind() == reflect.Struct && other.title != r.title && !strings.HasPrefix(other.title, "Event ") {
			return other.title
		}
	}
	return ""
}

// demoGraph is the graph of the demonstration: a graph writes itself, from what it was compiled of.
func demoGraph() *graph.Graph {
	rb, problems := runbook.Load("../../orac.hcl", language.Options{})
	if rb == nil {
		panic(problems)
	}
	g, err := graph.Compile(rb)
	if err != nil {
		panic(err)
	}
	return g
}
