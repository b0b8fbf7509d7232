// Package control is the control socket of a running appliance: HTTP over a unix socket in its state directory, and the client
// that the commands use.
//
// It guarantees: the socket is never open to other users, not even for a moment, and each client is checked again by the
// credentials that the kernel reports. Whatever a client sends, or fails to read, neither blocks nor ends the daemon: requests
// are bounded in size, number and time, and every write has a deadline. An apply or a rollback that has begun does not depend
// on the client: it ends as the daemon decides, even if nobody is left to hear the result.
package control
