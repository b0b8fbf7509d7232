package event

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"orac/appliance/thread"
)

// TestStepsHoldNoSpeech: what was said in the room makes no difference to steps and counts, and whatever an event holds, its steps have names
// that do not differ from command to command.
func TestStepsHoldNoSpeech(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := draw(t, &Kinds[rapid.IntRange(0, len(Kinds)-1).Draw(t, "kind")])
		var spoken, unspoken Tally
		spoken.Add(e)
		unspoken.Add(e.Unspoken())
		silent := e.Unspoken()
		if served, ok := e.Body.(Served); ok && served.Text != "" { // whether there was a text is counted
			return
		} else if answered, ok := e.Body.(Answered); ok && answered.Text != "" {
			return
		}
		if !reflect.DeepEqual(e.Steps(), silent.Steps()) || !reflect.DeepEqual(spoken.Counts(), unspoken.Counts()) {
			t.Fatalf("%+v", e)
		}
		for _, s := range e.Steps() {
			if !regexp.MustCompile(`^[a-z]+$`).MatchString(s.Name) || s.ID() != strings.TrimSpace(s.Name+" "+s.Key) && s.Key != "" && s.ID() != s.Name+" "+s.Key {
				t.Fatalf("%+v", s)
			}
		}
	})
}

// TestAReasonThatRepeatsWhatWasSaidIsWithheld: programs and servers that were told it give reasons, too.
func TestAReasonThatRepeatsWhatWasSaidIsWithheld(t *testing.T) {
	for reason, want := range map[string]bool{
		`the program failed (exit status 1); it said: no “Open, the SAFE!” here`: false,
		"open the safe":      false,
		"reopen the safes":   true,
		"it took too long":   true,
		"":                   true,
		"the safe is closed": true,
	} {
		e := Event{Body: Acted{Text: "Open the safe.", Result: "failed", Reason: reason, Calls: []ActedCall{{Number: 1, Sent: time.Unix(1, 0), Verdict: "failed", Reason: reason}}}}
		failed := 0
		for _, s := range e.Steps() {
			if s.Fails != "" || reason == "" {
				failed++
			}
			if s.Fails != "" && (s.Fails == reason) != want {
				t.Errorf("%q: %q", reason, s.Fails)
			}
		}
		if failed < 2 || e.Body.(Acted).Calls[0].Reason != reason || (e.Unspoken().Body.(Acted).Calls[0].Reason == reason) != want {
			t.Errorf("%q: %+v", reason, e)
		}
	}
	if r := (Acted{Text: "no", Reason: "no such lamp"}).unspoken().(Acted).Reason; r != "no such lamp" {
		t.Error(r)
	}
}

// TestIDsOfSteps: who makes a call knows the ID of the step that an event tells afterwards.
func TestIDsOfSteps(t *testing.T) {
	at := time.Unix(100, 7)
	for want, b := range map[string]Body{
		DeliverStep("whisper", 3): DeliveryStarted{Utterance: "u", STT: "whisper", Attempt: 3},
		ForwardStep("house", at):  Forwarded{Core: "house", Began: at},
		CallStep(at, 2):           Acted{Came: at, Calls: []ActedCall{{Number: 2, Sent: at}}, ReadAt: at},
		ReadStep(at):              Acted{Came: at, ReadAt: at},
		ServeStep("t"):            Served{Utterance: "t", Of: thread.Thread{ID: "r"}},
	} {
		found := false
		for _, s := range (Event{At: at, Body: b}).Steps() {
			found = found || s.ID() == want
		}
		if !found {
			t.Errorf("%s is not among the steps of %+v", want, b)
		}
	}
}

// TestCounters: each row counts something, names no more labels than it gives, and the number of series is bounded.
func TestCounters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var y Tally
		e := draw(t, &Kinds[rapid.IntRange(0, len(Kinds)-1).Draw(t, "kind")])
		y.Add(e)
		for _, c := range y.Counts() {
			for _, row := range Counters {
				if row.Name == c.Name && (len(row.Labels) != len(c.Labels) || row.Seconds != (c.Under != nil) || c.N != 1) {
					t.Fatalf("%+v", c)
				}
			}
		}
	})
	counted := map[string]bool{}
	for _, b := range []Body{
		Wake{}, RecordingEnded{}, Dropped{}, Delivered{}, DeliveryFailed{}, DeliveryRepeated{}, DeviceOpened{}, DeviceLost{}, Overrun{}, Engine{State: "failed"}, Served{}, Answered{}, Forwarded{}, Acted{},
		TimerEnded{}, BackendHealth{}, WebhookTaken{}, WebhookFailed{}, Muted{}, SoundPlayed{}, SpeakerLost{}, HomeOver{}, HomeLeft{}, BrokerLost{},
	} {
		var y Tally
		y.Add(Event{Body: b})
		for _, c := range y.Counts() {
			counted[c.Name] = true
		}
	}
	for _, c := range Counters {
		if !counted[c.Name] {
			t.Errorf("nothing is counted as %s", c.Name)
		}
	}
	var y Tally
	for i := range 3 * maxSeries {
		y.Add(Event{Body: Wake{Model: strings.Repeat("x", i)}})
	}
	if n := len(y.Counts()); n != maxSeries {
		t.Errorf("%d series", n)
	}
}
