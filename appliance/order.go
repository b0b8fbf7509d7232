package appliance

import (
	"context"
	"errors"
	"os"
	"time"

	"orac/appliance/rt"
	"orac/appliance/status"
)

// Mute mutes a listener, or all of them.
func (d *Daemon) Mute(ctx context.Context, r status.MuteRequest) (status.Muting, error) {
	return do(ctx, d, "mute", func(t *rt.Task) (status.Muting, error) { return d.core.Mute(t, r) })
}

// Say has a text spoken, and returns when it was heard, or why it was not.
func (d *Daemon) Say(ctx context.Context, r status.SayRequest) (status.Said, error) {
	return do(ctx, d, "say", func(t *rt.Task) (status.Said, error) { return d.core.Say(t, r) })
}

// Unmute ends the mute of a listener, or all mutes.
func (d *Daemon) Unmute(ctx context.Context, r status.MuteRequest) (status.Muting, error) {
	return do(ctx, d, "unmute", func(t *rt.Task) (status.Muting, error) { return d.core.Unmute(t, r) })
}

// WakeSound switches the sound that follows a wake word of a listener, until the next start.
func (d *Daemon) WakeSound(ctx context.Context, r status.WakeSoundRequest) error {
	_, err := do(ctx, d, "wake sound", func(t *rt.Task) (struct{}, error) { return struct{}{}, d.core.WakeSound(t, r) })
	return err
}

// Restart has the appliance end in order, and start again as the same process. It returns before that: whoever asks has an answer. It
// refuses if the program could not start.
func (d *Daemon) Restart(ctx context.Context, by string) (status.Restarting, error) {
	return do(ctx, d, "restart", func(t *rt.Task) (status.Restarting, error) {
		runs := d.o.Runs
		if runs == nil {
			runs = func(context.Context) error { return errors.New("this process cannot replace itself") }
		}
		if err := runs(ctx); err != nil {
			return status.Restarting{}, &status.Refusal{Code: status.Invalid, Message: "not restarted: " + err.Error(), Hint: "ORAC runs on; look at the program's file"}
		}
		if err := d.core.Restart(t, by); err != nil {
			return status.Restarting{}, err
		}
		return status.Restarting{PID: os.Getpid(), Note: "ORAC ends in order and starts again; it hears nothing for some seconds"}, nil
	})
}

// Ending is how long ago the appliance began to end; 0 while it runs.
func (d *Daemon) Ending() time.Duration {
	if at := d.core.Ending(); at != 0 {
		return d.driver.Now().Sub(at)
	}
	return 0
}
