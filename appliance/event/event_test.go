package event

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"orac/runbook/hook"
)

// TestEveryTypeIsInTheTable reads the types from the code: one without a row is named.
func TestEveryTypeIsInTheTable(t *testing.T) {
	known := map[string]int{}
	for _, k := range Kinds {
		known[reflect.TypeOf(k.Zero).Name()]++
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			m, ok := d.(*ast.FuncDecl)
			if !ok || m.Name.Name != "Kind" || m.Recv == nil {
				continue
			}
			kind := m.Recv.List[0].Type.(*ast.Ident).Name
			if known[kind] != 1 {
				t.Errorf("%s: %s has %d rows in Kinds", name, kind, known[kind])
			}
			delete(known, kind)
		}
	}
	if len(known) > 0 || len(byName) != len(Kinds) {
		t.Errorf("types outside the package: %v; %d names for %d rows", known, len(byName), len(Kinds))
	}
}

func TestRowsAreWhole(t *testing.T) {
	told := map[string]bool{}
	for _, k := range Kinds {
		if !strings.HasSuffix(k.Doc, ".") || k.Name != strings.ToLower(k.Name) {
			t.Errorf("%s: %q is no sentence, or the name is not lower-case", k.Name, k.Doc)
		}
		for _, h := range k.Hooks {
			if _, ok := hook.Named(h); !ok {
				t.Errorf("%s becomes %s, which is no kind of webhook event", k.Name, h)
			}
			told[h] = true
		}
		if k.Flow == Meter && Event(Event{Body: k.Zero}).Words().Severity != Detail {
			t.Errorf("%s comes with each hop: nobody can read that", k.Name)
		}
	}
	for _, name := range hook.Names() {
		if !told[name] {
			t.Errorf("webhooks can ask for %s, and no kind becomes one", name)
		}
	}
}

// any draws an event of a kind with anything in it that JSON carries.
func draw(t *rapid.T, k *Kind) Event {
	b := reflect.New(reflect.TypeOf(k.Zero)).Elem()
	text := rapid.String().Filter(func(s string) bool { return strings.ToValidUTF8(s, "") == s })
	drawFields(t, k.Name, b, text)
	return Event{drawTime(t, "at"), text.Draw(t, "node"), b.Interface().(Body)}
}

func drawTime(t *rapid.T, name string) time.Time {
	return time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, name), rapid.Int64Range(0, 999999999).Draw(t, name+" ns")).UTC()
}

// drawFields fills a struct.
func drawFields(t *rapid.T, kind string, b reflect.Value, text *rapid.Generator[string]) {
	for i := range b.NumField() {
		f, name := b.Field(i), b.Type().Field(i).Name
		switch {
		case b.Type().Field(i).Tag.Get("json") == "-": // Origin, and what the history keeps
		case f.Type() == reflect.TypeFor[time.Time]():
			f.Set(reflect.ValueOf(drawTime(t, name)))
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct:
			for range rapid.IntRange(0, 2).Draw(t, name) {
				el := reflect.New(f.Type().Elem()).Elem()
				drawFields(t, kind, el, text)
				f.Set(reflect.Append(f, el))
			}
		case f.Kind() == reflect.String:
			f.SetString(text.Draw(t, name))
		case f.Kind() == reflect.Bool:
			f.SetBool(rapid.Bool().Draw(t, name))
		case f.CanInt():
			f.SetInt(rapid.Int64().Draw(t, name))
		case f.Kind() == reflect.Float32:
			f.SetFloat(float64(rapid.Float32().Draw(t, name)))
		case f.CanFloat():
			f.SetFloat(rapid.Float64().Draw(t, name))
		case f.Kind() == reflect.Slice:
			if list := rapid.SliceOf(text).Draw(t, name); len(list) > 0 { // an empty one may be left out
				f.Set(reflect.ValueOf(list))
			}
		default:
			t.Fatalf("%s.%s: teach this test a %s", kind, name, f.Type())
		}
	}
}

// TestEveryKindSurvivesItsJSON: whatever is in its fields, what is read is what was written, and it has words.
func TestEveryKindSurvivesItsJSON(t *testing.T) {
	for i := range Kinds {
		k := &Kinds[i]
		t.Run(k.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				e := draw(t, k)
				text, err := json.Marshal(e)
				if err != nil {
					t.Fatal(err)
				}
				var fields map[string]any
				if err := json.Unmarshal(text, &fields); err != nil || fields["kind"] != k.Name || fields["node"] != e.Node || fields["at"] == nil {
					t.Fatalf("%s: %v", text, err)
				}
				var back Event
				if err := json.Unmarshal(text, &back); err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				if d := cmp.Diff(e, back); d != "" {
					t.Fatalf("%s:\n%s", text, d)
				}
				w := e.Words()
				if w.Label == "" || w.Severity > Failure || strings.ContainsAny(w.String(), "\n") {
					t.Fatalf("%+v", w)
				}
				if about := e.Complaint(); about != "" && (w.Severity < Warning || !k.Judges()) {
					t.Fatalf("a complaint about %s that is no warning", about)
				}
			})
		})
	}
}

// TestWhatWasSaidStaysInTheRoom: only Speech has it.
func TestWhatWasSaidStaysInTheRoom(t *testing.T) {
	e := Event{Body: Delivered{Outcome: "delivered", STT: "whisper", Text: "open the safe", Original: "open the safe"}}
	if text := e.Words().String(); strings.Contains(text, "safe") || text != "transcript: delivered to whisper" {
		t.Error(text)
	}
	if !slices.ContainsFunc(e.Words().Parts, func(p Part) bool { return p.Role == Speech && strings.Contains(p.Text, "open the safe") }) {
		t.Error("the person in the room cannot read it")
	}
}

// TestUnspokenSaysNothing: what an event may say aloud to the person in the room is not in its Unspoken, nor is what it was made from.
func TestUnspokenSaysNothing(t *testing.T) {
	said := 0
	for i := range Kinds {
		k := &Kinds[i]
		rapid.Check(t, func(t *rapid.T) {
			e := draw(t, k)
			if d, ok := e.Body.(Delivered); ok {
				d.Outcome = "delivered"
				e.Body = d
			}
			for _, p := range e.Words().Parts {
				if p.Role == Speech && p.Text != "“”" {
					said++
				}
			}
			v := reflect.ValueOf(e.Unspoken().Body)
			for _, name := range []string{"Text", "Original"} {
				if f := v.FieldByName(name); f.IsValid() && f.String() != "" {
					t.Fatalf("%s.%s is still %q", k.Name, name, f.String())
				}
			}
			for _, p := range e.Unspoken().Words().Parts {
				if p.Role == Speech && p.Text != "“”" {
					t.Fatalf("%s says %s", k.Name, p.Text)
				}
			}
		})
	}
	if said == 0 {
		t.Error("no event said anything")
	}
}

func TestComplaints(t *testing.T) {
	for _, c := range []struct {
		about string
		body  Body
	}{
		{"source.usb", DeviceLost{Cause: "no hop"}}, {"", DeviceOpened{}}, {"", DeviceEnded{}}, {"source.usb", NodeFailed{}}, {"source.usb", NodeLeaked{}},
		{"source.usb", Spooled{Where: "memory"}}, {"", Spooled{Where: "disk"}}, {"", Spooled{Where: "refused"}}, {"", Delivered{Outcome: "failed"}}, {"", Dropped{}},
		{"stt.whisper", STTHealth{STT: "whisper"}}, {"", STTHealth{STT: "whisper", OK: true}}, {"source.usb", Heartbeat{}}, {"", Heartbeat{OK: true}},
		{"source.usb", DeliveryFailed{}}, {"", DeliveryRepeated{}}, {"", Streaming{}}, {"", Overrun{}}, {"source.usb", StoreFailed{}}, {"", StoreBack{}},
		{"source.usb", WebhookFailed{}}, {"source.usb", WebhookAside{}}, {"", WebhookTaken{}}, {"", WebhookDropped{}}, {"", ClockJumped{}},
	} {
		if about := (Event{Node: "source.usb", Body: c.body}).Complaint(); about != c.about {
			t.Errorf("%T %+v complains about %q, want %q", c.body, c.body, about, c.about)
		}
	}
}

// FuzzDecode: what comes from outside is refused, or it is an event that survives its own JSON.
func FuzzDecode(f *testing.F) {
	for _, k := range Kinds {
		text, err := json.Marshal(Event{At: time.Unix(1767225600, 0), Node: "source.usb", Body: k.Zero})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"at":"9999-12-31T23:59:59-23:59","node":"x","kind":"wake"}`))
	f.Add([]byte(`{"at":"2026-01-17T09:00:00Z","node":"x","kind":"from_the_future","more":[1]}`))
	f.Add([]byte(`{"kind":"listening","models":null}`))
	f.Add([]byte(`{"kind":"delivered","text":"\ud800","seconds":1e400}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var e Event
		if err := json.Unmarshal(text, &e); err != nil {
			if _, unknown := errors.AsType[*UnknownKindError](err); unknown && byName[err.(*UnknownKindError).Kind] != nil {
				t.Errorf("%v", err)
			}
			return
		}
		_ = e.Words().String()
		again, err := json.Marshal(e)
		if err != nil {
			t.Fatalf("%+v cannot be written: %v", e, err)
		}
		var back Event
		if err := json.Unmarshal(again, &back); err != nil || !reflect.DeepEqual(e, back) {
			t.Errorf("%s became %s, %v", text, again, err)
		}
	})
}
