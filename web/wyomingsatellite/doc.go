// Package wyomingsatellite is the place where Home Assistant connects to a satellite by the Wyoming protocol. It has the sockets; the
// conversation is package satellite's, and what is heard is the node's.
//
// It guarantees:
//
//   - A connection is answered by goroutines of its own: a sign of life waits neither for sound, nor for the node, nor for another client.
//   - One connection is Home Assistant's: the last that sent run-satellite. Whatever others send changes nothing, and no sound and no text
//     goes to them.
//   - Memory, connections and time are bounded, whatever a client sends, and one that takes nothing is disconnected.
//   - The end of Home Assistant's connection is told once, after all that came before it.
package wyomingsatellite
