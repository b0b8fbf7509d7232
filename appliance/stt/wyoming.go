package stt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/wire"
	"orac/appliance/wyoming"
)

// maxPartial bounds the pieces of a text that are kept while the person speaks, in bytes.
const maxPartial = 4 << 10

// Wyoming is a client of a speech-to-text service that speaks Wyoming: Client, Streamer and Prober. Each utterance has a
// connection of its own. Such a service only returns a text, so no failure leaves a doubt. It may be used by several tasks at once.
type Wyoming struct {
	address  string // HOST:PORT
	language string
	timeout  time.Duration // for the text, once the service has all of the sound
}

// NewWyoming makes a client of the service at tcp://HOST:PORT; it connects to nothing yet.
func NewWyoming(c ServerConfig) (*Wyoming, error) {
	address, err := wyoming.ParseURL(c.URL)
	if err != nil {
		return nil, fmt.Errorf("stt: url: %w", err)
	}
	w := &Wyoming{address: address, language: c.Language, timeout: c.Timeout}
	if w.timeout <= 0 {
		w.timeout = DefaultTimeout
	}
	return w, nil
}

// Transcribe implements Client.
func (w *Wyoming) Transcribe(t *rt.Task, u Utterance, pcm []int16) (Result, error) {
	if err := acceptable("transcribe", "tcp://"+w.address, pcm); err != nil {
		return Result{}, err
	}
	u.Partial = nil // the text itself comes in a moment
	return w.talk(t, u, "transcribe", func(c *wyoming.Conn, _ *rt.Mailbox[wyomingAnswer], _ *partials) error { return c.Send(pcm) })
}

// Stream implements Streamer.
func (w *Wyoming) Stream(t *rt.Task, u Utterance, chunks *rt.Mailbox[Chunk]) (Result, error) {
	return w.talk(t, u, streamOp, func(c *wyoming.Conn, answers *rt.Mailbox[wyomingAnswer], partial *partials) error {
		for samples := 0; ; {
			which, err := rt.Select(t, t.Now().Add(stall), answers, chunks)
			if errors.Is(err, rt.ErrTimeout) {
				return w.error(streamOp, Timeout, fmt.Errorf("our own sound stopped for %v", stall))
			}
			if err != nil {
				return err
			}
			if which == 0 {
				a, _ := answers.TryRecv(t)
				if a.last {
					return errors.Join(errEarly, a.err)
				}
				partial.add(t, a.text)
				continue
			}
			chunk, ok := chunks.TryRecv(t)
			if dropped := chunks.Stats().Dropped; dropped > 0 {
				return w.error(streamOp, Busy, fmt.Errorf("the service took the sound too slowly: %d chunks were dropped", dropped))
			}
			if !ok {
				return nil // closed
			}
			if samples += chunk.N; samples > maxSamples {
				return w.error(streamOp, Refused, fmt.Errorf("more than %v of sound", MaxSpeech))
			}
			if err := c.Send(chunk.PCM[:chunk.N]); err != nil {
				return err
			}
		}
	})
}

// errEarly means that the service ended before the sound did.
var errEarly = errors.New("it answered before the sound had ended")

// wyomingAnswer is a piece of a text, or the last thing that a service says.
type wyomingAnswer struct {
	text string
	said wyoming.Transcript
	err  error
	last bool
}

// talk asks for the text of the sound that feed sends.
func (w *Wyoming) talk(t *rt.Task, u Utterance, op string, feed func(*wyoming.Conn, *rt.Mailbox[wyomingAnswer], *partials) error) (Result, error) {
	ctx, done := live.Context(t)
	defer done()
	conn, err := wyoming.Dial(ctx, w.address)
	if err != nil {
		return Result{}, w.fail(t, op, err)
	}
	answers := rt.NewMailbox[wyomingAnswer]("answers", 16)
	reader := t.Go("stt-answers", func(t *rt.Task) error {
		said, err := conn.Transcript(func(text string) { answers.Push(t, wyomingAnswer{text: text}) })
		answers.Push(t, wyomingAnswer{said: said, err: err, last: true})
		return nil
	})
	// When t is told to stop, this wait gives up, and t itself waits for its children before it ends.
	defer func() { done(); _ = conn.Close(); _ = t.Wait(reader, rt.Never) }()

	began, partial := t.Now(), &partials{u: u}
	asked := wyoming.Transcribe{Language: w.language}
	if u.ID != "" {
		asked.Context = &wyoming.Context{Utterance: u.ID}
	}
	err = conn.Begin(asked)
	if err == nil {
		err = feed(conn, answers, partial)
	}
	if err == nil {
		began = t.Now()
		err = conn.End()
	}
	if err != nil {
		return Result{}, w.ended(t, op, answers, err)
	}
	for {
		a, err := answers.Recv(t, began.Add(w.timeout))
		switch {
		case errors.Is(err, rt.ErrTimeout):
			return Result{}, w.error(op, Timeout, fmt.Errorf("no transcript in %v", w.timeout))
		case err != nil:
			return Result{}, err
		case !a.last:
			partial.add(t, a.text)
		case a.err != nil:
			return Result{}, w.fail(t, op, a.err)
		default:
			return w.result(op, a.said, t.Now().Sub(began))
		}
	}
}

// result reads a transcript. An empty one is silence: a service that fails says so, or closes the connection.
func (w *Wyoming) result(op string, said wyoming.Transcript, took time.Duration) (Result, error) {
	if len(said.Text) > wire.MaxAnswer {
		return Result{}, w.error(op, Protocol, fmt.Errorf("the text is longer than %d bytes", wire.MaxAnswer))
	}
	r, err := (&answer{Text: &said.Text, Language: &said.Language}).result()
	if failed, ok := errors.AsType[*engineError](err); ok {
		return Result{}, w.error(op, Engine, failed)
	}
	if err != nil {
		return Result{}, w.error(op, Protocol, err)
	}
	r.Silence, r.ProcessingTime = r.Text == "", took
	return r, nil
}

// ended is the error for a service that ended the exchange before it had all of the sound. Its last words, if there are any, say
// more than the write that failed.
func (w *Wyoming) ended(t *rt.Task, op string, answers *rt.Mailbox[wyomingAnswer], err error) error {
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	if errors.Is(err, errEarly) {
		if said, ok := errors.AsType[*wyoming.Failure](err); ok {
			return w.fail(t, op, said)
		}
		return w.error(op, Protocol, errEarly)
	}
	for until := t.Now().Add(closeGrace); ; {
		a, rerr := answers.Recv(t, until)
		if rerr != nil {
			return w.fail(t, op, err)
		}
		if a.last && a.err != nil {
			return w.fail(t, op, a.err)
		}
	}
}

// Health implements Prober by asking what the service offers.
func (w *Wyoming) Health(t *rt.Task) (Health, error) {
	const op = "health"
	stop, done := live.Context(t)
	defer done()
	ctx, cancel := context.WithTimeout(stop, 2*healthTimeout)
	defer cancel()
	conn, err := wyoming.Dial(ctx, w.address)
	if err != nil {
		return Health{}, w.fail(t, op, err)
	}
	defer conn.Close()
	info, err := conn.Describe()
	if err != nil {
		return Health{}, w.fail(t, op, err)
	}
	if len(info.ASR) == 0 {
		e := w.error(op, Unreachable, errors.New("it offers no speech to text"))
		e.Hint = "another Wyoming service answers there; check the port in url (10300 by convention)"
		return Health{}, e
	}
	return Health{}, nil
}

// fail turns what ended an exchange into rt.ErrStopped or an *Error.
func (w *Wyoming) fail(t *rt.Task, op string, err error) error {
	if t.Stopping() || errors.Is(err, rt.ErrStopped) {
		return rt.ErrStopped
	}
	said, failed := errors.AsType[*wyoming.Failure](err)
	n, network := errors.AsType[net.Error](err)
	switch {
	case failed:
		return w.error(op, Engine, said)
	case errors.Is(err, wyoming.ErrFormat):
		e := w.error(op, Protocol, err)
		e.Hint = "is this a Wyoming service?"
		return e
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), network && n.Timeout():
		return w.error(op, Timeout, err)
	}
	return w.error(op, Unreachable, err)
}

func (w *Wyoming) error(op string, kind Kind, cause error) *Error {
	return &Error{Op: op, Address: "tcp://" + w.address, Kind: kind, Cause: cause}
}

// partials are the pieces of a text that have come so far.
type partials struct {
	u    Utterance
	text strings.Builder
	told string
}

func (p *partials) add(t *rt.Task, piece string) {
	if p.u.Partial == nil || p.text.Len()+len(piece) > maxPartial {
		return
	}
	p.text.WriteString(piece)
	if text := wire.CleanText(p.text.String()); text != p.told {
		p.told = text
		p.u.Partial(t, text)
	}
}
