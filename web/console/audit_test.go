package console

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"orac/web/audit"
	"orac/web/auth"
)

// TestAnAttemptAndItsOutcomeAreOneRow, whatever else is recorded in between.
func TestAnAttemptAndItsOutcomeAreOneRow(t *testing.T) {
	at := time.Now()
	line := func(seq int, who, request, action, target string, o audit.Outcome) audit.Line {
		return audit.Line{Record: audit.Record{Seq: uint64(seq), At: at.Add(time.Duration(seq) * time.Second), Who: who, Request: request, Action: action, Target: target, Outcome: o}}
	}
	records := []audit.Line{ // the newest first
		line(9, "user:anna", "R9", "key.create", "k", audit.Attempt), // goes on
		line(8, "unix:root", "", "runbook.apply", "orac.hcl", audit.Failed),
		line(7, "user:anna", "R5", "runbook.apply", "orac.hcl", audit.Done),
		line(6, "unix:root", "", "runbook.apply", "orac.hcl", audit.Attempt),
		line(5, "user:anna", "R5", "runbook.apply", "orac.hcl", audit.Attempt),
		line(4, "user:anna", "R4", "login", "", audit.Done), // has no attempt
		line(3, "user:ben", "R2", "setup", "ben", audit.Done),
		line(2, "", "R2", "setup", "ben", audit.Attempt), // nobody was logged in then
	}
	var got []string
	for _, r := range joined(records) {
		got = append(got, fmt.Sprint(r.Seq, " ", r.Attempt, " ", r.Action, " ", r.Outcome, " ", r.Unended(), " ", r.Took()))
	}
	want := []string{"9 0 key.create attempt true 0s", "8 6 runbook.apply failed false 2s", "7 5 runbook.apply done false 2s", "4 0 login done false 0s", "3 2 setup done false 1s"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestARequestThatCallsItselfAsAnother hides nothing: its row and that of the other are two, each with its own attempt.
func TestARequestThatCallsItselfAsAnother(t *testing.T) {
	line := func(seq uint64, who, from, target string, o audit.Outcome) audit.Line {
		return audit.Line{Record: audit.Record{Seq: seq, Who: who, Role: "admin", Way: "session", From: from, Request: "same-request", Action: "user.remove", Target: target, Outcome: o}}
	}
	for name, other := range map[string][3]string{
		"another person":  {"user:eve", "192.0.2.1", "bob"},
		"another place":   {"user:anna", "192.0.2.9", "bob"},
		"another purpose": {"user:anna", "192.0.2.1", "eve"},
	} {
		records := []audit.Line{ // the newest first
			line(4, "user:anna", "192.0.2.1", "bob", audit.Failed),
			line(3, other[0], other[1], other[2], audit.Done),
			line(2, other[0], other[1], other[2], audit.Attempt),
			line(1, "user:anna", "192.0.2.1", "bob", audit.Attempt),
		}
		var got []string
		for _, r := range joined(records) {
			got = append(got, fmt.Sprint(r.Seq, " ", r.Attempt))
		}
		if diff := cmp.Diff([]string{"4 1", "3 2"}, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		// An outcome that is missing stays missing.
		if rows := joined([]audit.Line{records[1], records[3]}); len(rows) != 2 || !rows[1].Unended() {
			t.Errorf("%s: %+v", name, rows)
		}
	}
}

// TestNoRecordIsLeftOut: every outcome and every attempt without one is a row, once, on whichever page of the list.
func TestNoRecordIsLeftOut(t *testing.T) {
	r := newRig(t, Options{})
	var open []int
	for i := range 150 {
		request := fmt.Sprint("R", i)
		r.must(r.audit.Append(audit.Record{Who: "user:anna", Request: request, Action: "key.create", Target: fmt.Sprint("act ", i, "."), Outcome: audit.Attempt}))
		open = append(open, i)
		if i%7 == 3 { // its outcome comes later, among others
			continue
		}
		for _, j := range open {
			if j%50 != 49 { // that one never ends
				r.must(r.audit.Append(audit.Record{Who: "user:anna", Request: fmt.Sprint("R", j), Action: "key.create", Target: fmt.Sprint("act ", j, "."), Outcome: audit.Done}))
			}
		}
		open = nil
	}
	seen, path := map[string]int{}, "/audit?action=key.create"
	for pages := 0; path != ""; pages++ {
		if pages > 9 {
			t.Fatal("the list has no end")
		}
		body := r.get(auth.Admin, path).Body.String()
		for i := range 150 {
			seen[fmt.Sprint("act ", i, ".")] += strings.Count(body, fmt.Sprint("act ", i, "."))
		}
		_, link, found := strings.Cut(body, `rel="next" href="`)
		if path = ""; found {
			path, _, _ = strings.Cut(link, `"`)
			path = strings.ReplaceAll(path, "&amp;", "&")
		}
	}
	for what, n := range seen {
		if n != 1 {
			t.Errorf("%s stands in %d rows", what, n)
		}
	}
}

// TestJoinedLosesNothing: each record is in one row, as its outcome or as its attempt.
func TestJoinedLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var records []audit.Line
		for seq := rapid.IntRange(0, 60).Draw(t, "n"); seq > 0; seq-- {
			records = append(records, audit.Line{Record: audit.Record{
				Seq: uint64(seq), Request: rapid.SampledFrom([]string{"", "A", "B"}).Draw(t, "request"), Action: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "action"),
				Outcome: rapid.SampledFrom([]audit.Outcome{audit.Attempt, audit.Done, audit.Failed, audit.Denied}).Draw(t, "outcome"),
			}})
		}
		seen := map[uint64]int{}
		for _, r := range joined(records) {
			seen[r.Seq]++
			if r.Attempt > 0 {
				if seen[r.Attempt]++; r.Attempt > r.Seq || r.Unended() {
					t.Fatalf("%d is the attempt of %d", r.Attempt, r.Seq)
				}
			}
		}
		for _, r := range records {
			if seen[r.Seq] != 1 {
				t.Fatalf("record %d is in %d rows", r.Seq, seen[r.Seq])
			}
		}
	})
}
