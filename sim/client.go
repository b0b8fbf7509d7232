package sim

import (
	"errors"
	"fmt"
	"time"

	"orac/appliance/audio"
	"orac/appliance/graph"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/appliance/stt/wire"
	"orac/runbook/scenario"
)

// sttClient is a client of a service under the settings of one runbook. It behaves as the real client does with a server that is
// away, slow, stopped, or that lies.
type sttClient struct {
	*service
	timeout time.Duration
	proof   *credential
	plain   bool // the service only returns a text: see wyomingClient
}

// patience is how long the client waits for the answer to an utterance that the server has completely.
func (c sttClient) patience() time.Duration {
	if c.plain {
		return c.timeout
	}
	return max(c.timeout, answerLeast)
}

// connect connects to the server, or fails as the active faults say.
func (c sttClient) connect(t *rt.Task, op string) error {
	if op == "health" {
		c.probed.call(c.m, c.name)
	} else {
		c.asked.call(c.m, c.name)
	}
	if err := t.Sleep(connectTime); err != nil {
		return err
	}
	if c.has(scenario.STTSilent) {
		if err := t.Sleep(connectPatience); err != nil {
			return err
		}
		return c.fault(op, wire.Timeout, 0, fmt.Sprintf("no connection in %v", connectPatience))
	}
	if err := c.m.unreached(op, c.address()); err != nil {
		return err
	}
	if err := c.refusal(op, c.address()); err != nil {
		return err
	}
	return c.proof.show(t, op, c.address())
}

// greet waits for the server's first response. The kernel accepts connections for a stopped server, which
// responds only once it runs again.
func (c sttClient) greet(t *rt.Task, op string) error {
	for until := t.Now().Add(connectPatience); c.has(scenario.STTStopped); {
		if t.Now() >= until {
			return c.fault(op, wire.Timeout, 0, fmt.Sprintf("no answer in %v", connectPatience))
		}
		if err := t.Sleep(100 * time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// Transcribe implements stt.Client.
func (c sttClient) Transcribe(t *rt.Task, u stt.Utterance, pcm []int16) (stt.Result, error) {
	return c.request(t, "transcribe", u, pcm)
}

// Check implements stt.Checker.
func (c sttClient) Check(t *rt.Task, u stt.Utterance, pcm []int16) (stt.Result, error) {
	u.Sending = nil
	return c.request(t, "check", u, pcm)
}

func (c sttClient) request(t *rt.Task, op string, u stt.Utterance, pcm []int16) (stt.Result, error) {
	if err := c.connect(t, op); err != nil {
		return stt.Result{}, err
	}
	if u.Sending != nil {
		if err := u.Sending(t); err != nil {
			return stt.Result{}, err
		}
	}
	if how, poisoned := c.poisoned(u.ID); c.has(scenario.STTReset) || poisoned && how == "reset" {
		// It ends in the middle of the sound. This machine's kernel has accepted all of it, and nobody knows what arrived.
		return stt.Result{}, doubtful(c.fault(op, wire.Unreachable, 0, "connection reset by peer"), wire.UnderWay)
	}
	return c.answer(t, op, u, pcm)
}

// Stream implements stt.Streamer.
func (c sttClient) Stream(t *rt.Task, u stt.Utterance, chunks *rt.Mailbox[stt.Chunk]) (stt.Result, error) {
	if err := c.connect(t, "stream"); err != nil {
		return stt.Result{}, err
	}
	if err := c.greet(t, "stream"); err != nil {
		return stt.Result{}, err
	}
	if c.has(scenario.STTNoStream) && !c.plain {
		return stt.Result{}, wire.Answered("stream", c.address(), 403)
	}
	for pcm := []int16(nil); ; {
		chunk, err := chunks.Recv(t, t.Now().Add(5*time.Second))
		how, poisoned := c.poisoned(u.ID)
		switch {
		case errors.Is(err, rt.ErrClosed):
			if u.Sending != nil {
				if err := u.Sending(t); err != nil {
					return stt.Result{}, err
				}
			}
			return c.answer(t, "stream", u, pcm)
		case errors.Is(err, rt.ErrTimeout):
			return stt.Result{}, c.fault("stream", wire.Timeout, 0, "our own sound stopped for 5s")
		case err != nil:
			return stt.Result{}, err
		case c.has(scenario.STTDown), c.has(scenario.STTReset), poisoned && how == "reset":
			return stt.Result{}, c.fault("stream", wire.Unreachable, 0, "connection reset by peer")
		}
		pcm = append(pcm, chunk.PCM[:chunk.N]...)
	}
}

// answer returns the result for an utterance that the server has completely.
func (c sttClient) answer(t *rt.Task, op string, u stt.Utterance, pcm []int16) (stt.Result, error) {
	samples := len(pcm)
	w := &work{id: u.ID, samples: samples, check: op == "check" || c.plain}
	c.begin(w, c.patience())
	if err := c.wait(t, op, w); err != nil {
		return stt.Result{}, err
	}
	c.finish(w)
	if samples > 0 { // a stream that began too late carried nothing
		c.m.account.brought(c.m.now(), c.name, u, pcm)
	}
	_, poisoned := c.poisoned(u.ID)
	if poisoned {
		return stt.Result{}, wire.Answered(op, c.address(), 500)
	}
	if x := c.first(func(x *ailment) bool { return x.answer != nil }); x != nil {
		if err := x.answer(c, op); err != nil {
			return stt.Result{}, err
		}
	}
	if !w.text { // without a language in the request, silence cannot be told from a failure
		return stt.Result{Silence: op != "transcribe", Duration: audio.Time(samples)}, nil
	}
	if op != "check" {
		c.m.account.Answered(c.m.now(), c.name, u.ID, samples)
	}
	return stt.Result{Text: fmt.Sprintf("[00:00.000 --> 00:15.000] [Music] %d samples", samples), Confidence: 1, Duration: audio.Time(samples)}, nil
}

// wait waits as the real client does: only the time in which the server is alive counts.
func (c sttClient) wait(t *rt.Task, op string, w *work) error {
	began := t.Now()
	for lived := time.Duration(0); ; {
		now := c.m.now()
		switch done := w.at > 0 && now >= w.at; {
		case w.ended || c.has(scenario.STTDown):
			return doubtful(c.fault(op, wire.Unreachable, 0, "connection reset by peer"), wire.UnderWay)
		case done && !c.mute():
			return nil
		case lived >= c.patience() || t.Now().Sub(began) >= holdMost:
			return doubtful(c.fault(op, wire.Timeout, 0, fmt.Sprintf("no transcript %v after the end of the sound", t.Now().Sub(began).Round(time.Second))), wire.UnderWay)
		}
		step := time.Second
		if w.at > now {
			step = min(step, w.at-now)
		}
		mute := c.mute()
		if err := t.Sleep(step); err != nil {
			return err
		}
		if !mute || c.plain { // a plain client cannot tell
			lived += step
		}
	}
}

// Health implements stt.Prober.
func (c sttClient) Health(t *rt.Task) (stt.Health, error) {
	if err := c.connect(t, "health"); err != nil {
		return stt.Health{}, err
	}
	if err := c.greet(t, "health"); err != nil {
		return stt.Health{}, err
	}
	if d := c.delay(); d > 0 {
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

func (m *machine) client(to graph.Service, tokens wire.Tokens, _ func(string) string) (stt.Client, error) {
	s := to.STT
	timeout := s.Timeout
	if timeout <= 0 {
		timeout = 30 * time.Second
	}
	v, ok := m.services[s.Name]
	if !ok { // an apply has added the service
		v = &service{m: m, name: s.Name}
		m.services[s.Name] = v
	}
	c := sttClient{v, timeout, m.credential(tokens, s.Login.Name(), s.Audience), s.Protocol == "wyoming"}
	if c.plain {
		return wyomingClient{c}, nil
	}
	return c, nil
}
