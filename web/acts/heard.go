package acts

import (
	"slices"
	"time"

	"orac/appliance/record"
)

// Heard is something that was recorded, or a command that nobody spoke here, and what came of it.
type Heard struct {
	ID       string    `json:"id" doc:"Of the utterance; of the command, if nobody spoke it here."`
	At       time.Time `json:"at" doc:"When the recording began, or when the command came."`
	Listener string    `json:"listener,omitempty"`
	From     string    `json:"from,omitempty" doc:"Who sent it, or who asked; empty if this appliance heard it."`
	Seconds  float64   `json:"seconds" doc:"Of sound; 0 for a command that nobody spoke here."`
	Text     string    `json:"text" doc:"What was understood first; empty if nothing was."`
	Why      string    `json:"why,omitempty" doc:"Why there is no text."`
	Commands []Deed    `json:"commands" doc:"What came of it here."`
}

// HeardOf joins utterances with the commands that none of them holds; the oldest first, and at most limit, which are the newest.
func HeardOf(told []record.Told, commands []record.Command, limit int) []Heard {
	out, spoken := []Heard{}, map[string]bool{}
	for _, u := range told {
		spoken[u.ID] = true
		h := Heard{ID: u.ID, At: u.Started, Listener: u.Listener, From: u.Peer, Seconds: u.Seconds, Commands: DeedsOf(u.Commands)}
		for _, t := range u.Transcripts {
			if h.Text == "" {
				h.Text = t.Text
			}
		}
		if h.Text == "" {
			h.Why = fate(u)
		}
		out = append(out, h)
	}
	for _, c := range commands {
		if spoken[c.Utterance] {
			continue
		}
		h := Heard{ID: c.ID, At: c.At, From: c.From, Commands: DeedsOf([]record.Command{c})}
		h.Text = h.Commands[0].Text
		out = append(out, h)
	}
	slices.SortStableFunc(out, func(a, b Heard) int { return a.At.Compare(b.At) })
	return out[max(0, len(out)-limit):]
}

// fate is why an utterance has no text.
func fate(u record.Told) string {
	switch {
	case u.Lost:
		return "the recording was lost"
	case len(u.Deliveries) == 0:
		return "no service has answered yet"
	}
	d := u.Deliveries[len(u.Deliveries)-1]
	switch {
	case d.Error != "":
		return d.Error
	case d.Outcome == record.Empty || d.Outcome == record.Delivered:
		return "nothing was said"
	}
	return string(d.Outcome)
}
