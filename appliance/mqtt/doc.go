// Package mqtt connects to MQTT brokers.
//
// It speaks MQTT 5, because its confirmations say more, and guarantees:
//
//   - A connection is made within its time, and ends with the task that keeps it. A broker that says nothing for too long is given up.
//   - No packet of a broker is longer than MaxPacket: a longer one ends the connection before room is made for it. A packet that cannot be
//     read, or that no broker may send, ends it too, whatever the library would make of it.
//   - Every session begins clean: a broker keeps nothing for a client that is away, so nothing old is carried out when it comes back.
//   - No error holds a password.
//
// It has no connection manager of its own (the library's autopaho is one): when to connect again is decided on the runtime seam, where the
// simulator can drive it.
package mqtt
