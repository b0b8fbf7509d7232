// Package edge is the outermost layer of the web server: it decides which connections and which requests come in at all.
//
// Guarantees:
//
//   - The server listens where the runbook says, restarts only if that changes, and tries again for ever if it cannot listen.
//   - A connection beyond the bound is refused before it costs a handshake or a goroutine. No address and no person gets all
//     connections, and some are kept for admins.
//   - A request counts as coming from the client of a trusted proxy, and from the peer of the connection otherwise. Nothing that a
//     client writes changes that.
//   - Requests for other hosts and from pages of other origins are recognised as such. Every answer has the security headers.
//   - TLS is 1.2 at least. A self-signed certificate is made once and renewed in time, even if the clock is wrong. A damaged new
//     certificate leaves the previous one in force.
//   - Where only members of the house may connect, a connection begins with a certificate of the house that is valid at that moment.
//   - The limiter and the shares give each caller a bounded part, whatever the others do.
//
// It knows no route and no user beyond the identity that a request has proved.
package edge
