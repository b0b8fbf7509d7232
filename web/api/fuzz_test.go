package api

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"orac/web/schema"
)

// FuzzBody: whatever a body is, it is refused with a problem, or it is within the schema and fits the type.
func FuzzBody(f *testing.F) {
	bodies := map[string]*Route{}
	for _, r := range Routes() {
		if r.Body != nil {
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
		p, refused := errors.AsType[*schema.Problem](r.Body.Decode([]byte(text), reflect.New(r.In).Interface()))
		if !refused {
			return
		}
		for _, e := range p.Errors {
			if !utf8.ValidString(e.Field) || len(e.Field) > 1000 {
				t.Errorf("%q tells back %q", text, e.Field)
			}
		}
		if cause := p.Cause(); cause != nil && !strings.Contains(cause.Error(), "cannot unmarshal number") {
			t.Errorf("%s passes the schema and does not fit: %v", text, cause)
		}
	})
}

// FuzzQuery: whatever path values and a query are, they are refused or within the schema.
func FuzzQuery(f *testing.F) {
	f.Add("before=1&limit=10", "d1")
	f.Add("limit=1&limit=2&%zz", "../x")
	f.Fuzz(func(t *testing.T, query, id string) {
		for _, r := range Routes() {
			if len(parameters(r)) == 0 || r.Body != nil {
				continue
			}
			req := httptest.NewRequest("GET", "/", nil)
			req.URL.RawQuery = query
			req.SetPathValue("id", id)
			req.SetPathValue("name", id)
			req.SetPathValue("number", id)
			req.SetPathValue("component", id)
			_, err := r.Read(req)
			if err != nil {
				continue
			}
			for _, p := range parameters(r) {
				if p.In == "path" && p.Schema.Pattern != "" && !regexp.MustCompile(p.Schema.Pattern).MatchString(id) {
					t.Errorf("%s takes %q for %s", r.Name, id, p.Name)
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
