package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// check applies the rules of read to an input from inside the program: a page's form is trusted no more than a request.
func (r *Route) check(in any) error {
	var found []FieldError
	v := reflect.ValueOf(in)
	for _, p := range r.params {
		f := v.Field(p.field)
		if p.in == "query" && f.IsZero() {
			continue // as if it were missing
		}
		value := f.Interface()
		if p.schema.Type == "integer" || p.schema.Type == "number" {
			value = json.Number(fmt.Sprint(value))
		}
		p.schema.validate(p.name, value, &found)
	}
	if r.body != nil {
		text, err := json.Marshal(in)
		if err != nil { // it is not a number
			return because(InvalidInput, err, "A number is out of range.")
		}
		raw, err := parseJSON(text)
		if err != nil {
			return err
		}
		o := raw.(map[string]any)
		maps.DeleteFunc(o, func(name string, v any) bool { // a request would leave these out
			return r.body.Properties[name] == nil || v == nil || v == "" && !slices.Contains(r.body.Required, name)
		})
		r.body.validate("", o, &found)
	}
	return faults(found)
}
