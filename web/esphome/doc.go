// Package esphome serves voice satellites to Home Assistant: the sockets behind the esphome blocks of a runbook. The wire is in
// orac/appliance/esphome; what is said is decided by the satellite, a node of the graph.
//
// It guarantees:
//
//   - Whoever has no key gets no further than the handshake, if there is one. Without one, where a client may set it, clients learn who
//     the satellite is, and nothing else.
//   - No client makes another one wait, nor the satellite, nor the microphone. One that takes nothing is disconnected.
//   - What a client changes is what the block allows, by the way and under the record of any other change of the appliance.
package esphome
