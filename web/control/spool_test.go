package control

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/status"
	"orac/web/audit"
)

// TestWhatIsDoneWithAnUtteranceIsRecorded: a retry, a drop and an export, with who did it; a look is not.
func TestWhatIsDoneWithAnUtteranceIsRecorded(t *testing.T) {
	var asked []status.SpoolRequest
	m := &model{status: healthy(), spool: func(r status.SpoolRequest) (status.SpoolAnswer, error) {
		asked = append(asked, r)
		switch r.Do {
		case status.SpoolDrop:
			return status.SpoolAnswer{}, &status.Refusal{Code: status.Unknown, Message: "there is none", Hint: "look"}
		case status.SpoolSound:
			return status.SpoolAnswer{WAV: []byte("RIFF")}, nil
		}
		return status.SpoolAnswer{Utterances: []status.Utterance{{ID: "a", State: "refused"}}}, nil
	}}
	dir := t.TempDir()
	log := audit.In(dir)
	startDaemon(t, dir, Audited{Daemon: m, Log: log}, time.Second)
	c := NewClient(dir)
	if a, err := c.Spool(t.Context(), status.SpoolRequest{Do: status.SpoolList}); err != nil || len(a.Utterances) != 1 || a.Utterances[0].ID != "a" {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := c.Spool(t.Context(), status.SpoolRequest{Do: status.SpoolSound, ID: "a"}); err != nil || string(a.WAV) != "RIFF" {
		t.Errorf("%+v, %v", a, err)
	}
	_, err := c.Spool(t.Context(), status.SpoolRequest{Do: status.SpoolDrop, ID: "b"})
	if r, ok := errors.AsType[*status.Refusal](err); !ok || r.Code != status.Unknown || r.Hint != "look" {
		t.Errorf("%v", err)
	}
	if _, err := c.Spool(t.Context(), status.SpoolRequest{Do: status.SpoolRetry, ID: "a"}); err != nil || len(asked) != 4 {
		t.Errorf("%v, %v", asked, err)
	}
	list, err := log.Page(0, 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, r := range slices.Backward(list) {
		if !strings.HasPrefix(r.Who, "unix:") {
			t.Errorf("%+v", r)
		}
		told = append(told, r.Action+" "+r.Target+" "+string(r.Outcome))
	}
	want := []string{
		"utterance.listen a " + string(audit.Attempt), "utterance.listen a " + string(audit.Done),
		"utterance.drop b " + string(audit.Attempt), "utterance.drop b " + string(audit.Failed),
		"utterance.retry a " + string(audit.Attempt), "utterance.retry a " + string(audit.Done),
	}
	if !slices.Equal(told, want) {
		t.Errorf("recorded %q, want %q", told, want)
	}
}
