package node

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"orac/appliance/audio/wav"
	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/sttrole"
)

// Transcribe asks the server to transcribe. It is called by a task of its own, whose end takes the utterance back.
func (n *STTServer) Transcribe(t *rt.Task, h sttrole.Hearing) (sttrole.Heard, error) {
	w := waiter{rt.NewMailbox[transcribed]("reply", 1), rt.NewMailbox[struct{}]("gone", 1)}
	defer w.gone.Close(t)
	if !n.Asks.TrySend(t, hear{h, w}) {
		return sttrole.Heard{}, &sttrole.BusyError{RetryAfter: time.Second, Cause: "too many requests wait for the server"}
	}
	limit := time.Duration(n.Config.Get().Queue+2) * answerLimit
	a, err := w.reply.Recv(t, t.Now().Add(limit))
	if errors.Is(err, rt.ErrTimeout) {
		return a.Heard, unanswered()
	}
	if err != nil {
		return a.Heard, err
	}
	return a.Heard, a.err
}

func unanswered() error {
	return &status.Refusal{Code: status.Busy, Message: "the server does not answer: it may be restarting", Hint: "Try again; orac status shows what it does."}
}

// asks sends a question that needs no engine, and waits for its answer.
func asks[R any](t *rt.Task, n *STTServer, make func(*rt.Mailbox[R]) Ask) (r R, err error) {
	reply := rt.NewMailbox[R]("reply", 1)
	if !n.Asks.TrySend(t, make(reply)) {
		return r, &sttrole.BusyError{RetryAfter: time.Second, Cause: "too many requests wait for the server"}
	}
	r, err = reply.Recv(t, t.Now().Add(askPatience))
	if errors.Is(err, rt.ErrTimeout) {
		err = unanswered()
	}
	return r, err
}

// beat is an Ask.
type beat struct {
	sttrole.Beat
	reply *rt.Mailbox[beaten]
}

type beaten struct {
	sttrole.BeatAnswer
	err error
}

func (b beat) ask(t *rt.Task, n *STTServer, c STTServerConfig) {
	a, fresh, err := n.roll.Beat(t.Now(), t.Wall(), b.Beat)
	if fresh {
		t.Trace("instance")
		say(t, n.Events, n.Name, event.Instance{
			Server: n.Server, Instance: b.InstanceID, Source: b.Source, Peer: b.Peer.Name, Address: b.Peer.Address, Models: a.Active, Present: true,
		})
	}
	b.reply.TrySend(t, beaten{a, err})
	if err == nil && a.Active > 0 {
		n.topics(t, c)
	}
}

// Beat tells the server of a heartbeat.
func (n *STTServer) Beat(t *rt.Task, b sttrole.Beat) (sttrole.BeatAnswer, error) {
	if err := b.Check(); err != nil {
		return sttrole.BeatAnswer{}, err
	}
	a, err := asks(t, n, func(r *rt.Mailbox[beaten]) Ask { return beat{b, r} })
	if err == nil {
		err = a.err
	}
	return a.BeatAnswer, err
}

// look is an Ask.
type look struct{ reply *rt.Mailbox[sttrole.State] }

func (l look) ask(t *rt.Task, n *STTServer, c STTServerConfig) { l.reply.TrySend(t, n.state(t, c)) }

// State is everything that the server knows of itself.
func (n *STTServer) State(t *rt.Task) (sttrole.State, error) {
	return asks(t, n, func(r *rt.Mailbox[sttrole.State]) Ask { return look{r} })
}

// preload is an Ask.
type preload struct{ reply *rt.Mailbox[error] }

func (p preload) ask(t *rt.Task, n *STTServer, _ STTServerConfig) {
	n.Wakes.Push(t, Wake{At: t.Wall()})
	p.reply.TrySend(t, nil)
}

// Preload makes the engine load its model.
func (n *STTServer) Preload(t *rt.Task) error {
	_, err := asks(t, n, func(r *rt.Mailbox[error]) Ask { return preload{r} })
	return err
}

// kept is a transcript, with its sound if that is kept.
type kept struct {
	sttrole.Transcript
	pcm []int16
}

// keep keeps a transcript for people.
func (n *STTServer) keep(t *rt.Task, c STTServerConfig, j *job, h sttrole.Heard, cause string) {
	k := kept{Transcript: sttrole.Transcript{Heard: h, At: t.Wall(), Peer: j.Peer, Streamed: j.Streamed, Error: cause, Sound: true}, pcm: j.PCM}
	n.kept = append([]kept{k}, n.kept...)
	n.kept = n.kept[:min(len(n.kept), mostTranscripts)]
	bytes := 0
	for i := range n.kept {
		if bytes += 2 * len(n.kept[i].pcm); i >= c.Keep || bytes > mostKeptBytes {
			n.kept[i].pcm, n.kept[i].Transcript.Sound = nil, false
		}
	}
}

// sound is an Ask.
type sound struct {
	id    string
	reply *rt.Mailbox[[]int16]
}

func (s sound) ask(t *rt.Task, n *STTServer, _ STTServerConfig) {
	for _, k := range n.kept {
		if k.ID == s.id {
			s.reply.TrySend(t, k.pcm)
			return
		}
	}
	s.reply.TrySend(t, nil)
}

// Sound is the sound of a kept transcript, as a WAV file.
func (n *STTServer) Sound(t *rt.Task, id string) ([]byte, error) {
	pcm, err := asks(t, n, func(r *rt.Mailbox[[]int16]) Ask { return sound{id, r} })
	if err == nil && pcm == nil {
		err = sttrole.ErrNoSound
	}
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := wav.Encode(&b, pcm); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// clip bounds a text.
func clip(s string) string {
	if len(s) > mostText {
		s = strings.ToValidUTF8(s[:mostText], "")
	}
	return s
}
