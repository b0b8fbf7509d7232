// Package entity is what other programs of a house show and change of an appliance: switches, numbers, sensors, buttons. Whoever shows
// them, by ESPHome's API or by MQTT, shows these.
//
// It guarantees:
//
//   - Every entity is made by List, and nowhere else. Its ID stays the same for ever.
//   - What becomes of an entity is read in one place: Readings for what events tell; see State for the rest.
//   - What a command to an entity does is a word of the runbook (Entity.Order), which the block that lets the command in must allow.
//     package orders carries it out.
package entity
