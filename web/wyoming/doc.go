// Package wyoming serves speech to text and wake words to Home Assistant by the Wyoming protocol.
//
// It guarantees, whatever clients send:
//
//   - A connection is answered while sound is understood: "describe" and "ping" wait for no inference, and change nothing.
//   - Connections, streams, sound, bytes and idle time are bounded, in all and for each address. What a client holds is freed when it
//     goes, and an answer that nobody waits for any more is not computed further.
//   - A request for text is always answered with a transcript, in the order of the requests; its text is empty when nothing was
//     understood. A failure, or more than can be served, is an error event before it.
//   - A client that breaks the protocol, or takes none of what is sent to it, is disconnected, and nobody else notices.
//   - Wake words of clients are heard on one thread of low priority, so the microphones of the appliance come first.
//
// README.md in this folder describes what clients see.
package wyoming
