package screen

import (
	"reflect"
	"testing"

	"orac/appliance/event"
)

// TestEvents draws every kind of the table that people are shown, once with everything true and once with everything false.
func TestEvents(t *testing.T) {
	golden(t, "events", []int{0}, func(s *Screen) {
		v := NewEvents(s)
		for _, k := range event.Kinds {
			for _, full := range []bool{true, false} {
				if k.Flow == event.Meter { // a line that moves
					continue
				}
				v.Show(event.Event{At: noon, Node: "node", Body: example(k.Zero, full)})
			}
		}
		for _, outcome := range []string{"delivered", "empty"} {
			v.Show(event.Event{At: noon, Body: event.Delivered{STT: "whisper", Way: "ws", Outcome: outcome, Text: "lights\n\x1b[2J on", Seconds: 0.4}})
		}
		for _, where := range []string{"disk", "memory", "nowhere"} {
			v.Show(event.Event{At: noon, Body: event.Spooled{Utterance: "u1", Where: where, Cause: "no space"}})
		}
		v.Show(event.Event{At: noon, Body: event.RecordingEnded{Seconds: 2.4, Why: "silence", Listener: "kitchen"}})
	})
}

// example is an event whose texts are the names of their fields.
func example(zero event.Body, full bool) event.Body {
	b := reflect.New(reflect.TypeOf(zero)).Elem()
	for i := range b.NumField() {
		switch f := b.Field(i); f.Kind() {
		case reflect.String:
			f.SetString(b.Type().Field(i).Name)
		case reflect.Bool:
			f.SetBool(full)
		case reflect.Int, reflect.Int64:
			f.SetInt(3)
		case reflect.Float32, reflect.Float64:
			f.SetFloat(0.5)
		case reflect.Slice:
			f.Set(reflect.ValueOf([]string{"one", "two"}))
		}
	}
	return b.Interface().(event.Body)
}
