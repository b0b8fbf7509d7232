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

// Document returns the OpenAPI 3.1 document of operations.
func Document(operations []Operation, version string) []byte {
	s := &schemas{components: map[string]*Schema{}, names: map[reflect.Type]string{}}
	problem := s.of(reflect.TypeFor[Problem]())
	paths := map[string]map[string]any{}
	for _, o := range operations {
		path := paths[o.Path]
		if path == nil {
			path = map[string]any{}
			paths[o.Path] = path
		}
		path[strings.ToLower(o.Method)] = o.document(s, problem)
	}
	doc := map[string]any{
		"openapi": "3.1.0",
		"info": map[string]any{
			"title": "ORAC", "version": version,
			"description": "The API of a wake-word appliance. x-role is the lowest role that may call a route: viewer, operator or admin; none: everybody may.",
		},
		"paths": paths,
		"components": map[string]any{
			"schemas": s.components,
			"securitySchemes": map[string]any{
				"bearer":  map[string]any{"type": "http", "scheme": "bearer", "description": "A token, or an API key."},
				"session": map[string]any{"type": "apiKey", "in": "cookie", "name": "__Host-orac_session", "description": "A browser's session; orac_session without TLS. Changes carry its token as X-CSRF-Token."},
			},
		},
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

func (o Operation) document(s *schemas, problem *Schema) map[string]any {
	op := map[string]any{"operationId": o.Name, "tags": []string{o.Tag}, "summary": o.Doc, "x-role": o.Role}
	if o.Role == "" {
		op["security"] = []any{}
		op["x-role"] = "none"
	} else {
		op["security"] = []any{map[string]any{"bearer": []any{}}, map[string]any{"session": []any{}}}
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
