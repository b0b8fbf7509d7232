// Package gate takes every request of every server through the same steps: the console and the API use it, and so do the servers
// that a role of the stack opens.
//
// Guarantees:
//
//   - A request has an ID, security headers, a deadline and a bound on its body before anything is read of it. One line in the log
//     says how it ended, whatever happened.
//   - The caller is known, counted and within the limits before a route sees the request. A request for another host or from
//     another origin is refused first, and is nobody's.
//   - Every refused credential and every missing right is in the metrics and, in a bounded form, in the audit log.
//   - A change that is made in Audited is on record before it happens, or it does not happen.
//
// What is asked, and who may ask it, is the matter of the servers.
package gate
