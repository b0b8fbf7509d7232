// Package control is how a running appliance is asked and told: HTTP over a unix socket in its state directory, and the
// client that the commands use.
//
// It guarantees: the socket is never, not even for a moment, open to other users; who connects is checked again by the
// credentials that the kernel gives. Whatever a client sends, or fails to read, neither blocks nor ends the daemon: requests
// are bounded in size, number and time, and every write has a deadline. An apply or a rollback that has begun does not depend
// on the client staying: it ends as the daemon decides, and is told to nobody if nobody is left.
package control
