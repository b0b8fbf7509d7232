package stt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coder/websocket"

	"orac/appliance/rt"
	"orac/appliance/rt/live"
)

const (
	streamOp = "stream"
	// stall is how long each part of a stream except the transcript may take: the upgrade, a write, and the wait for our
	// own sound, which comes every 80 ms. The sooner a stream is given up, the sooner its sound is sent by HTTP.
	stall = 5 * time.Second
)

// Stream implements Streamer by the WebSocket protocol: one utterance per connection. It sends what the mailbox holds as
// soon as it is connected, so the mailbox needs room for the sound that arrives while connecting. If the mailbox ever
// dropped a chunk, the sound has a hole, and Stream fails instead of having it transcribed.
func (o *Orac) Stream(t *rt.Task, u Utterance, chunks *rt.Mailbox[Chunk]) (Result, error) {
	s := &stream{orac: o, of: u.Thread(), to: o.base.WebSocket("stt", "v1", "ws", "stream", topic(u))}
	if err := addressable(streamOp, s.to, u); err != nil {
		return Result{}, err
	}
	r, err := s.run(t, u, chunks)
	if e, ok := errors.AsType[*Error](err); ok && s.ended && e.Kind != Engine && e.Doubt == NoDoubt {
		e.Doubt = UnderWay
	}
	return r, err
}

func (s *stream) run(t *rt.Task, u Utterance, chunks *rt.Mailbox[Chunk]) (Result, error) {
	ctx, done := live.Context(t) // each part has its own deadline
	defer done()
	if err := s.dial(t, ctx); err != nil {
		return Result{}, err
	}
	defer s.close()
	answers := rt.NewMailbox[streamed]("answers", 1)
	reader := t.Go("stt-answers", func(t *rt.Task) error {
		answers.Push(t, s.read(ctx))
		return nil
	})
	// When t is told to stop, this wait gives up, and t itself waits for its children before it ends.
	defer func() { done(); _ = t.Wait(reader, rt.Never) }()

	if err := s.write(t, ctx, websocket.MessageText, configMessage(u)); err != nil {
		return Result{}, err
	}
	if err := s.sound(t, ctx, chunks, answers); err != nil {
		return Result{}, err
	}
	if u.Sending != nil {
		if err := u.Sending(t); err != nil {
			return Result{}, err
		}
	}
	if err := s.write(t, ctx, websocket.MessageText, []byte(`{"type":"end"}`)); err != nil {
		return Result{}, s.early(t, answers, err)
	}
	s.ended = true
	a, err := s.transcript(t, ctx, answers)
	if err != nil {
		return Result{}, err
	}
	return s.result(t, a)
}

// transcript waits for the answer to a stream that was sent completely. It pings a service that is
// late.
func (s *stream) transcript(t *rt.Task, ctx context.Context, answers *rt.Mailbox[streamed]) (streamed, error) {
	v := s.orac.vigil(t)
	for {
		a, err := answers.Recv(t, t.Now().Add(v.next()))
		if !errors.Is(err, rt.ErrTimeout) {
			return a, err
		}
		pong, err := s.ping(t, ctx, answers)
		if err != nil {
			return a, err
		}
		if answers.Stats().Len == 0 && !v.goesOn(t, pong) {
			return a, s.fail(Timeout, v.over(t))
		}
	}
}

// ping tells whether the service answers a ping, or answers at all.
func (s *stream) ping(t *rt.Task, ctx context.Context, answers *rt.Mailbox[streamed]) (pong bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, min(askEvery, s.orac.least))
	ping := t.Go("stt-ping", func(*rt.Task) error {
		pong = s.conn.Ping(ctx) == nil
		return nil
	})
	which, err := rt.Select(t, rt.Never, answers, ping)
	cancel()
	_ = t.Outlast(ping, rt.Never) // it ends with its context
	return pong || which == 0, err
}

// sound sends chunks until the mailbox is closed; it fails when the service answers before that.
func (s *stream) sound(t *rt.Task, ctx context.Context, chunks *rt.Mailbox[Chunk], answers *rt.Mailbox[streamed]) error {
	frame := make([]byte, 0, 2*len(Chunk{}.PCM))
	for samples := 0; ; {
		which, err := rt.Select(t, t.Now().Add(stall), answers, chunks)
		if errors.Is(err, rt.ErrTimeout) {
			return s.fail(Timeout, fmt.Errorf("our own sound stopped for %v", stall))
		}
		if err != nil {
			return err
		}
		if which == 0 {
			err := s.fail(Protocol, errors.New("a transcript before the sound had ended"))
			err.Doubt = Acted
			return s.early(t, answers, err)
		}
		c, ok := chunks.TryRecv(t)
		if dropped := chunks.Stats().Dropped; dropped > 0 {
			return s.fail(Busy, fmt.Errorf("the service took the sound too slowly: %d chunks were dropped", dropped))
		}
		if !ok {
			return nil // closed
		}
		if c.N < 0 || c.N > len(c.PCM) {
			panic(fmt.Sprintf("BUG: a chunk of %d samples", c.N))
		}
		if samples += c.N; samples > maxSamples {
			return s.fail(Refused, fmt.Errorf("more than %v of sound", MaxSpeech))
		}
		if c.N == 0 {
			continue
		}
		if err := s.write(t, ctx, websocket.MessageBinary, appendPCM(frame, c.PCM[:c.N])); err != nil {
			return s.early(t, answers, err)
		}
	}
}

// early is the error for an answer that came before the sound had ended: what the service says, or else other. After
// a failed write the service's last words, if any, are on their way.
func (s *stream) early(t *rt.Task, answers *rt.Mailbox[streamed], other error) error {
	last, err := answers.Recv(t, t.Now().Add(closeGrace))
	if err == nil && last.err == nil {
		if _, err := s.result(t, last); err != nil {
			return err
		}
	}
	if t.Stopping() {
		return rt.ErrStopped
	}
	if err == nil && last.err != nil {
		return s.explain(t, last.err)
	}
	return other
}
