package api

import (
	"cmp"
	"encoding/json"
	"net/http"
	"reflect"

	"orac/web/auth"
)

// Route is one thing that can be asked. Routes are data: they are served, documented and tested from the same table.
type Route struct {
	Method, Path string // as http.ServeMux has them: "/api/keys/{id}"
	Role         auth.Role
	Name         string // of the operation, for programs: "createKey"
	Tag          string // of the document: "keys"
	Doc          string
	// Change is what the audit log calls it; empty: it changes nothing.
	Change string
	// Status of a success; 0 is 200.
	Status int
	// Produces is the media type of an answer that is no JSON.
	Produces string
	// Long: it may take as long as it needs; its writes have deadlines of their own.
	Long bool
	// Shared: the answer is the same for all who may have it and takes no input, and is made once for all of a moment.
	Shared bool

	// Costly: it goes through texts of who asks, in this process. One such request of each goes on at a time, and few over all.
	Costly bool

	in, out reflect.Type
	may     func(*Call, any) error // beyond the role; nil: the role is enough
	params  []param
	body    *Schema
	run     func(*Call, any) (any, error)
	shared  *shared // nil unless Shared
}

// none is the input of a route without input.
type none struct{}

// route makes a route of a function. In is a struct: fields with the tag path or query are parameters, those with the tag json
// are the body. Out is what is answered.
func route[In, Out any](r Route, f func(*Call, In) (Out, error)) *Route {
	r.in, r.out = reflect.TypeFor[In](), reflect.TypeFor[Out]()
	r.params = paramsOf(r.in)
	if r.Method != http.MethodGet && r.Method != http.MethodDelete {
		if s := input(r.in, ""); len(s.Properties) > 0 {
			r.body = s
		}
	}
	r.run = func(c *Call, in any) (any, error) { return f(c, in.(In)) }
	if r.Shared {
		r.shared = &shared{}
	}
	return &r
}

// only is a route that is for some of those who have the role: may says no to others, by what is asked. It is asked before the
// change is on record as an attempt, so that a refusal is counted as all refusals are, and costs no more.
func only[In any](r *Route, may func(*Call, In) error) *Route {
	r.may = func(c *Call, in any) error { return may(c, in.(In)) }
	return r
}

// read returns the validated input of a request.
func (r *Route) read(req *http.Request) (any, error) {
	v := reflect.New(r.in).Elem()
	if r.body != nil {
		raw, text, err := readJSON(req)
		if err != nil {
			return nil, err
		}
		var found []FieldError
		r.body.validate("", raw, &found)
		if err := faults(found); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, v.Addr().Interface()); err != nil {
			return nil, because(BadJSON, err, "It does not match the schema.")
		}
	}
	if err := bind(req, v, r.params); err != nil {
		return nil, err
	}
	return v.Interface(), nil
}

// action is what the audit log calls what the route does.
func (r *Route) action() string { return cmp.Or(r.Change, r.Name) }

// enters tells whether the route lets somebody in: its input says whom.
func (r *Route) enters() bool {
	_, ok := r.zero().(enters)
	return ok
}

// zero is the empty input.
func (r *Route) zero() any { return reflect.Zero(r.in).Interface() }
