package hook

import (
	"math"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Clean makes an event fit to send: texts are valid UTF-8 of at most MaxText bytes, numbers are finite, and no map is
// null.
func Clean(e Event) {
	v := reflect.ValueOf(e).Elem()
	for _, f := range reflect.VisibleFields(v.Type()) {
		if f.Anonymous {
			continue
		}
		switch at := v.FieldByIndex(f.Index); at.Kind() {
		case reflect.String:
			at.SetString(clip(at.String()))
		case reflect.Float64:
			at.SetFloat(finite(at.Float()))
		case reflect.Map:
			clean := map[string]float64{}
			for name, n := range at.Interface().(map[string]float64) {
				clean[clip(name)] = finite(n)
			}
			at.Set(reflect.ValueOf(clean))
		}
	}
}

func clip(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= MaxText {
		return s
	}
	s = s[:MaxText]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}

func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}
