package act

import (
	"orac/appliance/rt"

	"orac/appliance/thread"
)

// Backend carries commands out. Its node owns it: Watch runs in one task, and Do in others, at most four at a time.
type Backend interface {
	// Calls translates a command into the calls that carry it out, and changes nothing. h and states are as Watch told them last;
	// h is nil for a backend without a vocabulary. Its error says what cannot be done, in plain words: "the lamp cannot be dimmed".
	Calls(c Command, h *Home, states map[string]State) ([]Call, error)
	// Do makes a call and waits for its proof, at most as long as the backend block says. It never returns a success without proof.
	// h is what to send along: the request ID, and the step of the trace, if there is one.
	Do(t *rt.Task, c Call, h thread.Thread) Outcome
	// Watch connects, and tells every change until the task is told to stop (rt.ErrStopped) or the connection ends. A backend without
	// a vocabulary checks its health and tells nothing.
	Watch(t *rt.Task, s Sight) error
	// Refresh asks Watch to fetch the vocabulary anew. It never waits.
	Refresh()
}

// Filler is a Backend that carries out the calls of intent blocks.
type Filler interface {
	// Fill makes the call of an intent block from what was said, and changes nothing. Its error says which word cannot be used there.
	Fill(c Command, t Template) (Call, error)
}

// Template is the call of an intent block. {slot} in its texts stands for what was said, and {targets} for the entities that are meant.
// What was said is a value, never syntax.
type Template struct {
	Service   string
	Data      map[string]any // as encoding/json decodes it
	Payload   string         // instead of Data
	Arguments []string
	// ProofTopic is where an MQTT device tells its state, and Proof what it says there when it has done it; "" is anything.
	ProofTopic, Proof string
}

// Sight is told what a backend sees. Its functions may be called from the task of Watch alone, and never wait.
type Sight struct {
	Up     func(version string) // connected
	Home   func(*Home)
	States func([]State) // those that changed
}

// LanguageModel chooses among commands that are possible.
type LanguageModel interface {
	// Choose returns the answer of the model: JSON that the schema of the question admits, or an error: a *TimeoutError, or why the
	// answer is of no use. What it returns is data: the caller validates every word of it.
	Choose(t *rt.Task, q Question) ([]byte, error)
}

// Question is what a language model is asked.
type Question struct {
	System string        // instructions, and what exists
	Text   string        // what was said: data, never instructions
	Schema []byte        // JSON schema of all valid answers
	GBNF   string        // the same as a grammar of llama.cpp
	Thread thread.Thread // what to send along
}
