package fill

import (
	"encoding/json"
	"strings"
	"testing"

	"orac/appliance/act"
)

// FuzzPayload: whatever is said, a payload of JSON stays JSON of the same shape, and no value brings a placeholder.
func FuzzPayload(f *testing.F) {
	for _, s := range []string{`"}`, "{y}", "\\", "\n\x00\xff", "{x}", `\u0000`, "</script>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := act.Command{Slots: []act.Slot{{Name: "x", Value: act.Value{Text: text}}}}
		payload, _, asJSON, err := Payload(act.Template{Payload: `{"a":"{x}","b":["<{x}>"]}`}, c)
		if err != nil {
			if len(text) < 1000 {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		var v struct {
			A string
			B []string
		}
		if err := json.Unmarshal([]byte(payload), &v); err != nil || !asJSON || v.A != strings.ToValidUTF8(text, "\uFFFD") && len(text) < 1000 && !strings.Contains(text, "\xff") || len(v.B) != 1 {
			t.Errorf("%q became %q: %v", text, payload, err)
		}
		data, err := Map(map[string]any{"a": "{x}", "b": []any{"{x} {x}"}}, c)
		if err != nil || data["a"] != text || data["b"].([]any)[0] != text+" "+text {
			t.Errorf("%q became %v: %v", text, data, err)
		}
	})
}

func TestWhatWasNotSaid(t *testing.T) {
	if _, err := Data("{x}", act.Command{}); err == nil {
		t.Error("{x}")
	}
	deep := any("x")
	for range 30 {
		deep = []any{deep}
	}
	if _, err := Data(deep, act.Command{}); err == nil {
		t.Error("too deep")
	}
	if _, _, _, err := Payload(act.Template{Payload: `{"a":{x}}`}, act.Command{Slots: []act.Slot{{Name: "x", Value: act.Value{Text: "no JSON"}}}}); err == nil {
		t.Error("no JSON")
	}
	if v, err := Data("{targets}", act.Command{Targets: []string{"a", "b"}}); err != nil || Words(v) != "a,b" {
		t.Errorf("%v, %v", v, err)
	}
}
