package node

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"orac/appliance/audio"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/appliance/stt/spoken"
	"orac/appliance/utterance"
)

// EngineClient asks an engine of the same graph. It is a stt.Streamer: while the person speaks it asks for partial results, where the
// engine has nothing better to do, and at the end for the whole.
type EngineClient struct {
	STT      string
	Jobs     *rt.Mailbox[EngineJob]
	Glimpses *rt.Mailbox[EngineJob]
}

const (
	// askTime is how long to wait for the engine's answer to a job. An engine answers every job in its time, so this is for one
	// that was cut off.
	askTime = 5 * time.Minute
	// soundStall is how long to wait for the next piece of our own sound, which comes every 80 ms.
	soundStall = 5 * time.Second
	// glimpseGap is the shortest time between two partial results, and freshSound how much more must have been said.
	glimpseGap = time.Second
	freshSound = audio.Rate / 2 // samples
)

// Transcribe implements stt.Client.
func (c *EngineClient) Transcribe(t *rt.Task, u stt.Utterance, pcm []int16) (stt.Result, error) {
	if audio.Time(len(pcm)) > stt.MaxSpeech {
		return stt.Result{}, c.fault(stt.Refused, fmt.Errorf("more than %v of sound", stt.MaxSpeech))
	}
	job := jobOf(u, pcm)
	if err := c.Jobs.Send(t, job); err != nil {
		return stt.Result{}, c.gone(err)
	}
	return await(t, c.STT, u, job)
}

// jobOf is the job to understand a sound, from behind the wake word on, where the sound tells where that is. Engines do not know names:
// what they make of a wake word is often not to be recognised, and spoils the words after it.
func jobOf(u stt.Utterance, pcm []int16) EngineJob {
	return EngineJob{Utterance: u.ID, PCM: pcm, Skip: utterance.AfterWake(pcm, u.PreRoll), Reply: rt.NewMailbox[EngineReply]("engine's reply", 1)}
}

// AskEngine hands a sound to the engine that reads a mailbox, unless too many wait in it: the error is then of kind Busy and says when
// to come back. Once the task is told to stop, the job is taken back.
func AskEngine(t *rt.Task, name string, asked *rt.Mailbox[EngineJob], u stt.Utterance, pcm []int16) (stt.Result, error) {
	job := jobOf(u, pcm)
	if !asked.TrySend(t, job) {
		waiting := asked.Stats().Len
		return stt.Result{}, &stt.Error{
			Op: "transcribe", Address: name, Kind: stt.Busy, RetryAfter: time.Duration(max(1, waiting/2)) * time.Second,
			Cause: fmt.Errorf("%d recordings wait for the engine already", waiting),
		}
	}
	return await(t, name, u, job)
}

// await waits for the answer to a job. Whatever ends the wait takes the job back.
func await(t *rt.Task, name string, u stt.Utterance, job EngineJob) (stt.Result, error) {
	defer job.Reply.Close(t)
	r, err := job.Reply.Recv(t, t.Now().Add(askTime))
	if err != nil {
		if errors.Is(err, rt.ErrTimeout) {
			err = &stt.Error{Op: "transcribe", Address: name, Kind: stt.Timeout, Cause: fmt.Errorf("no answer within %v", askTime)}
		}
		return stt.Result{}, err
	}
	if r.Err != nil {
		return stt.Result{}, r.Err
	}
	return unwaked(r.Result, u), nil
}

// unwaked is a result without the wake word.
func unwaked(r stt.Result, u stt.Utterance) stt.Result {
	text := spoken.StripWake(r.Text, u.WakeWord)
	if text == r.Text {
		return r
	}
	r.Text = text
	if text == "" {
		r.Silence, r.Nothing = true, "only the wake word was heard"
	}
	return r
}

// Stream implements stt.Streamer.
func (c *EngineClient) Stream(t *rt.Task, u stt.Utterance, chunks *rt.Mailbox[stt.Chunk]) (stt.Result, error) {
	g := glimpses{client: c, u: u, due: t.Now().Add(glimpseGap)}
	defer g.end(t)
	var pcm []int16
	for {
		g.ask(t, pcm)
		_, err := rt.Select(t, t.Now().Add(soundStall), g.cases(chunks)...)
		if errors.Is(err, rt.ErrTimeout) {
			return stt.Result{}, c.fault(stt.Timeout, fmt.Errorf("our own sound stopped for %v", soundStall))
		}
		if err != nil {
			return stt.Result{}, err
		}
		g.hear(t)
		chunk, ok := chunks.TryRecv(t)
		switch {
		case chunks.Stats().Dropped > 0:
			return stt.Result{}, c.fault(stt.Busy, errors.New("a part of the sound was lost on its way"))
		case ok:
			pcm = append(pcm, chunk.PCM[:chunk.N]...)
		case chunks.Closed():
			g.end(t)
			return c.Transcribe(t, u, pcm)
		}
	}
}

func (c *EngineClient) fault(kind stt.Kind, cause error) error {
	return &stt.Error{Op: "transcribe", Address: c.STT, Kind: kind, Cause: cause}
}

// gone is the error of an engine that takes no more jobs.
func (c *EngineClient) gone(err error) error {
	if errors.Is(err, rt.ErrClosed) {
		return c.fault(stt.Unreachable, errors.New("the engine has ended"))
	}
	return err
}

// glimpses are the partial results of one utterance.
type glimpses struct {
	client *EngineClient
	u      stt.Utterance
	due    rt.Instant               // when to ask for the next one
	asked  rt.Instant               // when the last one was asked for
	heard  int                      // samples of the last one
	reply  *rt.Mailbox[EngineReply] // of the one that is under way; nil: none is
	told   string                   // the last text
	off    bool                     // the engine has failed on this sound
}

// cases are what to wait for: sound, and the next partial result.
func (g *glimpses) cases(chunks *rt.Mailbox[stt.Chunk]) []rt.Case {
	if g.reply == nil {
		return []rt.Case{chunks}
	}
	return []rt.Case{g.reply, chunks}
}

// ask asks for a partial result, if it is time for one. The next is asked for after a second, or after twice as long as this one
// takes, so that the engine is idle for at least half of the time.
func (g *glimpses) ask(t *rt.Task, pcm []int16) {
	if g.off || g.u.Partial == nil || g.reply != nil || t.Now() < g.due || len(pcm)-g.heard < freshSound {
		return
	}
	job := jobOf(g.u, slices.Clone(pcm))
	job.Partial = true
	g.asked, g.heard = t.Now(), len(pcm)
	g.due = g.asked.Add(glimpseGap)
	if g.client.Glimpses.TrySend(t, job) {
		g.reply = job.Reply
	}
}

// hear takes a partial result, if one has come, and tells it when it says something new.
func (g *glimpses) hear(t *rt.Task) {
	if g.reply == nil {
		return
	}
	r, ok := g.reply.TryRecv(t)
	if !ok {
		return
	}
	g.reply = nil
	if e, failed := errors.AsType[*stt.Error](r.Err); failed {
		g.off = e.Kind != stt.Busy // the whole is tried all the same
		return
	}
	g.due = max(g.due, g.asked.Add(2*t.Now().Sub(g.asked)))
	if text := unwaked(r.Result, g.u).Text; text != "" && text != g.told {
		g.told = text
		g.u.Partial(t, text)
	}
}

// end takes back what is under way.
func (g *glimpses) end(t *rt.Task) {
	if g.reply != nil {
		g.reply.Close(t)
		g.reply = nil
	}
}
