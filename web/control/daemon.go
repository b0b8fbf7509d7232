package control

import (
	"context"

	"orac/appliance/status"
)

// Daemon is what the handlers need from a running appliance. Its methods must be safe for concurrent use. A *status.Refusal
// reaches the client with its code and hint.
type Daemon interface {
	Watched
	Archive
	Changer
	Commanded
}

// Watched is what people look at.
type Watched interface {
	// Status returns a snapshot. It answers at once.
	Status() status.Status
	// Incidents returns the latest incidents, oldest first, at most limit.
	Incidents(limit int) ([]status.Incident, error)
	// Logs calls line with the available log lines after a sequence number (0: all), and with follow continues until ctx
	// ends. line may take seconds: no lock is held around it. If it returns an error, Logs ends and returns that.
	Logs(ctx context.Context, after uint64, follow bool, line func(status.LogLine) error) error
}

// Archive is what the state directory keeps.
type Archive interface {
	// Spool lists what waits and what was set aside, or does something with one utterance. Dropping or retrying one, or returning
	// its sound, is only for users who may change the appliance.
	Spool(ctx context.Context, r status.SpoolRequest) (status.SpoolAnswer, error)
	// Generations returns the kept generations, oldest first.
	Generations() ([]status.Generation, error)
	// Text returns the runbook of a kept generation.
	Text(generation int) (string, error)
}

// Changer brings another runbook into force.
type Changer interface {
	// Plan returns what applying a runbook would do. It changes nothing.
	Plan(ctx context.Context, r status.PlanRequest) (status.Plan, error)
	// Apply carries out the plan completely or not at all. It calls progress, which does not block, with each step. An apply
	// that was rolled back is not an error: the result says so. ctx ends with the daemon, not with the client.
	Apply(ctx context.Context, r status.ApplyRequest, progress func(step string)) (status.Applied, error)
	// Rollback returns to a kept generation. Progress and ctx are as in Apply.
	Rollback(ctx context.Context, r status.RollbackRequest, progress func(step string)) (status.Applied, error)
}
