// Package api is the web server of an appliance: every route, who may take it, what goes in and what comes out.
//
// Guarantees:
//
//   - There is one table of routes (Routes). What is checked of a request, the OpenAPI document, the test that takes every route
//     as every role, and what the console calls all come from it.
//   - Every request gets an ID, a line in the log, a deadline, a bound on its body, and is counted against its address and its
//     owner; a new connection changes none of it. Beyond the bound on connections one more is refused before it costs anything.
//   - What goes in is what the schema says: no unknown field, no second value, no depth, no length, no word beyond it.
//   - An error is a problem document (RFC 9457) with a stable code and the request's ID, and never a stack, a path of this machine
//     or a secret.
//   - What changes anything, and listening to a recording, is in the audit log before it happens, with who, from where and which
//     request; if it cannot be written there it does not happen. How it ended follows.
//   - A browser changes things from the console's own pages only: from another origin, or without the token of its session, nothing.
//   - Streams end when their login does.
package api
