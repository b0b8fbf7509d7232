package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
)

// none is the input of an operation without input, and the output of one without an answer.
type none struct{}

// coded is an answer that chooses its HTTP status.
type coded interface{ StatusCode() int }

// shape is what an operation takes and returns.
type shape struct {
	in, out reflect.Type
	params  []param
	body    *Schema // nil without one
}

// shapeOf returns the shape of an operation. In is a struct: its fields with the tag path or query are parameters, those with
// the tag json are the body of methods that have one. Out is the answer.
func shapeOf[In, Out any](method string) shape {
	s := shape{in: reflect.TypeFor[In](), out: reflect.TypeFor[Out]()}
	s.params = paramsOf(s.in)
	if method != http.MethodGet && method != http.MethodDelete {
		if body := input(s.in, ""); len(body.Properties) > 0 {
			s.body = body
		}
	}
	return s
}

// zero returns the empty input.
func (s *shape) zero() any { return reflect.Zero(s.in).Interface() }

// read returns the validated input of a request.
func (s *shape) read(req *http.Request) (any, error) {
	v := reflect.New(s.in).Elem()
	if s.body != nil {
		text, err := readBody(req)
		if err != nil {
			return nil, err
		}
		if err := s.body.Decode(text, v.Addr().Interface()); err != nil {
			return nil, err
		}
	}
	if err := bind(req, v, s.params); err != nil {
		return nil, err
	}
	return v.Interface(), nil
}

// check applies the rules of read to an input from inside the program: a page's form is trusted no more than a request.
func (s *shape) check(in any) error {
	var found []FieldError
	v := reflect.ValueOf(in)
	for _, p := range s.params {
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
	if s.body != nil {
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
			return s.body.Properties[name] == nil || v == nil || v == "" && !slices.Contains(s.body.Required, name)
		})
		s.body.validate("", o, &found)
	}
	return invalid(found...)
}
