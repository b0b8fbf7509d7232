package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// maxDepth is the maximum depth of a JSON body.
const maxDepth = 16

// readBody reads the body of a request that says that it is JSON.
func readBody(r *http.Request) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, Fail(WrongType, "Send application/json.")
	}
	text, err := io.ReadAll(r.Body) // the server limits it
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return nil, err
	case err != nil: // interrupted, too slow, or not a valid HTTP body
		return nil, Because(BadJSON, err, "The body broke off.")
	}
	return text, nil
}

// parseJSON reads one JSON value: in UTF-8, not too deep, no name twice in an object.
func parseJSON(text []byte) (any, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("It is not UTF-8.")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := value(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("Something follows the JSON value.")
	}
	return v, nil
}

// Decode reads a JSON value that matches the schema.
func (s *Schema) Decode(text []byte, into any) error {
	raw, err := parseJSON(text)
	if err != nil {
		return Fail(BadJSON, "%s", err.Error())
	}
	var found []FieldError
	s.validate("", raw, &found)
	if err := Invalid(found...); err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return Because(BadJSON, err, "It does not match the schema.")
	}
	return nil
}

var errSyntax = errors.New("It is not JSON.")

func value(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, errSyntax
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	if depth == maxDepth {
		return nil, fmt.Errorf("It is nested more than %d levels deep.", maxDepth)
	}
	if delim == '[' {
		list := []any{}
		for d.More() {
			v, err := value(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, syntax(err)
	}
	o := map[string]any{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errSyntax
		}
		if _, twice := o[name]; twice {
			return nil, errors.New("An object has the same name twice.")
		}
		if o[name], err = value(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err = d.Token()
	return o, syntax(err)
}

func syntax(err error) error {
	if err != nil {
		return errSyntax
	}
	return nil
}

// param is a parameter of the path or the query.
type param struct {
	Name   string
	In     string // path or query
	Schema *Schema
	field  []int // its path in the input
	doc    string
}

// paramsOf returns the parameters that an input's fields declare with the tags path and query.
func paramsOf(t reflect.Type) (list []param) {
	if t.Kind() != reflect.Struct {
		return nil
	}
	for f := range inputsOf(t) {
		for _, in := range []string{"path", "query"} {
			if name := f.Tag.Get(in); name != "" {
				list = append(list, param{name, in, input(f.Type, f.Tag.Get("check")), f.Index, f.Tag.Get("doc")})
			}
		}
	}
	return list
}

// bind sets an input's parameters.
func bind(r *http.Request, into reflect.Value, params []param) error {
	if len(params) == 0 && r.URL.RawQuery == "" {
		return nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || len(query) > 100 {
		return Fail(InvalidInput, "The query of the address is malformed.")
	}
	var found []FieldError
	known := map[string]bool{}
	for _, p := range params {
		text := r.PathValue(p.Name)
		if p.In == "query" {
			known[p.Name] = true
			if len(query[p.Name]) > 1 {
				found = append(found, FieldError{p.Name, "appears twice"})
				continue
			}
			if text = query.Get(p.Name); !query.Has(p.Name) {
				continue
			}
		}
		if !utf8.ValidString(text) {
			found = append(found, FieldError{p.Name, "is not UTF-8"})
			continue
		}
		var v any = text
		switch p.Schema.Type {
		case "integer", "number":
			v = json.Number(text)
		case "boolean":
			if b, err := strconv.ParseBool(text); err == nil {
				v = b
			}
		}
		before := len(found)
		if p.Schema.validate(p.Name, v, &found); len(found) > before {
			continue
		}
		f := into.FieldByIndex(p.field)
		switch f.Kind() {
		case reflect.String:
			f.SetString(text)
		case reflect.Bool:
			f.SetBool(v.(bool))
		case reflect.Float64:
			n, _ := v.(json.Number).Float64() // already validated
			f.SetFloat(n)
		case reflect.Uint64:
			n, _ := v.(json.Number).Int64()
			f.SetUint(uint64(max(0, n)))
		default:
			n, _ := v.(json.Number).Int64()
			f.SetInt(n)
		}
	}
	for name := range query {
		if !known[name] && len(found) < maxErrors {
			found = append(found, FieldError{Clean(name), "is unknown here"})
		}
	}
	return Invalid(found...)
}

// Invalid returns the problem that fields do not match the schema; nil without any.
func Invalid(found ...FieldError) error {
	if len(found) == 0 {
		return nil
	}
	p := Fail(InvalidInput, "")
	p.Errors = found
	return p
}
