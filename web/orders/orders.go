// Package orders is what other programs of a house may have the appliance do: mute, restart, and change settings of models. It is for
// programs that come in by another protocol than HTTP, and have no user.
//
// It guarantees:
//
//   - Everything goes the way that it goes for people: a change is edited into the runbook's file, planned, applied, and kept if it proves
//     good; what nobody may change over a network stays.
//   - The audit log has a record before anything is changed, and one of how it went.
package orders

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"orac/appliance/core"
	"orac/appliance/entity"
	"orac/appliance/statedir"
	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/edit"
	"orac/runbook/language"
	"orac/web/audit"
)

// Appliance is what carries orders out.
type Appliance interface {
	Mute(ctx context.Context, r status.MuteRequest) (status.Muting, error)
	Unmute(ctx context.Context, r status.MuteRequest) (status.Muting, error)
	WakeSound(ctx context.Context, r status.WakeSoundRequest) error
	Restart(ctx context.Context, by string) (status.Restarting, error)
	Say(ctx context.Context, r status.SayRequest) (status.Said, error)
	Change(ctx context.Context, c core.Change, progress func(step string)) (status.Applied, error)
}

// By is who gives an order: a client of a block.
type By struct {
	Block runbook.Address
	From  netip.Addr // the zero value: a broker has passed the order on, and does not tell whose it is
}

// from is the address in the audit log.
func (b By) from() string {
	if !b.From.IsValid() {
		return ""
	}
	return b.From.String()
}

// who is the name in the audit log.
func (b By) who() string { return string(b.Block) }

// Book carries orders out.
type Book struct {
	// Appliance returns what carries them out, and how the runbook is applied; false: it is starting.
	Appliance func() (a Appliance, r status.PlanRequest, ready bool)
	Log       *audit.Log
}

var errStarting = errors.New("the appliance is starting")

// record does something under a record.
func (b *Book) record(by By, action, target string, after any, do func(a Appliance, r status.PlanRequest) error) error {
	a, request, ready := b.Appliance()
	if !ready {
		return errStarting
	}
	r := audit.Record{Who: by.who(), From: by.from(), Way: by.Block.Type(), Action: action, Target: target, After: after}
	ended, err := b.Log.Begin(&r)
	if err != nil {
		return fmt.Errorf("nothing was changed, because the audit log cannot be written: %w", err)
	}
	err = do(a, request)
	_ = ended(err) // the attempt is on record already
	return err
}

// Set does what a command to an entity asks for: e is the entity, as whoever shows it has it, and to is how it is to be. Whether the block
// of whoever commands allows it is checked by whoever offers the entity.
func (b *Book) Set(ctx context.Context, by By, e entity.Entity, to entity.State) error {
	if err := e.Takes(to); err != nil {
		return err
	}
	switch e.Order {
	case runbook.AllowMute:
		return b.Mute(ctx, by, e.Listener, to.On)
	case runbook.AllowWakeSound:
		return b.WakeSound(ctx, by, e.Listener, to.On)
	case runbook.AllowThreshold:
		return b.Threshold(ctx, by, e.Model, to.Number)
	case runbook.AllowSay:
		return b.Say(ctx, by, e.Speaker, to.Text)
	case runbook.AllowRestart:
		return b.Restart(ctx, by)
	}
	panic("BUG: nobody carries out " + e.Order)
}

// WakeSound switches the sound that follows a wake word of a listener.
func (b *Book) WakeSound(ctx context.Context, by By, listener string, on bool) error {
	return b.record(by, "wake_sound", "listener."+listener, map[string]bool{"on": on}, func(a Appliance, _ status.PlanRequest) error {
		return a.WakeSound(ctx, status.WakeSoundRequest{Listener: listener, On: on, By: by.who()})
	})
}

// Mute mutes a listener, or ends its mute.
func (b *Book) Mute(ctx context.Context, by By, listener string, on bool) error {
	action := "unmute"
	if on {
		action = "mute"
	}
	return b.record(by, action, "listener."+listener, nil, func(a Appliance, _ status.PlanRequest) (err error) {
		r := status.MuteRequest{Listener: listener, By: by.who()}
		if on {
			_, err = a.Mute(ctx, r)
		} else {
			_, err = a.Unmute(ctx, r)
		}
		return err
	})
}

// Restart restarts the appliance.
func (b *Book) Restart(ctx context.Context, by By) error {
	return b.record(by, "restart", "appliance", nil, func(a Appliance, _ status.PlanRequest) error {
		_, err := a.Restart(ctx, by.who())
		return err
	})
}

// Say has a text spoken. It returns when it was heard.
func (b *Book) Say(ctx context.Context, by By, speaker, text string) error {
	return b.record(by, "command.say", "device.speaker."+speaker, nil, func(a Appliance, _ status.PlanRequest) error {
		said, err := a.Say(ctx, status.SayRequest{Text: text, Speaker: speaker})
		if err == nil && said.Error != "" {
			err = errors.New(said.Error)
		}
		return err
	})
}

// Threshold changes the threshold of a model.
func (b *Book) Threshold(ctx context.Context, by By, model string, value float64) error {
	return b.change(ctx, by, []setting{{model, "threshold", strconv.FormatFloat(value, 'f', -1, 64)}})
}

// WakeWords has models listen, or not.
func (b *Book) WakeWords(ctx context.Context, by By, enabled map[string]bool) error {
	var list []setting
	for model, on := range enabled {
		list = append(list, setting{model, "enabled", strconv.FormatBool(on)})
	}
	slices.SortFunc(list, func(a, b setting) int { // first those that begin: something listens at any moment
		return -boolOrder(a.expression == "true", b.expression == "true")
	})
	return b.change(ctx, by, list)
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// setting sets an attribute of a model to another expression.
type setting struct{ model, attribute, expression string }

// applyTime bounds an apply.
const applyTime = 90 * time.Second

// change edits the runbook's file, and applies the result.
func (b *Book) change(ctx context.Context, by By, list []setting) error {
	changes := map[string]string{}
	for _, s := range list {
		changes["model."+s.model+"."+s.attribute] = s.expression
	}
	return b.record(by, "config.model", "model", changes, func(a Appliance, r status.PlanRequest) error {
		r.Origin, r.Gone = status.OnNetwork(by.who()), ctx.Done()
		c := core.Change{ApplyRequest: status.ApplyRequest{PlanRequest: r, Timeout: applyTime}}
		was, unsaved := "", error(nil)
		c.Edit = func(text string) (string, error) {
			was = text
			fresh := []byte(text)
			for _, s := range list {
				var err error
				if fresh, err = edit.Set(fresh, runbook.Address("model."+s.model), s.attribute, s.expression); err != nil {
					return "", err
				}
			}
			return string(edit.KeepFormat([]byte(text), fresh)), nil
		}
		c.Kept = func(text string, _ *status.Applied) { unsaved = save(r.File, was, text) }
		done, err := a.Change(ctx, c, func(string) {})
		switch {
		case err != nil:
			return err
		case !done.OK:
			return errors.New(done.Why)
		case unsaved != nil:
			return fmt.Errorf("it is so until the next start: %w", unsaved)
		}
		return nil
	})
}

// errChanged means that somebody else was faster.
var errChanged = errors.New("somebody else has changed the runbook's file meanwhile, so it was not overwritten")

// save writes the text into the runbook's file, unless somebody has changed it meanwhile.
func save(file, was, text string) error {
	f, _, err := statedir.Regular(file)
	if err != nil {
		return err
	}
	now, err := io.ReadAll(io.LimitReader(f, language.MaxFileSize+1))
	_ = f.Close()
	switch {
	case err != nil:
		return err
	case string(now) != was:
		return errChanged
	}
	_, err = statedir.Replace(file, []byte(text))
	return err
}
