package event

import "time"

// services tell what speech-to-text services do: servers, engines, and whom heartbeats go to.
var services = []Kind{
	kind("A service has become well, or is not any more.", Kind{about: func(e Event) string { return "stt." + e.Body.(STTHealth).STT }},
		func(b STTHealth) Words {
			return either(b.OK, "stt", usual("%s is %s", b.STT, b.Status), usual("%s: %s", b.STT, b.Status))
		}),
	kind("A service is streamed to from now on, or is not any more. When it is not, recordings go by HTTP.", Kind{},
		func(b Streaming) Words {
			return either(b.On, "stt", usual("%s accepts streams again", b.STT), usual("%s: %s; recordings go by HTTP", b.STT, b.Why))
		}),
	kind("Another of the services that deliver names together gets the recordings from now on: the first does not answer, or answers again.", Kind{},
		func(b Fallback) Words {
			if b.By == "" {
				return fine("stt", usual("%s answers again", b.STT))
			}
			return warning("stt", usual("%s stands in for %s: %s", b.By, b.STT, b.Cause))
		}),
	kind("An engine has understood a part of what is being said. The text may still change: the one that counts follows when the person has ended.", Kind{},
		func(b Partial) Words {
			return plain("…", speech("“%s”", b.Text), usual("  "), faint("%s", b.STT))
		}),
	kind("The process of an engine loads its model, is ready, was let go because nobody needs it, or failed.", Kind{about: Event.process},
		Engine.words),
	kind("Heartbeats are accepted, or are not any more.", Kind{about: itself},
		func(b Heartbeat) Words {
			return either(b.OK, "heartbeat", usual("%s counts %d active", b.Endpoint, b.Topics), usual("%s: %s", b.Endpoint, b.Cause))
		}),
	kind("An issuer of tokens gives a login its tokens, or does not any more.", Kind{about: itself},
		LoginHealth.words),
}

// STTHealth: whether a service answers its health check, on each change.
type STTHealth struct {
	STT    string `json:"stt"`
	OK     bool   `json:"ok"`
	Status string `json:"status"`
	Denied bool   `json:"denied,omitempty"` // see DeliveryFailed
}

func (STTHealth) Kind() string { return "stt_health" }

func (b STTHealth) told() Told {
	t := down(b.Status)
	if b.OK {
		t = well()
	}
	t.About = "stt." + b.STT
	return t
}

// Streaming: whether utterances are streamed to a service that could accept streams, on each change. While they are not
// streamed, they are sent by HTTP.
type Streaming struct {
	STT string `json:"stt"`
	On  bool   `json:"on"`
	Why string `json:"why,omitempty"` // it is off
}

func (Streaming) Kind() string { return "streaming" }

// Fallback: which of the services of one element of deliver gets utterances, on each change.
type Fallback struct {
	STT   string `json:"stt"`             // the first of them
	By    string `json:"by,omitempty"`    // the one that stands in for it; absent once the first answers again
	Cause string `json:"cause,omitempty"` // why the first does not
}

func (Fallback) Kind() string { return "fallback" }

// Partial: what an engine has understood so far, while the person still speaks. The text may still change.
type Partial struct {
	Utterance string `json:"utterance"`
	STT       string `json:"stt"`
	Text      string `json:"text"`
	Of        Origin `json:"-"`
}

func (Partial) Kind() string { return "partial" }

func (b Partial) unspoken() Body {
	b.Text = ""
	return b
}

// Engine: what the process of an engine does, on each change.
type Engine struct {
	STT     string  `json:"stt"`
	Model   string  `json:"model"`
	State   string  `json:"state"`                  // loading, ready, let go, failed
	Cause   string  `json:"cause,omitempty"`        // why it failed, or was let go
	Retry   string  `json:"retry,omitempty"`        // when it is started again
	Seconds float64 `json:"seconds,omitempty"`      // that loading took
	Memory  int64   `json:"memory_bytes,omitempty"` // of its process, when it was ready
}

func (Engine) Kind() string { return "engine" }

func (b Engine) told() (t Told) {
	switch b.State {
	case "ready":
		t = well()
		t.Did = "started again"
	case "failed":
		t = down(b.Cause)
		t.Restarted = b.Cause
	}
	return t
}

// process is the about of Engine: whether it is well shows when it is ready, or has failed.
func (e Event) process() string {
	if state := e.Body.(Engine).State; state == "ready" || state == "failed" {
		return e.Node
	}
	return ""
}

func (b Engine) words() Words {
	switch b.State {
	case "failed":
		return warning("engine", usual("%s (%s): %s; started again %s", b.STT, b.Model, b.Cause, b.Retry))
	case "ready":
		return plain("engine", usual("%s is ready", b.Model), faint("  %s, loaded in %.1f s", b.STT, b.Seconds))
	}
	return detail("engine", usual("%s (%s): %s", b.STT, b.Model, b.State))
}

// Heartbeat: whether the server accepts heartbeats, on each change. A failed heartbeat was tried
// twice.
type Heartbeat struct {
	Endpoint string `json:"endpoint"`
	OK       bool   `json:"ok"`
	Topics   int    `json:"topics"`
	Cause    string `json:"cause,omitempty"`
	Late     bool   `json:"late,omitempty"`   // the answer did not come in time: the server waits for others
	Retry    string `json:"retry,omitempty"`  // "every 30s"
	Denied   bool   `json:"denied,omitempty"` // see DeliveryFailed
}

func (Heartbeat) Kind() string { return "heartbeat" }

func (b Heartbeat) told() Told {
	switch {
	case b.OK:
		return well()
	case b.Late: // the service behind that server does not answer the server: not an outage of ours
		return poor(b.Cause)
	}
	t := down(b.Cause)
	t.Did = "tried again " + b.Retry
	return t
}

// LoginHealth: whether a login gets its tokens, on each change.
type LoginHealth struct {
	Login   string  `json:"login"`
	Issuer  string  `json:"issuer"` // its address
	OK      bool    `json:"ok"`
	Refused bool    `json:"refused,omitempty"` // the issuer has answered, and gives no token; it is asked seldom until somebody changes something
	Missing string  `json:"missing,omitempty"` // an audience for which there is no token: what is for it waits
	Lives   float64 `json:"lives,omitempty"`   // seconds until the first token ends, while there are all
	Cause   string  `json:"cause,omitempty"`
}

func (LoginHealth) Kind() string { return "login_health" }

func (b LoginHealth) told() Told {
	switch {
	case b.OK:
		return well()
	case !b.Refused && b.Missing == "":
		return poor(b.Cause)
	}
	t := down(b.Cause)
	if b.Missing != "" {
		t.Did = "what is for " + b.Missing + " waits for a token"
	}
	return t
}

func (b LoginHealth) words() Words {
	switch {
	case b.OK:
		return fine("login", usual("%s has tokens", b.Login), faint("  of %s", b.Issuer))
	case b.Missing != "":
		return failure("login", usual("%s has no token for %s, which waits: %s", b.Login, b.Missing, b.Cause))
	}
	return warning("login", usual("%s gets no new tokens, and those that it has live %v longer: %s", b.Login, time.Duration(b.Lives*float64(time.Second)), b.Cause))
}
