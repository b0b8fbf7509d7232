// Package wyoming reads and writes the Wyoming protocol: the events that Home Assistant, its satellites and voice services exchange
// over TCP. It is the codec and a client; orac/web/wyoming serves.
//
// It guarantees, whatever the other side sends:
//
//   - A header line has at most 64 KiB, data 1 MiB and a payload 4 MiB. A length is checked before anything is read for it, and memory
//     grows only with bytes that have really arrived.
//   - Data may stand in the header, in a block of its own, or in both: then the block wins. A null counts as absent, and an unknown key
//     is ignored.
//   - An event that breaks these rules ends the connection with an error that says which one: what follows it cannot be told apart.
//   - Events of several goroutines never interleave on the wire.
//   - Sound of any usual format becomes 16 kHz mono, the same however it is cut into events.
//
// README.md in this folder describes the wire.
package wyoming

// The limits of one event, in bytes. The protocol itself has none.
const (
	MaxLine    = 64 << 10
	MaxData    = 1 << 20
	MaxPayload = 4 << 20
)
