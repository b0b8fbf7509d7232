package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Operation is one operation of an API, in the words of its document.
type Operation struct {
	Method, Path string
	Name, Tag    string
	Doc          string
	Role         string // the least role that may call it; empty: everybody may
	Change       string // its name in the audit log; empty if it changes nothing
	Produces     string // media type of an answer that is not JSON
	Status       int    // of a success; 0 means 200
	Shape
}

// About says what an API is.
type About struct {
	Title, Version, Description string
	Bearer                      string // what counts as a bearer token
	Session                     string // the description of a browser's session; empty: cookies do not count
}

// Document returns the OpenAPI 3.1 document of the appliance's own operations.
func Document(operations []Operation, version string) []byte {
	return DocumentOf(About{
		Title: "ORAC", Version: version, Bearer: "A token, or an API key.", Session: "A browser's session. Each appliance ends the name in a mark of its own (__Host-orac_session_0123456789ab), since browsers send a cookie to every port of a host: use the name that the login sets. Without TLS it has no __Host-. Changes carry the session's token as X-CSRF-Token.",
		Description: "The API of a wake-word appliance. x-role is the lowest role that may call a route: viewer, operator or admin; none: everybody may.",
	}, operations)
}

// DocumentOf returns the OpenAPI 3.1 document of operations.
func DocumentOf(about About, operations []Operation) []byte {
	s := &schemas{components: map[string]*Schema{}, names: map[reflect.Type]string{}}
	problem := s.of(reflect.TypeFor[Problem]())
	paths := map[string]map[string]any{}
	for _, o := range operations {
		path := paths[o.Path]
		if path == nil {
			path = map[string]any{}
			paths[o.Path] = path
		}
		path[strings.ToLower(o.Method)] = o.document(s, problem, about.Session != "")
	}
	schemes := map[string]any{"bearer": map[string]any{"type": "http", "scheme": "bearer", "description": about.Bearer}}
	if about.Session != "" {
		schemes["session"] = map[string]any{"type": "apiKey", "in": "cookie", "name": "__Host-orac_session", "description": about.Session}
	}
	doc := map[string]any{
		"openapi":    "3.1.0",
		"info":       map[string]any{"title": about.Title, "version": about.Version, "description": about.Description},
		"paths":      paths,
		"components": map[string]any{"schemas": s.components, "securitySchemes": schemes},
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(doc); err != nil {
		panic("BUG: " + err.Error())
	}
	return out.Bytes()
}

func (o Operation) document(s *schemas, problem *Schema, sessions bool) map[string]any {
	op := map[string]any{"operationId": o.Name, "tags": []string{o.Tag}, "summary": o.Doc, "x-role": o.Role}
	if o.Role == "" {
		op["security"] = []any{}
		op["x-role"] = "none"
	} else {
		ways := []any{map[string]any{"bearer": []any{}}}
		if sessions {
			ways = append(ways, map[string]any{"session": []any{}})
		}
		op["security"] = ways
	}
	if o.Change != "" {
		op["x-audit"] = o.Change
	}
	var params []any
	for _, p := range o.params {
		params = append(params, map[string]any{"name": p.Name, "in": p.In, "required": p.In == "path", "description": p.doc, "schema": p.Schema})
	}
	if params != nil {
		op["parameters"] = params
	}
	if o.Body != nil {
		op["requestBody"] = map[string]any{"required": true, "content": map[string]any{"application/json": map[string]any{"schema": o.Body}}}
	}
	responses := map[string]any{}
	switch status := o.Status; {
	case o.Produces != "":
		if status == 0 {
			status = 200
		}
		responses[fmt.Sprint(status)] = map[string]any{"description": "A success.", "content": map[string]any{o.Produces: map[string]any{}}}
	case o.out == reflect.TypeFor[None]():
		responses["204"] = map[string]any{"description": "Done."}
	default:
		if status == 0 {
			status = 200
		}
		content := map[string]any{"application/json": map[string]any{"schema": s.of(o.out)}}
		responses[fmt.Sprint(status)] = map[string]any{"description": "A success.", "content": content}
		if o.out.Implements(reflect.TypeFor[Coded]()) {
			responses["503"] = map[string]any{"description": "Unhealthy, or not ready.", "content": content}
		}
	}
	responses["default"] = map[string]any{"description": "A problem.", "content": map[string]any{"application/problem+json": map[string]any{"schema": problem}}}
	op["responses"] = responses
	return op
}
