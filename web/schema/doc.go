// Package schema describes the inputs, outputs and errors of an API, and checks them.
//
// Guarantees:
//
//   - The shape of an operation is made from its Go types. The checks of a request and the OpenAPI document are made from the same
//     shape.
//   - Input must match its schema: one JSON value in UTF-8, no unknown field, no name twice, no greater depth, no longer text, no
//     other word. Whatever a client sends, the answer names at most 20 faults, in printable text.
//   - An error is a problem document (RFC 9457) with a stable code and the request's ID. It never contains a stack, a path of this
//     machine or a secret: what is behind it is only for the log.
package schema
