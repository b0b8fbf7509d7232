package appliance

import (
	"context"
	"errors"

	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/runbook"
)

// Transcribe has an engine of the graph understand a whole recording (16 kHz, mono), for the servers beside the graph. to is an stt
// block with the protocol embedded. It waits for its turn; the end of ctx takes the recording back. The error is ctx's, a
// *status.Refusal while the appliance stops, or a *stt.Error: of kind Busy, with RetryAfter, if too many wait already; Refused if
// this sound cannot be understood; Engine if the engine failed on it; Unreachable if the runbook in force has no such engine.
// A result without text tells Silence: the engine has listened, and nothing was understood.
func (d *Daemon) Transcribe(ctx context.Context, to runbook.Address, u stt.Utterance, pcm []int16) (stt.Result, error) {
	r, err := do(ctx, d, "transcribe", func(t *rt.Task) (stt.Result, error) { return d.core.Transcribe(t, to, u, pcm) })
	if errors.Is(err, rt.ErrStopped) && ctx.Err() != nil {
		err = ctx.Err()
	}
	return r, err
}
