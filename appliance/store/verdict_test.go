package store

import (
	"errors"
	"testing"
	"time"

	"orac/runbook/testkit"

	"github.com/google/go-cmp/cmp"
)

func TestVerdicts(t *testing.T) {
	s := newStore(t)
	for n := range 3 {
		testkit.Must(t, s.AddDetection(detection(n)))
	}
	judge := func(n int, wrong bool) error {
		return s.SaveVerdict(Verdict{DetectionID: detection(n).ID, FalseWake: wrong, Who: "anna", At: noon})
	}
	testkit.Must(t, judge(0, true))
	testkit.Must(t, judge(1, true))
	testkit.Must(t, judge(1, false)) // a second thought
	if err := s.SaveVerdict(Verdict{DetectionID: "none", Who: "anna", At: noon}); !errors.Is(err, ErrUnknown) {
		t.Errorf("of a detection that there is not: %v", err)
	}
	got, err := s.Verdicts([]string{detection(0).ID, detection(1).ID, detection(2).ID, "none", "' OR 1=1 --"})
	if d := cmp.Diff(map[string]bool{detection(0).ID: true, detection(1).ID: false}, got); d != "" || err != nil {
		t.Error(d, err)
	}
	judged, err := s.Judged(time.Time{})
	if n := len(judged[detection(0).Model]); err != nil || n != 2 {
		t.Errorf("%v, %v", judged, err)
	}
	if _, err := s.Prune(at(0), true, time.Hour, 1); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Verdicts([]string{detection(0).ID, detection(1).ID}); err != nil || len(got) != 0 {
		t.Errorf("verdicts outlive their detections: %v, %v", got, err)
	}
}
