package home

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"orac/appliance/act"
)

// moving are states on the way to another one.
var moving = []string{"opening", "closing", "locking", "unlocking", "buffering", "returning"}

// judgement is what is known of a call for one entity.
type judgement struct {
	verdict act.Verdict
	reason  string
	final   bool // waiting longer changes nothing
}

// judge compares the states before and after a call with what proves it. known: the state before is.
func judge(name string, expect []act.Expectation, before seen, known bool, after seen, there bool) judgement {
	switch {
	case !there:
		return judgement{act.Failed, name + " is not there", false}
	case after.State.State == "unavailable":
		return judgement{act.Failed, name + " cannot be reached", true}
	case len(expect) == 0:
		return judgement{act.Unproven, "nothing tells whether it was done", true}
	}
	already := known
	for _, x := range expect {
		if x.State == nil && x.Attribute == "" { // any change
			if !known || same(before.State, after.State) {
				return judgement{act.Unproven, name + " has told no change", false}
			}
			already = false
			continue
		}
		if !holds(x, after.State) {
			return missed(name, x, before, known, after)
		}
		already = already && holds(x, before.State)
	}
	switch {
	case after.Numbers["assumed_state"] == 1:
		return judgement{act.Unproven, name + " does not tell its state: Home Assistant only assumes it", true}
	case already:
		return judgement{act.Already, "", true}
	}
	return judgement{act.Proven, "", true}
}

// missed is the judgement while a state is not what it should be.
func missed(name string, x act.Expectation, before seen, known bool, after seen) judgement {
	now := after.State.State
	switch {
	case slices.Contains(moving, now):
		return judgement{act.Unproven, name + " is still " + now, false}
	case x.Attribute != "" && (len(x.State) == 0 || slices.Contains(x.State, now)):
		return judgement{act.Unproven, fmt.Sprintf("%s has not told that its %s has changed", name, strings.ReplaceAll(x.Attribute, "_", " ")), false}
	case now == "unknown":
		return judgement{act.Unproven, "the state of " + name + " is not known", false}
	case known && before.State.State != now && !slices.Contains(moving, before.State.State):
		return judgement{act.Failed, name + " is now " + words(now), false}
	}
	return judgement{act.Unproven, name + " is still " + words(now), false}
}

// same tells whether two states are the same in everything that is kept.
func same(a, b act.State) bool {
	return a.State == b.State && a.Changed.Equal(b.Changed) && maps.Equal(a.Numbers, b.Numbers) && maps.Equal(a.Texts, b.Texts)
}

// holds tells whether a state is as expected.
func holds(x act.Expectation, s act.State) bool {
	if len(x.State) > 0 && !slices.Contains(x.State, s.State) {
		return false
	}
	if x.Attribute == "" {
		return true
	}
	if x.Text != "" {
		return strings.EqualFold(s.Texts[x.Attribute], x.Text)
	}
	n, ok := s.Numbers[x.Attribute]
	away := math.Abs(n - x.Value)
	if x.Attribute == "hue" { // a circle
		away = min(away, 360-away)
	}
	return ok && away <= x.Within+1e-9
}

// worse orders verdicts: that of a call is the worst of its entities.
var worse = []act.Verdict{act.Already, act.Proven, act.Unproven, act.Unknown, act.Failed}

// sum makes the verdict of a call from those of its entities.
func sum(o *act.Outcome) {
	o.Verdict = act.Already
	var reasons []string
	for _, e := range o.Entities {
		if slices.Index(worse, e.Verdict) > slices.Index(worse, o.Verdict) {
			o.Verdict = e.Verdict
		}
		if e.Reason != "" && !slices.Contains(reasons, e.Reason) {
			reasons = append(reasons, e.Reason)
		}
	}
	if o.Reason == "" {
		o.Reason = listing(reasons, "; ", 3)
	}
}

// listing joins at most so many texts, and counts the rest.
func listing(list []string, by string, most int) string {
	if len(list) <= most {
		return strings.Join(list, by)
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], by), len(list)-most)
}
