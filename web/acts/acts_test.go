package acts

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/appliance/amount"
	"orac/appliance/status"
	"orac/web/schema"
)

// TestWhatIsShownOfAnAnswer: nothing is left out that decides whether it succeeded, no list is null, and numbers have their units.
func TestWhatIsShownOfAnAnswer(t *testing.T) {
	half := 50.0
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		is   act.Answer
		want string // parts of the JSON
	}{
		"nothing": {act.Answer{}, `"understood":false "executed":false "verified":false "near":[] "commands":[] "outcomes":[] "undone":[] "repeated":false`},
		"not understood": {
			act.Answer{Reading: act.Reading{Why: "no sentence is like it", Near: []string{"turn on the lamp"}}},
			`"reason":"no sentence is like it" "near":["turn on the lamp"]`,
		},
		"the reason of what was done comes first": {act.Answer{Reason: "home is away", Reading: act.Reading{Why: "x"}}, `"reason":"home is away"`},
		"done": {
			act.Answer{
				Understood: true, Executed: true, Verified: true, VerifiedAt: at,
				Reading: act.Reading{Tier: act.Sentence, Score: 1, Commands: []act.Command{{Intent: "dim", Backend: "home", Targets: []string{"light.a"}, Slots: []act.Slot{{Name: "level", Value: act.Value{Number: &half, Unit: "%"}, Words: "half"}}}}},
				Outcomes: []act.Outcome{{
					Call: act.Call{Backend: "home", Service: "light.turn_on", Targets: []string{"light.a"}}, Verdict: act.Proven, Proof: at, Reply: "It is 21 degrees.",
					Entities: []act.EntityOutcome{{Entity: "light.a", Before: act.State{State: "off"}, After: act.State{State: "on"}, Verdict: act.Proven}},
				}},
			},
			`"verified":true "verified_at":"2026-01-02T03:04:05Z" "value":"50 %" "words":"half" "data":{} "verdict":"proven" "before":"off" "after":"on" "proven_at":"2026-01-02T03:04:05Z" "reply":"It is 21 degrees."`,
		},
		"hostile words stay words": {act.Answer{Text: "<script>alert(1)</script>"}, `"text":"\u003cscript\u003ealert(1)\u003c/script\u003e"`},
	} {
		b, err := json.Marshal(AnswerOf(c.is))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range strings.SplitAfter(c.want, `" "`) {
			want = strings.Trim(strings.TrimSuffix(want, ` "`), " ")
			for _, part := range parts(want) {
				if !strings.Contains(string(b), part) {
					t.Errorf("%s: no %s in %s", name, part, b)
				}
			}
		}
		if strings.Contains(string(b), "null") {
			t.Errorf("%s: %s", name, b)
		}
	}
}

// parts splits what is wanted at blanks that stand between values.
func parts(s string) (list []string) {
	for _, p := range strings.Split(s, ` "`) {
		if p = strings.TrimPrefix(p, `"`); p != "" {
			list = append(list, p)
		}
	}
	return list
}

// TestProblems: each error of the acting side has its code, tells the way out, and shows nothing of what a peer has sent as it was.
func TestProblems(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		code  schema.Code
		retry time.Duration
	}{
		"busy":          {&act.BusyError{What: "topic.general", RetryAfter: 3 * time.Second}, schema.QueueFull, 3 * time.Second},
		"busy, at once": {&act.BusyError{What: "topic.general"}, schema.QueueFull, time.Second},
		"too long":      {&amount.TooMuchError{What: "bytes of text", Is: 3000, Most: 2000}, schema.TooLarge, 0},
		"too many":      {&amount.TooMuchError{What: "topics", Is: 101, Most: 100}, schema.Unusable, 0},
		"no topic":      {&act.TopicError{Topic: "kitchen"}, schema.NoTopic, 0},
		"hostile":       {&act.TopicError{Topic: "\x1b[2J\u202e" + strings.Repeat("x", 1000)}, schema.NoTopic, 0},
		"off":           {&act.TopicError{Topic: "kitchen", Off: true}, schema.NoTopic, 0},
		"expired":       {&act.ExpiredError{Age: time.Minute}, schema.Expired, 0},
		"late":          {&act.TimeoutError{}, schema.TooLate, 0},
		"no backend":    {fmt.Errorf("x: %w", act.ErrNoBackend), schema.NotFound, 0},
		"stopping":      {&status.Refusal{Code: status.Stopping}, schema.Stopping, time.Second},
		"anything":      {errors.New("/etc/secret: permission denied"), schema.Internal, 0},
	} {
		p := ProblemOf(c.err)
		if p.Code != c.code || p.RetryAfter() != c.retry {
			t.Errorf("%s: %s, retry %v", name, p.Code, p.RetryAfter())
		}
		if schema.Clean(p.Detail) != p.Detail || len(p.Detail) > 310 || strings.Contains(p.Detail, "secret") {
			t.Errorf("%s: %q", name, p.Detail)
		}
	}
}

// TestThings are sorted as a person looks for them, with the names of rooms; without a vocabulary there are none.
func TestThings(t *testing.T) {
	if list := ThingsOf(nil, nil); list == nil || len(list) > 0 {
		t.Errorf("%+v", list)
	}
	h := &act.Home{
		Floors: []act.Floor{{ID: "up", Name: "Upstairs"}}, Areas: []act.Area{{ID: "k", Name: "Kitchen"}, {ID: "b", Name: "Bath", Floor: "up"}},
		Entities: []act.Entity{{ID: "light.z", Name: "Lamp"}, {ID: "light.k2", Name: "Lamp", Area: "k"}, {ID: "light.k1", Name: "Lamp", Area: "k", Enabled: true}, {ID: "light.b", Name: "Mirror", Area: "b"}, {ID: "light.gone", Name: "A", Area: "no such"}},
	}
	var got []string
	for _, x := range ThingsOf(h, []act.State{{Entity: "light.k1", State: "on", Numbers: map[string]float64{"brightness": 3}}}) {
		got = append(got, strings.Join([]string{x.ID, x.Area, x.Floor, x.State, fmt.Sprint(len(x.Numbers), x.Enabled)}, ","))
		if x.Aliases == nil || x.Members == nil || x.Numbers == nil {
			t.Errorf("%s: a list is null", x.ID)
		}
	}
	want := "[light.b,Bath,Upstairs,,0 false light.k1,Kitchen,,on,1 true light.k2,Kitchen,,,0 false light.gone,,,,0 false light.z,,,,0 false]"
	if fmt.Sprint(got) != want {
		t.Errorf("%v", got)
	}
}

// TestAModelHidesItsAddress, and a learnt answer shows its commands.
func TestAModelHidesItsAddress(t *testing.T) {
	b, err := json.Marshal(ModelOf(act.ModelState{Name: "house", Error: "away"}))
	if err != nil || string(b) != `{"name":"house","waiting":0,"error":"away","asked":0,"rejected":0}` {
		t.Errorf("%s, %v", b, err)
	}
	l := LearntOf(act.LearntAnswer{Topic: "general", Text: "make it cosy", Commands: []act.Command{{Intent: "turn_on"}}})
	if len(l.Commands) != 1 || l.Commands[0].Targets == nil || l.Commands[0].Slots == nil {
		t.Errorf("%+v", l)
	}
}
