package outbox

import "orac/runbook/hook"

// Form says what a box holds. It is data: the same for all boxes of a sort.
type Form[E any] struct {
	Dir string // the folder of all boxes, below the state directory
	Of  string // whose they are, in reasons: "the webhook"

	Known func(kind string) bool
	// Encode returns what an event is, and its text with a number.
	Encode func(e E, seq uint64) (kind, id string, text []byte)
	// Decode returns the event of a text. Its error says that it is none.
	Decode func(kind string, text []byte) (e E, id string, seq uint64, err error)

	// Remember is how many events that have left are remembered by their ID: see Box.Holds.
	Remember int
}

// HookBox is the box of a webhook.
type HookBox = Box[hook.Event]

// Hooks is the form of the events of webhooks.
var Hooks = Form[hook.Event]{
	Dir: "hooks", Of: "the webhook",
	Known: func(kind string) bool {
		_, known := hook.Named(kind)
		return known
	},
	Encode: func(e hook.Event, seq uint64) (kind, id string, text []byte) {
		head := hook.HeadOf(e)
		head.Sequence = seq
		return head.Type, head.ID, hook.Encode(e)
	},
	Decode: func(kind string, text []byte) (e hook.Event, id string, seq uint64, err error) {
		if e, err = hook.Decode(kind, text); err != nil {
			return nil, "", 0, err
		}
		head := hook.HeadOf(e)
		if head.Type != kind {
			return nil, "", 0, errAnother
		}
		return e, head.ID, head.Sequence, nil
	},
}
