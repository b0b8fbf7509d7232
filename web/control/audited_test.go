package control

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"orac/appliance/status"
	"orac/web/audit"
)

// TestChangesOverTheSocketAreRecorded: with the name of the user at the other end, as the kernel knows it.
func TestChangesOverTheSocketAreRecorded(t *testing.T) {
	done := 0
	m := &model{
		status: healthy(),
		apply: func(context.Context, status.ApplyRequest, func(string)) (status.Applied, error) {
			done++
			return status.Applied{OK: true, Generation: 4, Fetched: []status.Fetch{{Block: "model.far", Host: "models.example"}}}, nil
		},
		rollback: func(int, func(string)) (status.Applied, error) { done++; return status.Applied{}, errors.New("no") },
	}
	dir := t.TempDir()
	log := audit.In(dir)
	startDaemon(t, dir, Audited{Daemon: m, Log: log}, time.Second)
	c := NewClient(dir)
	if _, err := c.Apply(t.Context(), status.ApplyRequest{PlanRequest: status.PlanRequest{File: "/orac.hcl"}, Hash: "x"}, func(string) {}); err != nil {
		t.Fatal(err)
	}
	_, _ = c.Rollback(t.Context(), 2, func(string) {})
	list, err := log.Page(0, 10, nil)
	if err != nil || len(list) != 4 {
		t.Fatalf("%+v, %v", list, err)
	}
	for i, want := range []audit.Outcome{audit.Failed, audit.Attempt, audit.Done, audit.Attempt} {
		if r := list[i]; r.Outcome != want || !strings.HasPrefix(r.Who, "unix:") || r.Way != "socket" {
			t.Errorf("%d: %+v", i, r)
		}
	}
	if after := fmt.Sprint(list[2].After); !strings.Contains(after, "models.example") {
		t.Errorf("the record does not say what was fetched: %s", after)
	}
	if err := errors.Join(os.Remove(dir+"/audit.log"), os.Mkdir(dir+"/audit.log", 0o700)); err != nil {
		t.Fatal(err)
	}
	_, err = c.Apply(t.Context(), status.ApplyRequest{PlanRequest: status.PlanRequest{File: "/orac.hcl"}, Hash: "x"}, func(string) {})
	if err == nil || done != 2 {
		t.Errorf("without a record it is done %d times: %v", done, err)
	}
}
