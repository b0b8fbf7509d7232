package api

import (
	"encoding/json"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzBody: whatever a body is, it is refused with a problem, or it is within the schema and fits the type.
func FuzzBody(f *testing.F) {
	bodies := map[string]*Route{}
	for _, r := range Routes() {
		if r.body != nil {
			bodies[r.Name] = r
		}
	}
	f.Add("createKey", `{"name":"a","role":"viewer","days":1}`)
	f.Add("createKey", `{"name":"a","role":"viewer","days":1e400,"name":"b"}`)
	f.Add("putModel", `{"threshold":null,"topic":"\u0000"}`)
	f.Add("apply", strings.Repeat(`{"source":`, 40))
	f.Fuzz(func(t *testing.T, name, text string) {
		r := bodies[name]
		if r == nil {
			return
		}
		raw, err := parseJSON([]byte(text))
		if err != nil {
			return
		}
		var found []FieldError
		if r.body.validate("", raw, &found); len(found) > 0 {
			for _, e := range found {
				if !utf8.ValidString(e.Field) || len(e.Field) > 1000 {
					t.Errorf("%q tells back %q", text, e.Field)
				}
			}
			return
		}
		v := reflect.New(r.in)
		if err := json.Unmarshal([]byte(text), v.Interface()); err != nil && !strings.Contains(err.Error(), "cannot unmarshal number") {
			t.Errorf("%s passes the schema and does not fit: %v", text, err)
		}
	})
}

// FuzzQuery: whatever path values and a query are, they are refused or within the schema.
func FuzzQuery(f *testing.F) {
	f.Add("before=1&limit=10", "d1")
	f.Add("limit=1&limit=2&%zz", "../x")
	f.Fuzz(func(t *testing.T, query, id string) {
		for _, r := range Routes() {
			if len(r.params) == 0 {
				continue
			}
			req := httptest.NewRequest("GET", "/", nil)
			req.URL.RawQuery = query
			req.SetPathValue("id", id)
			req.SetPathValue("name", id)
			req.SetPathValue("number", id)
			req.SetPathValue("component", id)
			v := reflect.New(r.in).Elem()
			if bind(req, v, r.params) != nil {
				continue
			}
			for _, p := range r.params {
				if s := v.Field(p.field); s.Kind() == reflect.String && p.schema.pattern != nil && p.in == "path" && !p.schema.pattern.MatchString(s.String()) {
					t.Errorf("%s takes %q for %s", r.Name, s.String(), p.name)
				}
			}
		}
	})
}

// FuzzMessage: whatever a WebSocket says is answered or ends it.
func FuzzMessage(f *testing.F) {
	f.Add(`{"type":"subscribe","kinds":["level"]}`)
	f.Add(`{"type":"ping"}`)
	f.Fuzz(func(t *testing.T, text string) {
		s := NewHub().Open(nil, 0)
		if reply, err := heard([]byte(text), s); err == nil && !json.Valid(reply) {
			t.Errorf("%q is answered with %q", text, reply)
		}
	})
}
