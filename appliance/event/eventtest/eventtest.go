// Package eventtest has an event of every kind in the table, for tests that every consumer of events handles all of them.
package eventtest

import (
	"reflect"
	"time"

	"orac/appliance/event"
)

// All returns an event of every kind. The texts are the names of their fields, and the flags are all set or all unset: between them
// each kind is once good and once bad, if it can be both.
func All(flags bool) (list []event.Event) {
	for _, k := range event.Kinds {
		b := reflect.New(reflect.TypeOf(k.Zero)).Elem()
		fill(b, flags)
		list = append(list, event.Event{At: time.Date(2026, 5, 4, 12, 0, 0, 0, time.Local), Node: "node", Body: b.Interface().(event.Body)})
	}
	return list
}

func fill(v reflect.Value, flags bool) {
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString(v.Type().Field(i).Name)
		case reflect.Bool:
			f.SetBool(flags)
		case reflect.Int, reflect.Int64:
			f.SetInt(3)
		case reflect.Float32, reflect.Float64:
			f.SetFloat(0.5)
		case reflect.Slice:
			if f.Type().Elem().Kind() == reflect.Struct {
				el := reflect.New(f.Type().Elem()).Elem()
				fill(el, flags)
				f.Set(reflect.Append(f, el))
				continue
			}
			f.Set(reflect.ValueOf([]string{"one", "two"}))
		case reflect.Struct:
			if f.Type() == reflect.TypeFor[time.Time]() {
				f.Set(reflect.ValueOf(time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)))
				continue
			}
			fill(f, flags)
		default:
			panic("BUG: " + v.Type().Name() + "." + v.Type().Field(i).Name + ": teach eventtest a " + f.Type().String())
		}
	}
}
