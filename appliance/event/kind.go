package event

import "encoding/json"

// Kind is what the house knows of a kind of event: a row of Kinds.
type Kind struct {
	Name string // what Kind of its Go type returns
	Doc  string // what has happened, in a sentence or two, for people who read the JSON
	Zero Body   // an empty event of its Go type
	Flow Flow
	Sign Sign
	Kept bool // the history has a row for it
	// Hooks are the kinds of webhook events (see runbook/hook) that may follow from it.
	Hooks []string

	// about returns the component whose state an event tells, or "". If the event is a warning or a failure, it is a complaint
	// about that component; otherwise a complaint may be over. A nil about is always "".
	about  func(Event) string
	named  bool // the sentence begins with the node that reports: nothing else in it tells who is meant
	says   func(Body) Words
	decode func(text []byte) (Body, error)
}

// Flow is the way that the events of a kind take.
type Flow int

const (
	News   Flow = iota // to everybody who follows the appliance
	Meter              // comes with each hop, only to those who ask for meters: old ones are useless
	Inside             // from the monitor to the webhooks alone
)

// Sign is the mark of an event in its node's lane of a timeline. What goes wrong has a mark of its own there, whatever its kind.
type Sign string

// The signs.
const (
	Other   Sign = ""
	Heard   Sign = "wake" // it also stands out on a terminal
	Taken   Sign = "recorded"
	Arrived Sign = "delivered"
	Renewed Sign = "restart"
)

// kind makes a row of the table from what its Go type does not tell.
func kind[T Body](doc string, k Kind, says func(T) Words) Kind {
	var zero T
	k.Name, k.Doc, k.Zero = zero.Kind(), doc, zero
	k.says = func(b Body) Words { return says(b.(T)) }
	k.decode = func(text []byte) (Body, error) {
		var b T
		err := json.Unmarshal(text, &b)
		return b, err
	}
	return k
}

// itself is the about of a kind that tells the state of the node that reports it.
func itself(e Event) string { return e.Node }

// byName finds rows; the table never changes.
var byName = func() map[string]*Kind {
	m := make(map[string]*Kind, len(Kinds))
	for i := range Kinds {
		m[Kinds[i].Name] = &Kinds[i]
	}
	return m
}()

// Named finds the row of a kind by its name.
func Named(name string) (*Kind, bool) {
	k, ok := byName[name]
	return k, ok
}

// Of returns the row of an event.
func Of(b Body) *Kind {
	k, ok := byName[b.Kind()]
	if !ok {
		panic("BUG: " + b.Kind() + " is not in event.Kinds")
	}
	return k
}

// Names returns the names of the kinds that fit.
func Names(fits func(*Kind) bool) (list []string) {
	for i := range Kinds {
		if fits(&Kinds[i]) {
			list = append(list, Kinds[i].Name)
		}
	}
	return list
}

// Streamed tells whether followers of the appliance are sent events of this kind.
func (k *Kind) Streamed() bool { return k.Flow != Inside }

// Judges tells whether events of this kind may tell the state of a component.
func (k *Kind) Judges() bool { return k.about != nil }

// Words returns what a person reads about an event.
func (e Event) Words() Words {
	k := Of(e.Body)
	w := k.says(e.Body)
	if k.named {
		w.Parts = append([]Part{usual("%s: ", e.Node)}, w.Parts...)
	}
	return w
}

// Complaint returns the component that an event complains about, or "".
func (e Event) Complaint() string {
	k := Of(e.Body)
	if k.about == nil || k.says(e.Body).Severity < Warning {
		return ""
	}
	return k.about(e)
}
