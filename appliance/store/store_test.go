package store

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"orac/appliance/provenclock"
	"orac/appliance/record"
	"orac/runbook/testkit"
)

var noon = time.UnixMicro(1_768_640_400_123_456)

func mustOpen(t *testing.T, path string) *Store {
	t.Helper()
	s, aside, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if aside != nil {
		t.Fatalf("set aside: %v", aside)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func newStore(t *testing.T) *Store { return mustOpen(t, filepath.Join(t.TempDir(), "orac.db")) }

func detection(n int) record.Detection {
	return record.Detection{ID: fmt.Sprint("d", n), At: noon.Add(time.Duration(n) * time.Minute), Device: "usb", Listener: "kitchen",
		Model: "timer", Class: "5_minute_timer", WakeWord: "timer", Score: 0.875, Threshold: 0.5}
}

func utterance(n int) record.Utterance {
	start := noon.Add(time.Duration(n) * time.Minute)
	return record.Utterance{ID: fmt.Sprint("u", n), DetectionID: fmt.Sprint("d", n), Listener: "kitchen", Started: start,
		Ended: start.Add(3 * time.Second), Seconds: 3, Why: "silence"}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orac.db")
	s := mustOpen(t, path)
	testkit.Must(t, s.AddDetection(detection(1)))
	testkit.Must(t, s.SaveUtterance(utterance(1)))
	d := record.Delivery{UtteranceID: "u1", STT: "whisper", Outcome: record.Delivered, Attempts: 2, Way: "http", At: noon, Error: "busy", Seconds: 1.5}
	text := record.Transcript{UtteranceID: "u1", STT: "whisper", Text: "turn on the lights", Confidence: 0.75, Language: "en", ProcessingTime: 1500 * time.Microsecond}
	testkit.Must(t, s.SaveDelivery(d, &text))
	testkit.Must(t, s.Close())

	s = mustOpen(t, path)
	detections, next, err := s.Detections(Page{})
	testkit.Must(t, err)
	if diff := cmp.Diff([]record.Detection{detection(1)}, detections); diff != "" || next != 0 {
		t.Errorf("detections, next %d:\n%s", next, diff)
	}
	utterances, _, err := s.Utterances(Page{})
	testkit.Must(t, err)
	want := []record.Told{{Utterance: utterance(1), Deliveries: []record.Delivery{d}, Transcripts: []record.Transcript{text}}}
	if diff := cmp.Diff(want, utterances); diff != "" {
		t.Errorf("utterances:\n%s", diff)
	}
	counts, err := s.Counts(time.Time{})
	testkit.Must(t, err)
	if diff := cmp.Diff(Counts{1, 1, 0, 1, map[record.Outcome]int{record.Delivered: 1}}, counts); diff != "" {
		t.Errorf("counts:\n%s", diff)
	}
	counts, err = s.Counts(noon.Add(time.Hour))
	testkit.Must(t, err)
	if diff := cmp.Diff(Counts{Deliveries: map[record.Outcome]int{}}, counts); diff != "" {
		t.Errorf("counts of later:\n%s", diff)
	}
}

func TestRepeatingChangesNothing(t *testing.T) {
	s := newStore(t)
	changed := detection(1)
	changed.Score = 0.1
	testkit.Must(t, s.AddDetection(detection(1)))
	testkit.Must(t, s.AddDetection(changed))

	begun := utterance(1)
	begun.Ended, begun.Seconds, begun.Why = time.Time{}, 0, ""
	lost := utterance(1)
	lost.Lost = true
	for _, u := range []record.Utterance{begun, begun, utterance(1), begun, lost, utterance(1), begun} {
		testkit.Must(t, s.SaveUtterance(u))
	}

	failed := record.Delivery{UtteranceID: "u1", STT: "whisper", Outcome: record.Failed, Attempts: 1, At: noon, Error: "gone"}
	done := record.Delivery{UtteranceID: "u1", STT: "whisper", Outcome: record.Delivered, Attempts: 2, At: noon, Seconds: 0.25}
	testkit.Must(t, s.SaveDelivery(failed, nil))
	testkit.Must(t, s.SaveDelivery(done, &record.Transcript{UtteranceID: "u1", STT: "whisper", Text: "first"}))
	testkit.Must(t, s.SaveDelivery(failed, nil))
	testkit.Must(t, s.SaveDelivery(done, &record.Transcript{UtteranceID: "u1", STT: "whisper", Text: "second"}))

	detections, _, err := s.Detections(Page{})
	testkit.Must(t, err)
	if diff := cmp.Diff([]record.Detection{detection(1)}, detections); diff != "" {
		t.Errorf("detections:\n%s", diff)
	}
	utterances, _, err := s.Utterances(Page{})
	testkit.Must(t, err)
	want := []record.Told{{Utterance: lost, Deliveries: []record.Delivery{done}, Transcripts: []record.Transcript{{UtteranceID: "u1", STT: "whisper", Text: "first"}}}}
	if diff := cmp.Diff(want, utterances); diff != "" {
		t.Errorf("utterances:\n%s", diff)
	}
}

func TestPages(t *testing.T) {
	s := newStore(t)
	for n := range 7 {
		testkit.Must(t, s.AddDetection(detection(n)))
		testkit.Must(t, s.SaveUtterance(utterance(n)))
	}
	var got []string
	for page := (Page{Limit: 3}); ; {
		list, next, err := s.Detections(page)
		testkit.Must(t, err)
		for _, d := range list {
			got = append(got, d.ID)
		}
		if page.Before = next; next == 0 {
			break
		}
	}
	if diff := cmp.Diff([]string{"d6", "d5", "d4", "d3", "d2", "d1", "d0"}, got); diff != "" {
		t.Error(diff)
	}
	list, next, err := s.Utterances(Page{Limit: 2})
	testkit.Must(t, err)
	if len(list) != 2 || list[0].ID != "u6" || next == 0 {
		t.Errorf("%d utterances, next %d", len(list), next)
	}
}

func TestPrune(t *testing.T) {
	s := newStore(t)
	for n := range 10 {
		testkit.Must(t, s.AddDetection(detection(n)))
		testkit.Must(t, s.SaveUtterance(utterance(n)))
		testkit.Must(t, s.SaveDelivery(record.Delivery{UtteranceID: fmt.Sprint("u", n), STT: "whisper", Outcome: record.Delivered, At: noon},
			&record.Transcript{UtteranceID: fmt.Sprint("u", n), STT: "whisper", Text: "words"}))
		testkit.Must(t, s.SaveCommand(command(n)))
		testkit.Must(t, s.AddMute(muteNo(n)))
	}
	check := func(what string, deleted, wantDeleted, left int) {
		t.Helper()
		c, err := s.Counts(time.Time{})
		testkit.Must(t, err)
		want := Counts{left, left, 0, left, map[record.Outcome]int{record.Delivered: left}}
		if diff := cmp.Diff(want, c); diff != "" || deleted != wantDeleted {
			t.Errorf("%s: %d deleted, want %d\n%s", what, deleted, wantDeleted, diff)
		}
	}
	n, err := s.Prune(at(100*time.Hour), true, time.Hour, 3)
	testkit.Must(t, err)
	check("by number", n, 28, 3)
	n, err = s.Prune(at(100*time.Hour), true, time.Hour, 3)
	testkit.Must(t, err)
	check("again", n, 0, 3)
	if _, err := s.Prune(at(noon.Sub(time.Unix(0, 0))), true, 0, 3); err == nil {
		t.Error("a retention of 0 was taken")
	}
}

// at is a moment at which nothing is owed.
func at(age time.Duration) provenclock.Point { return provenclock.Point{Age: age, Born: age} }

// TestRowsGoByAge: a row goes when the state directory is older by the retention than at the first Prune that saw it, whatever
// the wall clock said when it was written. Where the age begins anew no row becomes older.
func TestRowsGoByAge(t *testing.T) {
	s := newStore(t)
	said := 0
	write := func(walls ...time.Time) {
		t.Helper()
		for _, at := range walls {
			d, u, i, r := detection(said), utterance(said), incidentNo(said), restartNo(said)
			d.At, u.Started, i.Detected, r.At = at, at, at, at
			testkit.Must(t, s.AddDetection(d))
			testkit.Must(t, s.SaveUtterance(u))
			testkit.Must(t, s.SaveIncident(i))
			testkit.Must(t, s.AddRestart(r))
			testkit.Must(t, s.SaveCommand(command(said)))
			testkit.Must(t, s.AddMute(muteNo(said)))
			said++
		}
	}
	owed := func(age, owed time.Duration, want int) {
		t.Helper()
		if n, err := s.Prune(provenclock.Point{Age: age, Born: age + owed}, true, time.Hour, 100); err != nil || n != 6*want {
			t.Errorf("at the age %v, with %v owed: %d rows are deleted, want %d; %v", age, owed, n, 6*want, err)
		}
	}
	prune := func(age time.Duration, want int) {
		t.Helper()
		owed(age, 0, want)
	}
	write(time.Unix(0, 0), time.Unix(3e9, 0), noon)
	prune(900*time.Hour, 0) // the history is older than the clock: it was never seen before
	write(time.Unix(0, 0))
	prune(900*time.Hour+59*time.Minute, 0)
	write(time.Unix(3e9, 0), noon)
	prune(901*time.Hour, 3)
	prune(901*time.Hour, 0)
	prune(time.Minute, 0) // the age was lost: what was 1 minute old is 1 minute old
	prune(time.Hour-1, 0)
	prune(time.Hour+time.Minute, 1)
	prune(2*time.Hour-2*time.Microsecond, 0)
	prune(2*time.Hour-time.Microsecond, 2)
	prune(9000*time.Hour, 0)
	for n := range 100 {
		prune(9000*time.Hour+time.Duration(n)*time.Minute, 0)
	}
	var marks int
	testkit.Must(t, s.db.QueryRow("SELECT count(*) FROM marks").Scan(&marks))
	if marks > 8 {
		t.Errorf("there are %d marks", marks)
	}
	write(noon)
	const late = 20_000 * time.Hour
	owed(late, 5*time.Hour, 0) // what is owed from before a row ages it by nothing
	prune(late+6*time.Hour-1, 0)
	prune(late+6*time.Hour, 1)
	write(noon)
	owed(late+7*time.Hour, 5*time.Hour, 0)
	prune(late+8*time.Hour, 0) // what was owed is taken back, and the row is there now
	prune(late+9*time.Hour-1, 0)
	prune(late+9*time.Hour, 1)
	write(noon)
	owed(late+10*time.Hour, 0, 0)
	owed(late+8*time.Hour, 2*time.Hour, 0) // the process was killed, and what it lost is owed: the row stays where it was noted
	owed(late+10*time.Hour, 0, 0)
	prune(late+11*time.Hour, 1)
	write(noon)
	prune(late+12*time.Hour, 0)
	for range 3 { // while the age is not known
		if n, err := s.Prune(at(late+99*time.Hour), false, time.Hour, 100); n != 0 || err != nil {
			t.Errorf("%d rows are deleted, %v", n, err)
		}
	}
	write(noon)
	if n, err := s.Prune(provenclock.Point{}, false, time.Hour, 1); n != 6 || err != nil {
		t.Errorf("of 2 rows of each table, where 1 is kept, %d are deleted in all; %v", n, err)
	}
}

func TestUnknownOutcomeIsRefused(t *testing.T) {
	if err := newStore(t).SaveDelivery(record.Delivery{UtteranceID: "u1", STT: "whisper", Outcome: "perhaps"}, nil); err == nil {
		t.Error("taken")
	}
}
