package store

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"orac/appliance/record"
	"orac/runbook/testkit"
)

func command(n int) record.Command {
	return record.Command{ID: fmt.Sprint("evt-u", n), Topic: "general", At: noon.Add(time.Duration(n) * time.Minute), Utterance: fmt.Sprint("u", n), From: "listener.kitchen",
		Tier: "sentence", Result: "done", Answer: fmt.Appendf(nil, `{"ID":"evt-u%d"}`, n)}
}

// TestCommandsAreKept: over a restart, beside their utterance and their wake, each once; what was not acted on is replaced when it comes again.
func TestCommandsAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orac.db")
	s := mustOpen(t, path)
	late, typed := command(2), command(3)
	late.Result, late.Tier, typed.Utterance, typed.Topic = "refused", "", "", "garden"
	again := command(1)
	again.Result = "failed"
	for _, c := range []record.Command{command(1), again, late, typed, command(2)} {
		testkit.Must(t, s.SaveCommand(c))
	}
	testkit.Must(t, s.AddDetection(detection(1)))
	testkit.Must(t, s.SaveUtterance(utterance(1)))
	big := command(4)
	if big.Answer = []byte(strings.Repeat("x", record.MaxAnswer+1)); s.SaveCommand(big) == nil {
		t.Error("an answer over the limit was kept")
	}
	testkit.Must(t, s.Close())

	s = mustOpen(t, path)
	for _, c := range []struct {
		fit  Commands
		want []record.Command
	}{
		{Commands{}, []record.Command{typed, command(2), command(1)}},
		{Commands{Topic: "general"}, []record.Command{command(2), command(1)}},
		{Commands{Result: "failed"}, nil},
		{Commands{Topic: "garden", Result: "done", Tier: "sentence"}, []record.Command{typed}},
	} {
		list, next, err := s.Commands(Page{}, c.fit)
		if diff := cmp.Diff(c.want, list); diff != "" || next != 0 || err != nil {
			t.Errorf("%+v: next %d, %v\n%s", c.fit, next, err, diff)
		}
	}
	list, next, err := s.Commands(Page{Limit: 2}, Commands{})
	rest, last, err2 := s.Commands(Page{Limit: 2, Before: next}, Commands{})
	if err != nil || err2 != nil || len(list) != 2 || next == 0 || len(rest) != 1 || last != 0 {
		t.Errorf("pages: %d, next %d; %d, next %d; %v, %v", len(list), next, len(rest), last, err, err2)
	}
	told, _, err := s.Utterances(Page{})
	testkit.Must(t, err)
	if diff := cmp.Diff([]record.Command{command(1)}, told[0].Commands); diff != "" {
		t.Error(diff)
	}
	of, err := s.CommandsOf([]string{"d1", "d2"})
	if diff := cmp.Diff(map[string][]record.Command{"d1": {command(1)}}, of); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}
