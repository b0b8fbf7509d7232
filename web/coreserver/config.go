package coreserver

import (
	"strings"

	"orac/web/auth"
	"orac/web/peers"
	"orac/web/schema"
)

// inRunbook is a route of the existing service that changes what the runbook declares here. It is there so that a person and a program
// learn where to change it: an address that anybody could set would make this machine send a token to any other one.
func inRunbook(pattern, block string) Route {
	method, path, _ := strings.Cut(pattern, " ")
	name := strings.ToLower(method)
	for _, part := range strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '{' || r == '}' }) {
		name += strings.ToUpper(part[:1]) + part[1:]
	}
	return Route{
		Route: peers.Route{Method: method, Path: path, Right: peers.Right{Role: auth.Admin}, Change: block + ".change", Doc: "Changes nothing: " + block + " blocks of the runbook declare this."},
		Name:  name, body: maxText,
		Shape: schema.ShapeOf[schema.None, schema.None](method),
		run: func(*call) error {
			return schema.Fail(schema.InRunbook, "Change the %s blocks of the runbook: in the console under Runbook, block by block, or in its file and with orac apply. A token goes into a secret of the state directory, once, and is never shown again. What the existing service had is imported with orac import core.", block)
		},
	}
}
