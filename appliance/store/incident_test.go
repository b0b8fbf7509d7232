package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"orac/appliance/record"
	"orac/appliance/status"
	"orac/runbook/testkit"
)

func incidentNo(n int) status.Incident {
	at := noon.Add(time.Duration(n) * time.Minute)
	return status.Incident{ID: fmt.Sprint("i", n), Component: "source.usb", Cause: "no sound for 2s", Detected: at,
		Recovered: at.Add(3 * time.Second), Duration: 2900 * time.Millisecond, Actions: []string{"killed", "opened"}, Evidence: "stacks"}
}

func restartNo(n int) record.Restart {
	return record.Restart{ID: fmt.Sprint("r", n), Component: "source.usb", Reason: "stuck", At: noon.Add(time.Duration(n) * time.Minute), Duration: 41 * time.Millisecond}
}

func TestIncidentsAndRestartsAreRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orac.db")
	s := mustOpen(t, path)
	testkit.Must(t, s.SaveIncident(incidentNo(1)))
	testkit.Must(t, s.AddRestart(restartNo(1)))
	testkit.Must(t, s.Close())
	s = mustOpen(t, path)
	got, err := s.Incident("i1")
	testkit.Must(t, err)
	if diff := cmp.Diff(incidentNo(1), got); diff != "" {
		t.Error(diff)
	}
	list, next, err := s.Incidents(Page{})
	testkit.Must(t, err)
	plain := incidentNo(1)
	plain.Evidence = ""
	if diff := cmp.Diff([]status.Incident{plain}, list); diff != "" || next != 0 {
		t.Error(diff, next)
	}
	restarts, next, err := s.Restarts(Page{})
	testkit.Must(t, err)
	if diff := cmp.Diff([]record.Restart{restartNo(1)}, restarts); diff != "" || next != 0 {
		t.Error(diff, next)
	}
	if _, err := s.Incident("i2"); !errors.Is(err, ErrUnknown) {
		t.Errorf("an unknown incident: %v", err)
	}
}

func TestSavingAnIncidentAgain(t *testing.T) {
	s := newStore(t)
	opened := incidentNo(1)
	opened.Recovered, opened.Duration, opened.Actions = time.Time{}, 0, nil
	acted := opened
	acted.Actions = []string{"killed"}
	for _, i := range []status.Incident{opened, opened, acted, opened} {
		testkit.Must(t, s.SaveIncident(i))
	}
	got, err := s.Incident("i1")
	testkit.Must(t, err)
	if diff := cmp.Diff(acted, got); diff != "" {
		t.Errorf("going on:\n%s", diff)
	}
	for _, i := range []status.Incident{incidentNo(1), opened, acted} {
		testkit.Must(t, s.SaveIncident(i))
	}
	if got, err = s.Incident("i1"); err != nil || cmp.Diff(incidentNo(1), got) != "" {
		t.Errorf("over: %v\n%s", err, cmp.Diff(incidentNo(1), got))
	}
	again := restartNo(1)
	testkit.Must(t, s.AddRestart(again))
	again.Reason = "another"
	testkit.Must(t, s.AddRestart(again))
	if list, _, err := s.Restarts(Page{}); err != nil || len(list) != 1 || list[0].Reason != "stuck" {
		t.Errorf("%v, %v", list, err)
	}
}

func TestEndIncidents(t *testing.T) {
	s := newStore(t)
	open := incidentNo(1)
	open.Recovered, open.Duration, open.Actions = time.Time{}, 0, []string{"killed"}
	testkit.Must(t, s.SaveIncident(open))
	testkit.Must(t, s.SaveIncident(incidentNo(2)))
	n, err := s.EndIncidents(open.Detected.Add(time.Minute), "orac was started again")
	testkit.Must(t, err)
	got, err := s.Incident("i1")
	testkit.Must(t, err)
	open.Recovered, open.Duration, open.Actions = open.Detected.Add(time.Minute), time.Minute, []string{"killed", "orac was started again"}
	if diff := cmp.Diff(open, got); diff != "" || n != 1 {
		t.Errorf("%d ended\n%s", n, diff)
	}
	if got, _ := s.Incident("i2"); cmp.Diff(incidentNo(2), got) != "" {
		t.Errorf("one that was over changed: %+v", got)
	}
}

func TestPagesOfIncidents(t *testing.T) {
	s := newStore(t)
	for n := range 7 {
		testkit.Must(t, s.SaveIncident(incidentNo(n)))
		testkit.Must(t, s.AddRestart(restartNo(n)))
	}
	var got []string
	for page := (Page{Limit: 3}); ; {
		list, next, err := s.Incidents(page)
		testkit.Must(t, err)
		for _, i := range list {
			got = append(got, i.ID)
		}
		if page.Before = next; next == 0 {
			break
		}
	}
	if diff := cmp.Diff([]string{"i6", "i5", "i4", "i3", "i2", "i1", "i0"}, got); diff != "" {
		t.Error(diff)
	}
	if list, next, err := s.Restarts(Page{Limit: 2}); err != nil || len(list) != 2 || list[0].ID != "r6" || next == 0 {
		t.Errorf("%v, next %d, %v", list, next, err)
	}
}

// TestRestartsAreCountedByAge: whatever the wall clock said at each, and none of a timeline that is no more.
func TestRestartsAreCountedByAge(t *testing.T) {
	s := newStore(t)
	for n, r := range []record.Restart{{At: time.Unix(0, 0), Age: 10 * time.Minute}, {At: time.Unix(3e9, 0), Age: 30 * time.Minute}, {At: noon, Age: 50 * time.Minute}, {At: noon, Age: 500 * time.Hour}, {At: noon}} {
		r.ID, r.Component = fmt.Sprint("r", n), "orac"
		testkit.Must(t, s.AddRestart(r))
	}
	for _, c := range []struct {
		component   string
		now, within time.Duration
		want        int
	}{{"orac", 50 * time.Minute, time.Hour, 3}, {"orac", 50 * time.Minute, 30 * time.Minute, 2}, {"orac", 80 * time.Minute, 30 * time.Minute, 0}, {"source.usb", time.Hour, time.Hour, 0}} {
		if n, err := s.RestartsWithin(c.component, c.now, c.within); n != c.want || err != nil {
			t.Errorf("%+v: %d restarts, %v", c, n, err)
		}
	}
}

func TestPruneIncidents(t *testing.T) {
	s := newStore(t)
	for n := range 10 {
		testkit.Must(t, s.SaveIncident(incidentNo(n)))
		testkit.Must(t, s.AddRestart(restartNo(n)))
	}
	n, err := s.Prune(at(100*time.Hour), true, 58*time.Minute, 3)
	testkit.Must(t, err)
	list, _, err := s.Incidents(Page{})
	testkit.Must(t, err)
	restarts, _, err := s.Restarts(Page{})
	testkit.Must(t, err)
	if n != 14 || len(list) != 3 || list[2].ID != "i7" || len(restarts) != 3 || restarts[2].ID != "r7" {
		t.Errorf("%d deleted; %v, %v", n, list, restarts)
	}
}

// TestPruneEvidence: the newest incidents keep their evidence; the others stay without.
func TestPruneEvidence(t *testing.T) {
	s := newStore(t)
	for n := range evidenceKept + 1 {
		i := incidentNo(n)
		i.Evidence = strings.Repeat("x", 100)
		testkit.Must(t, s.SaveIncident(i))
	}
	_, err := s.Prune(at(0), true, time.Hour, 100_000)
	testkit.Must(t, err)
	for id, want := range map[string]int{"i0": 0, "i1": 100, fmt.Sprint("i", evidenceKept): 100} {
		if i, err := s.Incident(id); err != nil || len(i.Evidence) != want {
			t.Errorf("%s: %d bytes of evidence, want %d; %v", id, len(i.Evidence), want, err)
		}
	}
}

// TestOldSchemaGrows: a database of the version before opens, keeps its rows, and takes incidents.
func TestOldSchemaGrows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orac.db")
	s := mustOpen(t, path)
	testkit.Must(t, s.AddDetection(detection(1)))
	testkit.Must(t, s.SaveUtterance(utterance(1)))
	testkit.Must(t, s.SaveDelivery(record.Delivery{UtteranceID: "u1", STT: "whisper", Outcome: record.Delivered}, &record.Transcript{UtteranceID: "u1", STT: "whisper", Text: "yes"}))
	_, err := s.db.Exec("DROP TABLE incidents; DROP TABLE restarts; DROP TABLE verdicts; DROP TABLE marks; DROP TABLE commands; DROP TABLE mutes; DROP INDEX utterances_detection; ALTER TABLE transcripts DROP COLUMN original; ALTER TABLE deliveries DROP COLUMN seconds; ALTER TABLE utterances DROP COLUMN server; ALTER TABLE utterances DROP COLUMN peer; PRAGMA user_version = 1")
	testkit.Must(t, err)
	testkit.Must(t, s.Close())
	s = mustOpen(t, path)
	testkit.Must(t, s.SaveIncident(incidentNo(1)))
	testkit.Must(t, s.SaveCommand(command(1)))
	testkit.Must(t, s.AddMute(muteNo(1)))
	if list, _, err := s.Detections(Page{}); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
	testkit.Must(t, s.SaveDelivery(record.Delivery{UtteranceID: "u1", STT: "other", Outcome: record.Empty}, &record.Transcript{UtteranceID: "u1", STT: "other", Original: "[BLANK_AUDIO]"}))
	list, _, err := s.Utterances(Page{})
	if err != nil || len(list) != 1 || len(list[0].Transcripts) != 2 || list[0].Transcripts[0].Original != "[BLANK_AUDIO]" || list[0].Transcripts[1].Text != "yes" {
		t.Errorf("%+v, %v", list, err)
	}
	if c, err := s.Counts(time.Time{}); err != nil || c.Transcripts != 1 {
		t.Errorf("a text of nothing counts as a transcript: %+v, %v", c, err)
	}
}

// TestOldMarksStay: the marks of a version that knew nothing of what is owed say that nothing was.
func TestOldMarksStay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orac.db")
	s := mustOpen(t, path)
	for n, age := range []time.Duration{10 * time.Hour, 10*time.Hour + 30*time.Minute} {
		testkit.Must(t, s.AddDetection(detection(n)))
		_, err := s.Prune(at(age), true, time.Hour, 100)
		testkit.Must(t, err)
	}
	_, err := s.db.Exec("DROP TABLE commands; DROP TABLE mutes; DROP INDEX utterances_detection; ALTER TABLE marks DROP COLUMN commands; ALTER TABLE marks DROP COLUMN mutes; ALTER TABLE marks DROP COLUMN seen; ALTER TABLE utterances DROP COLUMN server; ALTER TABLE utterances DROP COLUMN peer; PRAGMA user_version = 6")
	testkit.Must(t, err)
	testkit.Must(t, s.Close())
	s = mustOpen(t, path)
	for _, c := range []struct {
		age  time.Duration
		want int
	}{{time.Minute, 0}, {30 * time.Minute, 0}, {31 * time.Minute, 1}, {time.Hour, 0}, {61 * time.Minute, 1}} { // the age was lost
		if n, err := s.Prune(at(c.age), true, time.Hour, 100); n != c.want || err != nil {
			t.Errorf("at %v %d rows are deleted, want %d; %v", c.age, n, c.want, err)
		}
	}
}

// TestWhoSentAnUtteranceStays with it.
func TestWhoSentAnUtteranceStays(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "orac.db"))
	u := utterance(1)
	u.Server, u.Peer = "house", "service:hey_orac"
	testkit.Must(t, s.SaveUtterance(u))
	testkit.Must(t, s.SaveUtterance(utterance(2)))
	list, _, err := s.Utterances(Page{})
	if err != nil || len(list) != 2 || list[1].Server != "house" || list[1].Peer != "service:hey_orac" || list[0].Peer != "" {
		t.Errorf("%+v, %v", list, err)
	}
}
