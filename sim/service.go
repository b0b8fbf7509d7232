package sim

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"orac/appliance/audio"
	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/appliance/stt/wire"
	"orac/runbook"
	"orac/runbook/scenario"
)

// service is a model of a speech-to-text server at the boundary of its client: what the real client makes of a server that
// is away, slow, or lies. It transcribes nothing; the text says how long the sound was,
// behind markers such as Whisper writes.
type service struct {
	m      *machine
	name   string
	faults map[scenario.Kind]scenario.Fault
	poison string // the utterance that stt_poison is about; "" until there is one
}

const (
	connectTime = 2 * time.Millisecond
	// connectPatience is how long the client waits for a connection.
	connectPatience = 5 * time.Second
	answerTime      = 300 * time.Millisecond // of a server that is well, from the end of the sound
)

func (s *service) has(k scenario.Kind) bool { _, ok := s.faults[k]; return ok }

// sttClient is a client of a service under the settings of one runbook.
type sttClient struct {
	*service
	timeout time.Duration
}

func (s *service) fault(op string, kind wire.Kind, status int, cause string) error {
	return s.failure(op, kind, status, errors.New(cause))
}

func (s *service) failure(op string, kind wire.Kind, status int, cause error) error {
	return &wire.Error{Op: op, Address: "http://" + s.name, Kind: kind, Status: status, Cause: cause}
}

// poisoned tells whether the server cannot digest an utterance, and what comes of it.
func (s *service) poisoned(id string) (how string, yes bool) {
	f, ok := s.faults[scenario.STTPoison]
	if !ok {
		return "", false
	}
	if s.poison == "" {
		s.poison = id
	}
	return f.Way, s.poison == id
}

// connect reaches the server.
func (c sttClient) connect(t *rt.Task, op string) error {
	if err := t.Sleep(connectTime); err != nil {
		return err
	}
	if c.has(scenario.STTSilent) {
		if err := t.Sleep(connectPatience); err != nil {
			return err
		}
		return c.fault(op, wire.Timeout, 0, fmt.Sprintf("no connection in %v", connectPatience))
	}
	switch {
	case c.m.active(scenario.NetDown):
		return c.failure(op, wire.Unreachable, 0, syscall.ENETUNREACH)
	case c.m.active(scenario.Descriptors):
		return c.failure(op, wire.Unreachable, 0, syscall.EMFILE)
	case c.has(scenario.STTDown):
		return c.failure(op, wire.Unreachable, 0, syscall.ECONNREFUSED)
	case c.has(scenario.STTUnauthorized):
		return c.fault(op, wire.Unauthorised, 401, "the token is not accepted")
	}
	return nil
}

// Transcribe implements stt.Client.
func (c sttClient) Transcribe(t *rt.Task, u stt.Utterance, pcm []int16) (stt.Result, error) {
	if err := c.connect(t, "transcribe"); err != nil {
		return stt.Result{}, err
	}
	return c.answer(t, "transcribe", u, len(pcm))
}

// Stream implements stt.Streamer.
func (c sttClient) Stream(t *rt.Task, u stt.Utterance, chunks *rt.Mailbox[stt.Chunk]) (stt.Result, error) {
	if err := c.connect(t, "stream"); err != nil {
		return stt.Result{}, err
	}
	if c.has(scenario.STTNoStream) {
		return stt.Result{}, c.fault("stream", wire.Unauthorised, 403, "")
	}
	for samples := 0; ; {
		chunk, err := chunks.Recv(t, t.Now().Add(5*time.Second))
		switch {
		case errors.Is(err, rt.ErrClosed):
			return c.answer(t, "stream", u, samples)
		case errors.Is(err, rt.ErrTimeout):
			return stt.Result{}, c.fault("stream", wire.Timeout, 0, "our own sound stopped for 5s")
		case err != nil:
			return stt.Result{}, err
		case c.has(scenario.STTDown), c.has(scenario.STTReset):
			return stt.Result{}, c.fault("stream", wire.Unreachable, 0, "connection reset by peer")
		}
		samples += chunk.N
	}
}

// answer is what comes of an utterance that the server has all of.
func (c sttClient) answer(t *rt.Task, op string, u stt.Utterance, samples int) (stt.Result, error) {
	how, poisoned := c.poisoned(u.ID)
	if c.has(scenario.STTReset) || poisoned && how == "reset" {
		return stt.Result{}, c.fault(op, wire.Unreachable, 0, "connection reset by peer")
	}
	takes := answerTime + c.faults[scenario.STTSlow].Delay
	if c.has(scenario.STTLate) || c.has(scenario.STTHolds) || c.has(scenario.STTSilent) || c.m.active(scenario.NetDown) {
		takes = c.timeout + time.Second
	}
	if poisoned && how == "hang" {
		takes = c.timeout + time.Second
	}
	if err := t.Sleep(min(takes, c.timeout)); err != nil {
		return stt.Result{}, err
	}
	switch {
	case takes > c.timeout:
		return stt.Result{}, c.fault(op, wire.Timeout, 0, fmt.Sprintf("no transcript %v after the end of the sound", c.timeout))
	case c.has(scenario.STTDown):
		return stt.Result{}, c.fault(op, wire.Unreachable, 0, "connection reset by peer")
	case poisoned:
		return stt.Result{}, c.fault(op, wire.Busy, 500, "Internal Server Error")
	case c.has(scenario.STTCut):
		return stt.Result{}, c.fault(op, wire.Protocol, 200, "the answer ends in the middle: unexpected EOF")
	case c.has(scenario.STTTrash), c.has(scenario.STTCorrupt):
		return stt.Result{}, c.fault(op, wire.Protocol, 200, "the answer is no JSON")
	case c.has(scenario.STTLies):
		return stt.Result{}, c.fault(op, wire.Engine, 200, "[Transcription Failed: out of memory]")
	}
	empty := c.has(scenario.STTEmpty)
	if op != "stream" || !empty && samples > 0 { // a stream that had nothing in it, or that nothing was heard in, is no answer: the whole must follow
		c.m.account.answered(c.m.now(), c.name, u.ID, samples)
	}
	if empty {
		return stt.Result{}, nil
	}
	return stt.Result{Text: fmt.Sprintf("[00:00.000 --> 00:15.000] [Music] %d samples", samples), Confidence: 1, Duration: audio.Time(samples)}, nil
}

// Health implements stt.Prober.
func (c sttClient) Health(t *rt.Task) (stt.Health, error) {
	if err := c.connect(t, "health"); err != nil {
		return stt.Health{}, err
	}
	if d := c.faults[scenario.STTSlow].Delay; d > 0 {
		if err := t.Sleep(min(d, 5*time.Second)); err != nil {
			return stt.Health{}, err
		}
		if d > 5*time.Second {
			return stt.Health{}, c.fault("health", wire.Timeout, 0, "no answer in 5s")
		}
	}
	streams := !c.has(scenario.STTNoStream)
	return stt.Health{Status: "healthy", Streaming: &streams}, nil
}

// peer is a model of a server that takes heartbeats, or of a webhook.
type peer struct {
	m       *machine
	address string
	faults  map[scenario.Kind]scenario.Fault
}

func (p *peer) has(k scenario.Kind) bool { _, ok := p.faults[k]; return ok }

// peerTime is what a well peer takes; peerPatience is the client's.
const (
	peerTime     = 5 * time.Millisecond
	peerPatience = 5 * time.Second
)

func (p *peer) call(t *rt.Task, op string) error {
	takes := peerTime + p.faults[scenario.WebhookSlow].Delay
	if err := t.Sleep(min(takes, peerPatience)); err != nil {
		return err
	}
	fault := func(k wire.Kind, status int, cause string) error {
		return &wire.Error{Op: op, Address: p.address, Kind: k, Status: status, Cause: errors.New(cause)}
	}
	switch {
	case takes > peerPatience:
		return fault(wire.Late, 0, "no answer in 5s")
	case p.m.active(scenario.NetDown):
		return fault(wire.Unreachable, 0, "network is unreachable")
	case p.m.active(scenario.Descriptors):
		return fault(wire.Unreachable, 0, "too many open files")
	case p.has(scenario.HeartbeatDown), p.has(scenario.WebhookDown):
		return fault(wire.Unreachable, 0, "connection refused")
	case p.has(scenario.HeartbeatNo):
		return fault(wire.Unauthorised, 401, "the token is not accepted")
	}
	return nil
}

// Beat implements notify.Heart.
func (p *peer) Beat(t *rt.Task, b notify.Beat) (int, error) {
	return len(b.Models), p.call(t, "heartbeat")
}

// Fire implements notify.Hook.
func (p *peer) Fire(t *rt.Task, _ notify.Firing) error { return p.call(t, "webhook") }

func (m *machine) client(_ *runbook.Runbook, s runbook.STT) (stt.Client, error) {
	timeout := s.Timeout
	if timeout <= 0 {
		timeout = 30 * time.Second
	}
	v, ok := m.services[s.Name]
	if !ok { // an apply has added it
		v = &service{m: m, name: s.Name, faults: map[scenario.Kind]scenario.Fault{}}
		m.services[s.Name] = v
	}
	return sttClient{v, timeout}, nil
}

func (m *machine) heart(_ *runbook.Runbook, h runbook.Heartbeat) (notify.Heart, error) {
	return m.peer("heartbeat " + h.Name), nil
}

func (m *machine) hook(w runbook.Webhook) (notify.Hook, error) {
	p := m.peer("webhook " + w.Name)
	p.address = wire.Origin(w.URL.Reveal()) // as the real client names it
	return p, nil
}

func (m *machine) peer(name string) *peer {
	p, ok := m.peers[name]
	if !ok {
		p = &peer{m: m, address: "http://" + name, faults: map[scenario.Kind]scenario.Fault{}}
		m.peers[name] = p
	}
	return p
}
