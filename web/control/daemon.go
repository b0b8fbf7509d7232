package control

import (
	"context"

	"orac/appliance/status"
)

// Daemon is what the handlers ask of a running appliance. Its methods may be called at the same time by many. An error that
// is a *status.Refusal reaches the client with its code and hint.
type Daemon interface {
	// Status is a picture of the moment. It answers at once.
	Status() status.Status
	// Plan says what applying a runbook would do, and changes nothing.
	Plan(ctx context.Context, r status.PlanRequest) (status.Plan, error)
	// Apply does what was planned, or nothing. It calls progress with each step, which does not block. An apply that was rolled
	// back is no error: the result says so. ctx ends with the daemon, not with the client.
	Apply(ctx context.Context, r status.ApplyRequest, progress func(step string)) (status.Applied, error)
	// Rollback returns to a kept generation. Progress and ctx are as in Apply.
	Rollback(ctx context.Context, r status.RollbackRequest, progress func(step string)) (status.Applied, error)
	// Spool lists what waits and what was set aside, or does something with one utterance. What drops or retries one, or gives its
	// sound, is for who may change the appliance.
	Spool(ctx context.Context, r status.SpoolRequest) (status.SpoolAnswer, error)
	// Text is the runbook of a kept generation.
	Text(generation int) (string, error)
	// Generations are those that are kept, oldest first.
	Generations() ([]status.Generation, error)
	// Incidents are the last ones, oldest first, at most limit.
	Incidents(limit int) ([]status.Incident, error)
	// Logs calls line with what is still known of the log after a sequence number (0: all), and with follow goes on until ctx
	// ends. line may take seconds: no lock is held around it. Its error ends Logs and is returned.
	Logs(ctx context.Context, after uint64, follow bool, line func(status.LogLine) error) error
}
