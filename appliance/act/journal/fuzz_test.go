package journal

import (
	"encoding/json"
	"testing"

	"orac/appliance/act"
)

// FuzzEntry reads a file of the journal, which somebody may have changed: it makes sense, or it is refused. What makes sense can be
// finished, written and read again.
func FuzzEntry(f *testing.F) {
	whole, err := json.Marshal(Entry{Seq: 7, Request: act.Request{ID: "a", Text: "turn on the lamp"}, Calling: 1, Answer: act.Answer{ID: "a", Understood: true, Outcomes: []act.Outcome{{Call: act.Call{Service: "light.turn_on"}}}}})
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{string(whole), `{}`, `{"Calling":-1}`, `{"Calling":3,"Answer":{"Outcomes":[{}]}}`, `{"Answer":{"Expired":{"Age":1,"Most":2}}}`, `{"Seq":1e99}`, "", "null", `[{"Seq":1}]`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := decode(text)
		if err != nil {
			return
		}
		if e.Calling < 0 || e.Calling > len(e.Answer.Outcomes) {
			t.Fatalf("%d calls of %d", e.Calling, len(e.Answer.Outcomes))
		}
		if r := e.Answer.Result(); r == "" {
			t.Fatal("no result")
		}
		act.Speech(e.Answer)
		again, err := json.Marshal(e.brief())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decode(again); err != nil {
			t.Fatalf("%s becomes %s: %v", text, again, err)
		}
	})
}

// FuzzName reads the name of a file: what is ours has the same name when it is made again.
func FuzzName(f *testing.F) {
	for _, name := range []string{"0000000000000007." + hash("a") + ".3600.json", "0000000000000007." + hash("a") + ".-1.begun.json", "timers.json", "", "..", "0000000000000007.x.json"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		k, _, ok := parseName(name)
		if ok && (k.seq == 0 || k.seq > 1<<53 || k.age < -1 || len(k.hash) != 32 || k.name != name) {
			t.Fatalf("%q: %+v", name, k)
		}
	})
}
