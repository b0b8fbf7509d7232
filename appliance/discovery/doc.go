// Package discovery says how an appliance looks to Home Assistant over MQTT: which topics it has, what is published there, and what a message
// that comes back asks for. It is pure: who publishes is a node, and who connects an adapter.
//
// It guarantees:
//
//   - What Home Assistant is told is what its MQTT integration accepts: one payload for the device, IDs of letters, digits, _ and -, one
//     unique ID for each entity, no key that drops an entity or all of them.
//   - An entity of package entity keeps its ID in topics, whatever listeners come and go.
//   - An order is read strictly: a switch takes ON and OFF, a number its range, a button PRESS. Anything else is refused, with a reason that
//     quotes nothing.
//   - An entity that may not be ordered anything has no topic for orders.
package discovery
