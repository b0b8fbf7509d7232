// Package control is the control socket of a running appliance: HTTP over a unix socket in its state directory, and the client
// that the commands use.
//
// It guarantees: the socket is never open to other users, not even for a moment, and each client is checked again by the
// credentials that the kernel reports. Nothing that a client sends, or fails to read, blocks or ends the daemon: requests are
// limited in size, number and time, and every write has a deadline. An apply or a rollback that has begun does not depend on
// the client: the daemon finishes it even if nobody is left to hear the result.
package control
