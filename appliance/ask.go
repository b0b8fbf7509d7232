package appliance

import (
	"context"
	"errors"
	"strings"

	"orac/appliance/act"
	"orac/appliance/amount"
	"orac/appliance/status"
)

// Ask acts on a text for a person at this machine. Without a topic it is the only one that acts, or general. Its errors are
// refusals.
func (d *Daemon) Ask(ctx context.Context, r act.Request) (act.Answer, error) {
	if r.Topic == "" {
		r.Topic = "general"
		if all := d.core.Topics(); len(all) == 1 {
			r.Topic = all[0].Topic
		}
	}
	a, err := d.Acting().Ask(ctx, r)
	return a, d.refusal(err)
}

// refusal puts an error of the acting side into words for a person.
func (d *Daemon) refusal(err error) error {
	var names []string
	for _, n := range d.core.Topics() {
		names = append(names, n.Topic)
	}
	hint := "Give a topic block backends, intents or english = true."
	if len(names) > 0 {
		hint = "Topics that act here: " + strings.Join(names, ", ") + "."
	}
	switch e := err.(type) {
	case *act.TopicError:
		return &status.Refusal{Code: status.Unknown, Message: e.Error(), Hint: hint}
	case *amount.TooMuchError:
		return &status.Refusal{Code: status.Invalid, Message: e.Error()}
	case *act.BusyError, *act.TimeoutError, *act.ExpiredError:
		return &status.Refusal{Code: status.Busy, Message: err.Error(), Hint: "Say it again."}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &status.Refusal{Code: status.Busy, Message: "no answer came in time", Hint: "orac status shows what the appliance does."}
	}
	return err
}
