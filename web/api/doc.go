// Package api is the web server of an appliance: all routes, who may call them, and what they accept and return.
//
// Guarantees:
//
//   - There is one table of routes (Routes). The checks of a request, the OpenAPI document, the test that calls every route
//     as every role, and the console's calls all come from it.
//   - Every request gets an ID, a line in the log, a deadline and a bound on its body, and counts against its address and
//     its owner; a new connection does not change that. A connection beyond the bound is refused before it costs anything.
//   - Input must match the schema: no unknown field, no second value, no greater depth, no longer text, no other word.
//   - An error is a problem document (RFC 9457) with a stable code and the request's ID. It never contains a stack, a path
//     of this machine or a secret.
//   - Every change, and listening to a recording, is in the audit log before it happens, with who, from where and which
//     request. If it cannot be recorded it does not happen. A second record says how it ended.
//   - A browser can change things only from the console's own pages: not from another origin, and not without the token of
//     its session.
//   - Streams end with their login.
package api
