package console

import (
	"strings"
	"testing"
	"time"

	"orac/appliance/record"
	"orac/appliance/sttrole"
	"orac/web/auth"
)

// TestWhatOthersSentIsInTheHistory: apart from the wakes of this appliance, with the sound for those who may hear it while the server has
// it.
func TestWhatOthersSentIsInTheHistory(t *testing.T) {
	r := newRig(t, Options{})
	r.app.Appliance.Heard = sttrole.State{}
	at := time.Now()
	for id, text := range map[string]string{"t1": "close the barn", "t2": "open the gate"} {
		r.must(r.app.Store.SaveUtterance(record.Utterance{ID: id, Server: "house", Peer: "service:barn", Started: at, Ended: at, Seconds: 2}))
		r.must(r.app.Store.SaveDelivery(record.Delivery{UtteranceID: id, STT: "house", Outcome: record.Delivered, At: at}, &record.Transcript{UtteranceID: id, STT: "house", Text: text}))
	}
	r.must(r.app.Store.SaveUtterance(record.Utterance{ID: "own", Started: at, Ended: at, Seconds: 1}))
	for role, sounds := range map[auth.Role]int{auth.Viewer: 0, auth.Operator: 1} { // the server of the rig has the sound of t1
		body := r.get(role, "/history?from=others").Body.String()
		if strings.Count(body, `<li class="row">`) != 2 || strings.Count(body, "data-play") != sounds || !strings.Contains(body, "close the barn") || !strings.Contains(body, "service:barn") {
			t.Errorf("as %s:\n%s", role, body)
		}
	}
	if body := r.get(auth.Viewer, "/history?from=others&text=gate").Body.String(); strings.Contains(body, "barn</q>") || !strings.Contains(body, "open the gate") {
		t.Errorf("the filter:\n%s", body)
	}
	if body := r.get(auth.Viewer, "/history").Body.String(); strings.Contains(body, "close the barn") {
		t.Error("it is among the wakes of this appliance")
	}
}
