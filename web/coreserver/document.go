package coreserver

import (
	"net/http"

	"orac/web/schema"
)

// Document returns the OpenAPI document of the server.
func Document(version string) []byte {
	var list []schema.Operation
	for _, r := range Routes() {
		o := schema.Operation{Method: r.Method, Path: r.Path, Name: r.Name, Tag: string(r.Category), Doc: r.Doc, Role: r.Right.String(), Change: r.Change, Produces: r.Produces, Shape: r.Shape}
		if r.Right.Open {
			o.Role = ""
		}
		list = append(list, o)
	}
	return schema.DocumentOf(schema.About{
		Title: "ORAC Core", Version: version, Bearer: "A token that a service account signs for the audience orac-core, a token of this appliance, or an API key.",
		Description: "The API of a Core: from words to what happens in the house. x-role is who may call a route: a permission of an account, the lowest role of people and keys, or none.",
	}, list)
}

// document serves it.
func (c *call) document() error {
	h := c.W.Header()
	h.Set("Content-Type", "application/json")
	c.W.WriteHeader(http.StatusOK)
	_, _ = c.W.Write(c.server.doc) // whether it arrives is the client's concern
	return nil
}
