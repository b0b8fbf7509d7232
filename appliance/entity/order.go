package entity

// Order is what a command to an entity asks for.
type Order struct {
	What     string // one of the words of what a block may allow
	Listener string
	Model    string
	Speaker  string
	Text     string
	On       bool
	Value    float64
}
