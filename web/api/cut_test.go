package api

import (
	"encoding/json"
	"testing"
	"time"

	"orac/appliance/record"
	"orac/web/auth"
)

// TestTheHistoryTellsWhatWasCutOffAndHowLongADeliveryTook.
func TestTheHistoryTellsWhatWasCutOffAndHowLongADeliveryTook(t *testing.T) {
	r := newRig(t)
	at := time.Now()
	for id, why := range map[string]string{"u1": "stopped", "u2": "silence", "u3": "limit", "u4": "the sound is over"} {
		r.must(r.app.Store.SaveUtterance(record.Utterance{ID: id, Started: at, Ended: at, Seconds: 1, Why: why}))
		r.must(r.app.Store.SaveDelivery(record.Delivery{UtteranceID: id, STT: "w", Outcome: record.Delivered, Way: "ws", At: at, Seconds: 0.7}, nil))
	}
	var page struct {
		Utterances []struct {
			ID, Why    string
			Cut        bool
			Deliveries []struct{ Seconds float64 }
		}
	}
	r.must(json.Unmarshal(r.call(auth.Viewer, "GET", "/api/utterances", nil).Body.Bytes(), &page))
	cut := map[string]bool{"u1": true, "u3": true}
	for _, u := range page.Utterances {
		if u.Cut != cut[u.ID] || len(u.Deliveries) != 1 || u.Deliveries[0].Seconds != 0.7 {
			t.Errorf("%+v", u)
		}
	}
	if len(page.Utterances) != 4 {
		t.Errorf("%d utterances", len(page.Utterances))
	}
}
