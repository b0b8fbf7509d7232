package status

import "time"

// Utterance is an utterance that the spool holds, or that was set aside.
type Utterance struct {
	ID       string    `json:"id"`
	Listener string    `json:"listener,omitempty"` // empty if only the sound is known
	WakeWord string    `json:"wake_word,omitempty"`
	Wake     time.Time `json:"wake,omitzero"`  // when the wake word was heard
	Seconds  float64   `json:"seconds"`        // 0 while it is recorded
	State    string    `json:"state"`          // recording, waiting, refused
	Cut      string    `json:"cut,omitempty"`  // why the recording was cut off: stopped, limit, device lost, restarted, …
	Services []string  `json:"services"`       // services that have not answered; for a refused utterance, those that refused it
	Sent     []string  `json:"sent,omitempty"` // services that may have all of it and have not answered: they may act on it
	Causes   []string  `json:"causes,omitempty"`
	Aside    time.Time `json:"aside,omitzero"` // when it was set aside
}

// Waits is an event that waits for a webhook, or that was set aside. Its contents are not shown.
type Waits struct {
	ID       string    `json:"id"`
	Webhook  string    `json:"webhook"`
	Type     string    `json:"type"` // wake, transcript, …
	Sequence uint64    `json:"sequence"`
	State    string    `json:"state"` // waiting, refused
	Cause    string    `json:"cause,omitempty"`
	Aside    time.Time `json:"aside,omitzero"` // when it was set aside
	// Removed: the runbook no longer declares the webhook. The event is not sent; it is deleted when the webhook's keep is over.
	Removed bool `json:"webhook_removed,omitempty"`
}

// What a SpoolRequest can do.
const (
	SpoolList  = "list"  // list what is there
	SpoolRetry = "retry" // put what was set aside at the end of the queue
	SpoolDrop  = "drop"  // delete what waits or was set aside
	SpoolSound = "sound" // return the sound of what waits or was set aside
)

// SpoolRequest asks the spool for something. ID is empty only for a list.
type SpoolRequest struct {
	Do string `json:"do"`
	ID string `json:"id,omitempty"`
}

// SpoolAnswer is the answer of the spool.
type SpoolAnswer struct {
	Utterances []Utterance `json:"utterances,omitempty"` // of a list: in the order of delivery, then those that were set aside
	Events     []Waits     `json:"events,omitempty"`     // of a list: for webhooks, in the same order, one webhook after the other
	WAV        []byte      `json:"wav,omitempty"`        // of a sound: 16 kHz mono, at most 2 MB
}
