package sim_test

import (
	"errors"
	"fmt"
	"time"

	"orac/appliance/audio"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/appliance/stt/wire"
)

// STT is a model of a speech-to-text server: it answers Delay after the end of the sound, and refuses every connection
// while it is down. It transcribes nothing; the text says how long the sound was.
type STT struct {
	Delay time.Duration
	// Down tells whether the server is away at an instant; nil means never.
	Down func(rt.Instant) bool
	// Heard is what the server has answered, in order.
	Heard []Heard
}

// Heard is an utterance that a server has answered.
type Heard struct {
	STT, ID string
	Samples int
	At      rt.Instant // of the answer
	First   rt.Instant // when its first sound came
}

type testClient struct {
	*STT
	name string
}

func (s *STT) client(name string) testClient { return testClient{s, name} }

var errRefused = &wire.Error{Op: "connect", Kind: stt.Unreachable, Cause: errors.New("connection refused")}

func (c testClient) away(t *rt.Task) bool { return c.Down != nil && c.Down(t.Now()) }

// Transcribe implements stt.Client.
func (c testClient) Transcribe(t *rt.Task, u stt.Utterance, pcm []int16) (stt.Result, error) {
	if c.away(t) {
		return stt.Result{}, errRefused
	}
	return c.answer(t, u, len(pcm), t.Now())
}

// Stream implements stt.Streamer.
func (c testClient) Stream(t *rt.Task, u stt.Utterance, chunks *rt.Mailbox[stt.Chunk]) (stt.Result, error) {
	if c.away(t) {
		return stt.Result{}, errRefused
	}
	var first rt.Instant
	for samples := 0; ; {
		chunk, err := chunks.Recv(t, rt.Never)
		switch {
		case errors.Is(err, rt.ErrClosed):
			return c.answer(t, u, samples, first)
		case err != nil:
			return stt.Result{}, err
		case c.away(t):
			return stt.Result{}, &wire.Error{Op: "stream", Kind: stt.Unreachable, Cause: errors.New("connection reset by peer")}
		}
		if samples == 0 {
			first = t.Now()
		}
		samples += chunk.N
	}
}

func (c testClient) answer(t *rt.Task, u stt.Utterance, samples int, first rt.Instant) (stt.Result, error) {
	if err := t.Sleep(c.Delay); err != nil {
		return stt.Result{}, err
	}
	if c.away(t) {
		return stt.Result{}, &wire.Error{Op: "wait for the answer", Kind: stt.Unreachable, Cause: errors.New("connection reset by peer")}
	}
	c.Heard = append(c.Heard, Heard{STT: c.name, ID: u.ID, Samples: samples, At: t.Now(), First: first})
	return stt.Result{Text: fmt.Sprintf("%d samples", samples), Confidence: 1, Duration: time.Duration(samples) * time.Second / audio.Rate}, nil
}

// Health implements stt.Prober.
func (c testClient) Health(t *rt.Task) (stt.Health, error) {
	if c.away(t) {
		return stt.Health{}, errRefused
	}
	return stt.Health{Status: "healthy"}, t.Sleep(time.Millisecond)
}
