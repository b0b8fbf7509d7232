package api

import (
	"context"
	"errors"

	"orac/appliance/status"
	"orac/web/schema"
)

// Spool is what waits for delivery.
type Spool interface {
	// Spool lists what waits and what was set aside, or does something with one utterance.
	Spool(ctx context.Context, r status.SpoolRequest) (status.SpoolAnswer, error)
}

// getSpool lists what waits and what was set aside.
func getSpool(c *Call, _ schema.None) ([]status.Utterance, error) {
	a, err := c.Server.o.App.Spool.Spool(c.R.Context(), status.SpoolRequest{Do: status.SpoolList})
	return notNil(a.Utterances), c.spoolProblem(err)
}

// getSpoolEvents lists what waits for webhooks and what was set aside.
func getSpoolEvents(c *Call, _ schema.None) ([]status.Waits, error) {
	a, err := c.Server.o.App.Spool.Spool(c.R.Context(), status.SpoolRequest{Do: status.SpoolList})
	return notNil(a.Events), c.spoolProblem(err)
}

// SpooledInput names an utterance of the spool.
type SpooledInput struct {
	ID string `path:"id" check:"pattern=id"`
}

func (in SpooledInput) target() string { return in.ID }

func retrySpooled(c *Call, in SpooledInput) (schema.None, error) {
	return c.spooled(status.SpoolRetry, in.ID)
}

func dropSpooled(c *Call, in SpooledInput) (schema.None, error) {
	return c.spooled(status.SpoolDrop, in.ID)
}

func (c *Call) spooled(do, id string) (schema.None, error) {
	_, err := c.Server.o.App.Spool.Spool(c.R.Context(), status.SpoolRequest{Do: do, ID: id})
	return schema.None{}, c.spoolProblem(err)
}

// spoolProblem converts a refusal by the spool into the API's words.
func (c *Call) spoolProblem(err error) error {
	r, ok := errors.AsType[*status.Refusal](err)
	switch {
	case err == nil:
		return nil
	case !ok:
		return schema.Because(schema.Unavailable, err, "The spool cannot be read or written. Check the disk of the state directory.")
	case r.Code == status.Unknown:
		return schema.Fail(schema.NotFound, "There is no such recording or event in the spool.")
	case r.Code == status.Invalid:
		return schema.Fail(schema.Conflict, "The services that refused this recording are no longer in the runbook.")
	case r.Code == status.Busy:
		return schema.Fail(schema.Busy, "The spool did not answer. Look at the recordings to see whether it happened.")
	}
	return err
}
