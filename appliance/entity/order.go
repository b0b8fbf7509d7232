package entity

// Order is a command: an entity, and how it is to be. A button is pressed by any.
type Order struct {
	Entity
	To State
}
