package entity

import (
	"math"
	"slices"
	"strings"
	"testing"

	"orac/appliance/event"
	"orac/runbook"
)

var whole = Of{Listener: "kitchen", Speaker: "room", WakeSound: true, Words: []Word{{"hey_jarvis", "hey jarvis"}, {"alexa", "alexa"}}}

// TestList: each entity has an ID of its own, may be ordered by a word that the runbook knows, and is there only if what it is about is.
func TestList(t *testing.T) {
	orders := []string{runbook.AllowMute, runbook.AllowThreshold, runbook.AllowWakeSound, runbook.AllowRestart}
	seen := map[string]Entity{}
	for _, e := range List(whole) {
		if _, twice := seen[e.ID]; twice || e.Name == "" || e.Order != "" && !slices.Contains(orders, e.Order) {
			t.Errorf("%+v", e)
		}
		if about := e.ID != IDProblem && e.ID != IDRestart && e.ID != IDUpdate; about != (e.Listener == "kitchen") {
			t.Errorf("%s is about %q", e.ID, e.Listener)
		}
		seen[e.ID] = e
	}
	for of, lacks := range map[string]struct {
		of   Of
		list []string
	}{
		"no speaker":    {Of{Listener: "kitchen", Words: whole.Words}, []string{IDMedia, IDWakeSound}},
		"no wake chime": {Of{Listener: "kitchen", Speaker: "room", Words: whole.Words}, []string{IDWakeSound}},
		"no listener":   {Of{Speaker: "room"}, []string{IDMute, IDWakeSound, IDWake, IDTranscript, IDLevel, IDThreshold + "hey_jarvis", IDThreshold + "alexa"}},
	} {
		list := List(lacks.of)
		for id := range seen {
			is := slices.ContainsFunc(list, func(e Entity) bool { return e.ID == id })
			if is == slices.Contains(lacks.list, id) {
				t.Errorf("%s: %s is there: %v", of, id, is)
			}
		}
	}
}

// TestTakes: what may be set, and to what.
func TestTakes(t *testing.T) {
	for _, e := range List(whole) {
		for _, v := range []float64{0.01, 0.5, 1, 0, 1.001, -1, math.NaN(), math.Inf(1)} {
			may := e.Order != "" && (e.Kind != Number || v >= 0.01 && v <= 1)
			if err := e.Takes(State{Number: v}); (err == nil) != may {
				t.Errorf("%s to %g: %v", e.ID, v, err)
			}
		}
	}
}

// TestReadings: an event is told of what it is about, and of nothing else.
func TestReadings(t *testing.T) {
	for _, x := range []struct {
		body event.Body
		want []State
	}{
		{event.Wake{Listener: "kitchen", Model: "hey_jarvis"}, []State{{Entity: IDWake, Text: "hey jarvis"}}},
		{event.Wake{Listener: "kitchen", Model: "m", WakeWord: "computer"}, []State{{Entity: IDWake, Text: "computer"}}},
		{event.Wake{Listener: "hall", Model: "m"}, nil},
		{event.Delivered{Of: event.Origin{Listener: "kitchen"}, Text: "lights on"}, []State{{Entity: IDTranscript, Text: "lights on"}}},
		{event.Delivered{Of: event.Origin{Listener: "kitchen"}}, nil},
		{event.Delivered{Of: event.Origin{Listener: "hall"}, Text: "x"}, nil},
		{event.HomeHeard{Satellite: "home", Text: "x"}, []State{{Entity: IDTranscript, Text: "x"}}},
		{event.HomeHeard{Satellite: "other", Text: "x"}, nil},
		{event.WakeSound{Listener: "kitchen", On: true}, []State{{Entity: IDWakeSound, On: true}}},
		{event.WakeSound{Listener: "hall"}, nil},
		{event.HealthTold{Component: "appliance", To: "unhealthy"}, []State{{Entity: IDProblem, On: true}}},
		{event.HealthTold{Component: "appliance", To: "degraded"}, []State{{Entity: IDProblem}}},
		{event.HealthTold{Component: "source.usb", To: "unhealthy"}, nil},
		{event.Overrun{}, nil},
	} {
		if got := Readings("kitchen", "home", x.body); !slices.Equal(got, x.want) {
			t.Errorf("%+v: %+v", x.body, got)
		}
		if got := Readings("", "", x.body); len(got) > 0 && got[0].Entity != IDProblem {
			t.Errorf("without a listener, %+v: %+v", x.body, got)
		}
	}
	if s := Text(IDWake, strings.Repeat("ü", 300)); len([]rune(s.Text)) != longest || !strings.HasSuffix(s.Text, "…") || s.Missing {
		t.Errorf("%q", s.Text)
	}
	if s := Text(IDWake, ""); !s.Missing {
		t.Error("nothing is known, and that is not said")
	}
	if full, none := Level(32768).Number, Level(0).Number; full != 0 || math.IsInf(none, -1) || none > -90 {
		t.Errorf("%g, %g", full, none)
	}
}
