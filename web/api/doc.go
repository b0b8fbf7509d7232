// Package api is the API of an appliance: its routes, who may call them, and the steps that every request takes.
//
// Guarantees:
//
//   - There is one table of routes (Routes). The checks of a request, the OpenAPI document, the table in web/README.md, the test
//     that calls every route as every role, and the console's calls all come from it.
//   - Every request gets an ID, a line in the log, a deadline and a bound on its body, and counts against its address and
//     its owner; a new connection does not change that.
//   - Every change, and listening to a recording, is in the audit log before it happens, with who, from where and which
//     request. If it cannot be recorded it does not happen. A second record says how it ended.
//   - A browser can change things only from the console's own pages: not from another origin, and not without the token of
//     its session.
//   - Streams end with their login.
//
// Connections, TLS and limits are edge's, inputs and problems are schema's.
package api
