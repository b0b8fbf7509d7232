package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"orac/web/auth"
)

// Document returns the OpenAPI 3.1 document of routes.
func Document(routes []*Route, version string) []byte {
	s := &schemas{components: map[string]*Schema{}, names: map[reflect.Type]string{}}
	problem := s.of(reflect.TypeFor[Problem]())
	paths := map[string]map[string]any{}
	for _, r := range routes {
		path := paths[r.Path]
		if path == nil {
			path = map[string]any{}
			paths[r.Path] = path
		}
		path[strings.ToLower(r.Method)] = operation(r, s, problem)
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

func operation(r *Route, s *schemas, problem *Schema) map[string]any {
	op := map[string]any{"operationId": r.Name, "tags": []string{r.Tag}, "summary": r.Doc, "x-role": string(r.Role)}
	if r.Role == auth.Nobody {
		op["security"] = []any{}
		op["x-role"] = "none"
	} else {
		op["security"] = []any{map[string]any{"bearer": []any{}}, map[string]any{"session": []any{}}}
	}
	if r.Change != "" {
		op["x-audit"] = r.Change
	}
	var params []any
	for _, p := range r.params {
		params = append(params, map[string]any{"name": p.name, "in": p.in, "required": p.in == "path", "description": p.doc, "schema": p.schema})
	}
	if params != nil {
		op["parameters"] = params
	}
	if r.body != nil {
		op["requestBody"] = map[string]any{"required": true, "content": map[string]any{"application/json": map[string]any{"schema": r.body}}}
	}
	responses := map[string]any{}
	switch status := r.Status; {
	case r.Produces != "":
		if status == 0 {
			status = 200
		}
		responses[fmt.Sprint(status)] = map[string]any{"description": "A success.", "content": map[string]any{r.Produces: map[string]any{}}}
	case r.out == reflect.TypeFor[none]():
		responses["204"] = map[string]any{"description": "Done."}
	default:
		if status == 0 {
			status = 200
		}
		content := map[string]any{"application/json": map[string]any{"schema": s.of(r.out)}}
		responses[fmt.Sprint(status)] = map[string]any{"description": "A success.", "content": content}
		if r.out.Implements(reflect.TypeFor[interface{ status() int }]()) {
			responses["503"] = map[string]any{"description": "Unhealthy, or not ready.", "content": content}
		}
	}
	responses["default"] = map[string]any{"description": "A problem.", "content": map[string]any{"application/problem+json": map[string]any{"schema": problem}}}
	op["responses"] = responses
	return op
}
