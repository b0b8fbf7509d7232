package sim

import (
	"errors"
	"slices"
	"time"

	"orac/appliance/graph"
	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
	"orac/runbook/scenario"
)

// service is a model of a speech-to-text server and of the ORAC Core behind it. It transcribes nothing: its text says how long
// the sound was, after markers such as Whisper writes. Like the real server, it continues with an utterance when its client has
// gone, and has Core act on what it understood.
type service struct {
	ailments
	m      *machine
	name   string
	asked  calls  // calls to transcribe
	probed calls  // calls to check its health
	poison string // the utterance that stt_poison is about; "" until there is one
	works  []*work
}

const (
	connectTime = 2 * time.Millisecond
	// connectPatience is how long the client waits for a connection.
	connectPatience = 5 * time.Second
	answerTime      = 300 * time.Millisecond // of a healthy server, from the end of the sound
	// answerLeast and holdMost are how long the real client waits for the answer to an utterance that the server has completely:
	// the first counts only time in which the server is alive, the second all time.
	answerLeast = 45 * time.Second
	holdMost    = 10 * time.Minute
)

func (s *service) address() string { return "http://" + s.name }

func (s *service) fault(op string, kind wire.Kind, status int, cause string) *wire.Error {
	return &wire.Error{Op: op, Address: s.address(), Kind: kind, Status: status, Cause: errors.New(cause)}
}

// poisoned tells whether the server fails on an utterance, and how.
func (s *service) poisoned(id string) (how string, yes bool) {
	x := s.of(scenario.STTPoison)
	if x == nil {
		return "", false
	}
	if s.poison == "" {
		s.poison = id
	}
	return x.Way, s.poison == id
}

// mute tells whether nothing from the server reaches its client.
func (s *service) mute() bool {
	return s.has(scenario.STTSilent) || s.has(scenario.STTStopped) || s.m.ailments.has(scenario.NetDown)
}

// work is an utterance that a server has completely.
type work struct {
	id      string
	samples int
	check   bool          // a check: nobody acts on it
	at      time.Duration // when it is done; 0: never, or not while the server is stopped
	hangs   bool
	ended   bool // the server ended before it was done
	judged  bool
	text    bool // it was understood
}

// begin hands the server an utterance. The server continues with it whatever its client does.
func (s *service) begin(w *work, patience time.Duration) {
	how, poisoned := s.poisoned(w.id)
	w.hangs = s.has(scenario.STTHolds) || poisoned && how == "hang"
	s.works = append(slices.DeleteFunc(s.works, func(x *work) bool { return x.judged || x.ended || x.hangs }), w)
	switch {
	case w.hangs || s.has(scenario.STTStopped):
	case s.has(scenario.STTLate):
		s.due(w, patience+time.Second)
	default:
		s.due(w, answerTime+s.delay())
	}
}

// due schedules the end of a piece of work.
func (s *service) due(w *work, takes time.Duration) {
	at := s.m.now() + takes
	w.at = at
	s.m.todo.add(at, func() {
		if w.at == at {
			s.finish(w)
		}
	})
}

// finish finishes a piece of work, once: Core gets what was understood.
func (s *service) finish(w *work) {
	if w.judged || w.ended {
		return
	}
	w.judged = true
	_, poisoned := s.poisoned(w.id)
	w.text = w.samples > 0 && !poisoned && s.first(func(x *ailment) bool { return x.empty }) == nil
	if w.text && !w.check {
		s.m.account.Acts(w.at, s.name, w.id)
	}
}

// end ends the server's process: its unfinished work is gone.
func (s *service) end() {
	for _, w := range s.works {
		w.ended = w.ended || !w.judged
	}
	s.works = nil
	for _, i := range s.m.issuers {
		i.forget(s.address())
	}
}

// stop pauses the server's work, and proceed resumes it.
func (s *service) stop() {
	for _, w := range s.works {
		if !w.judged {
			w.at = 0
		}
	}
}

func (s *service) proceed() {
	for _, w := range s.works {
		if !w.judged && !w.hangs {
			s.due(w, answerTime)
		}
	}
}

// peer is a model of a server that receives heartbeats.
type peer struct {
	ailments
	m       *machine
	address string
	asked   calls
	called  time.Duration // time of the last call
}

// peerTime is how long a healthy peer takes to answer.
const peerTime = 5 * time.Millisecond

func (p *peer) call(t *rt.Task, op string) error {
	p.called = p.m.now()
	p.asked.call(p.m, op)
	if err := t.Sleep(peerTime); err != nil {
		return err
	}
	if err := p.m.unreached(op, p.address); err != nil {
		return err
	}
	if err := p.refusal(op, p.address); err != nil {
		return err
	}
	return nil
}

// heart is a peer as the client of a heartbeat sees it.
type heart struct {
	*peer
	proof *credential
}

// Beat implements notify.Heart.
func (h heart) Beat(t *rt.Task, b notify.Beat) (int, error) {
	if err := h.call(t, "heartbeat"); err != nil {
		return 0, err
	}
	return len(b.Models), h.proof.show(t, "heartbeat", h.address)
}

func (m *machine) heart(h graph.Heart, tokens wire.Tokens) (notify.Heart, error) {
	login, audience := h.TokensOf()
	return heart{m.peer("heartbeat " + h.Heartbeat.Name), m.credential(tokens, login.Name(), audience)}, nil
}

func (m *machine) peer(name string) *peer {
	p, ok := m.peers[name]
	if !ok {
		p = &peer{m: m, address: "http://" + name}
		m.peers[name] = p
	}
	return p
}
