package api

import (
	"cmp"
	"runtime"

	"orac/web/auth"
	"orac/web/schema"
)

// Route is one operation of the API. Routes are data: they are served, documented and tested from the same table.
type Route struct {
	Method, Path string // in the form of http.ServeMux: "/api/keys/{id}"
	Role         auth.Role
	Name         string // of the operation, for programs: "createKey"
	Tag          string // in the document: "keys"
	Doc          string
	// Change is its name in the audit log; empty if it changes nothing.
	Change string
	// Status of a success; 0 means 200.
	Status int
	// Produces is the media type of an answer that is not JSON.
	Produces string
	// Long means that it may take as long as it needs; its writes have their own deadlines.
	Long bool
	// Shared means that the answer needs no input and is the same for every permitted caller, so it is made once for
	// all callers of a moment.
	Shared bool

	// Costly means that it processes texts of the caller in this process. Each caller can run one such request at a time, and
	// only a few run in all.
	Costly bool

	schema.Shape
	line   int                    // of routes.go
	may    func(*Call, any) error // a check in addition to the role; nil: the role is enough
	run    func(*Call, any) (any, error)
	shared *shared // nil unless Shared
}

// Op is a route with the types of its input and its output.
type Op[In, Out any] struct{ *Route }

// table holds the routes, in the order in which Go initialises their variables: one that needs others comes after them.
var table []*Route

// route makes a route from a function, and puts it into the table. In and Out are its shape.
func route[In, Out any](r Route, f func(*Call, In) (Out, error)) Op[In, Out] {
	_, _, r.line, _ = runtime.Caller(1)
	r.Shape = schema.ShapeOf[In, Out](r.Method)
	r.run = func(c *Call, in any) (any, error) { return f(c, in.(In)) }
	table = append(table, &r)
	return Op[In, Out]{&r}
}

// only restricts a route to some of those who have the role: may refuses the others, depending on the input. It runs before
// the attempt is recorded, so that a refusal is counted like every other refusal and costs no more.
func only[In, Out any](o Op[In, Out], may func(*Call, In) error) Op[In, Out] {
	o.may = func(c *Call, in any) error { return may(c, in.(In)) }
	return o
}

// Call calls the route in the name of the caller: the console's pages read and change everything through it. Role, checks and
// audit are those of a request over the network.
func (o Op[In, Out]) Call(c *Call, in In) (Out, error) {
	var nothing Out
	if err := o.Check(in); err != nil {
		return nothing, err
	}
	inner := *c
	inner.Route = c.Server.byName[o.Name]
	out, err := c.Server.invoke(&inner, in)
	c.Sent = inner.Sent
	if err != nil {
		return nothing, err
	}
	c.Who = inner.Who // after a login the caller is known
	return out.(Out), nil
}

// action returns the route's name in the audit log.
func (r *Route) action() string { return cmp.Or(r.Change, r.Name) }

// enters tells whether the route logs somebody in: its input says whom.
func (r *Route) enters() bool {
	_, ok := r.Zero().(enters)
	return ok
}

// Document returns the OpenAPI 3.1 document of routes.
func Document(routes []*Route, version string) []byte {
	var list []schema.Operation
	for _, r := range routes {
		list = append(list, schema.Operation{
			Method: r.Method, Path: r.Path, Name: r.Name, Tag: r.Tag, Doc: r.Doc, Role: string(r.Role), Change: r.Change, Produces: r.Produces, Status: r.Status, Shape: r.Shape,
		})
	}
	return schema.Document(list, version)
}
