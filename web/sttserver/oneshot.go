package sttserver

import (
	"context"
	"errors"
	"net/http"
	"time"

	"orac/appliance/sttrole"
	"orac/web/schema"
)

// oneShot transcribes a sound that comes in one request.
func (c *call) oneShot() error {
	h, err := c.hearing()
	if err != nil {
		return err
	}
	room := c.server.sounds.Hold(c.Who.Subject())
	defer room.Release()
	file, err := formFile(c.R, room)
	if err != nil {
		return err
	}
	if h.PCM, err = decode(file, room, c.maxSamples()); err != nil {
		return c.unheard(err, 0)
	}
	ctx, cancel := c.Answering(c.server.times.answer)
	defer cancel()
	c.R = c.R.WithContext(ctx)
	heard, err := c.transcribe(ctx, h)
	if err != nil {
		return c.unheard(err, length(len(h.PCM)))
	}
	return c.JSON(http.StatusOK, c.transcriptionOf(h, heard))
}

// transcribe asks the appliance, and notes how it went.
func (c *call) transcribe(ctx context.Context, h sttrole.Hearing) (sttrole.Heard, error) {
	role, err := c.role()
	if err != nil {
		return sttrole.Heard{}, err
	}
	heard, err := role.Transcribe(ctx, h)
	c.server.metrics.utterance(h, heard, err)
	if err == nil {
		return heard, nil
	}
	if p := problemOf(err); p.Cause() != nil || p.Status >= 500 {
		c.Log().Debug("an utterance was not transcribed", "code", string(p.Code), "who", c.Who.Subject())
	}
	return heard, err
}

// unheard answers a sound that was not transcribed. To a legacy peer it is as if nobody had spoken: it knows no other answer.
func (c *call) unheard(err error, duration time.Duration) error {
	if gone := c.R.Context().Err(); errors.Is(gone, context.Canceled) {
		return schema.Because(schema.Stopping, err, "") // nobody reads it
	}
	if !c.Legacy() {
		return err
	}
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return err
	}
	p := problemOf(err)
	c.Log().Warn("a legacy peer is told that nobody spoke", "peer", c.Who.Subject(), "code", string(p.Code), "cause", schema.Clip(schema.Clean(p.Error()), 300))
	return c.JSON(http.StatusOK, c.failed(duration))
}
