package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
)

// None is the input of an operation without input, and the output of one without an answer.
type None struct{}

// Coded is an answer that chooses its HTTP status.
type Coded interface{ StatusCode() int }

// Shape is what an operation takes and returns.
type Shape struct {
	In, out reflect.Type
	params  []param
	Body    *Schema // nil without one
}

// ShapeOf returns the shape of an operation. In is a struct: its fields with the tag path or query are parameters, those with
// the tag json are the body of methods that have one, and those of embedded structs are its own. Out is the answer.
func ShapeOf[In, Out any](method string) Shape {
	s := Shape{In: reflect.TypeFor[In](), out: reflect.TypeFor[Out]()}
	s.params = paramsOf(s.In)
	if method != http.MethodGet && method != http.MethodDelete {
		if body := input(s.In, ""); len(body.Properties) > 0 {
			s.Body = body
		}
	}
	return s
}

// Zero returns the empty input.
func (s *Shape) Zero() any { return reflect.Zero(s.In).Interface() }

// Read returns the validated input of a request.
func (s *Shape) Read(req *http.Request) (any, error) {
	v := reflect.New(s.In).Elem()
	if s.Body != nil {
		text, err := readBody(req)
		if err != nil {
			return nil, err
		}
		if err := s.Body.Decode(text, v.Addr().Interface()); err != nil {
			return nil, err
		}
	}
	if err := bind(req, v, s.params); err != nil {
		return nil, err
	}
	return v.Interface(), nil
}

// Check applies the rules of read to an input from inside the program: a page's form is trusted no more than a request.
func (s *Shape) Check(in any) error {
	var found []FieldError
	v := reflect.ValueOf(in)
	for _, p := range s.params {
		f := v.FieldByIndex(p.field)
		if p.In == "query" && f.IsZero() {
			continue // as if it were missing
		}
		value := f.Interface()
		if p.Schema.Type == "integer" || p.Schema.Type == "number" {
			value = json.Number(fmt.Sprint(value))
		}
		p.Schema.validate(p.Name, value, &found)
	}
	if s.Body != nil {
		text, err := json.Marshal(in)
		if err != nil { // it is not a number
			return Because(InvalidInput, err, "A number is out of range.")
		}
		raw, err := parseJSON(text)
		if err != nil {
			return err
		}
		o := raw.(map[string]any)
		maps.DeleteFunc(o, func(name string, v any) bool { // a request would leave these out
			return s.Body.Properties[name] == nil || v == nil || v == "" && !slices.Contains(s.Body.Required, name)
		})
		s.Body.validate("", o, &found)
	}
	return Invalid(found...)
}
