package stt

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"orac/appliance/audio"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
)

const (
	// DefaultTimeout is longer than the service's own limit: the service answers before it, even if only to say
	// that it has failed.
	DefaultTimeout = answerLeast
	// healthTimeout is how long Hey ORAC waits for a health answer.
	healthTimeout = 5 * time.Second
	// maxSamples is MaxSpeech in samples.
	maxSamples = int(MaxSpeech / time.Second * audio.Rate)
	// naiveTime is local ISO 8601 without zone, always with microseconds: ORAC Core mis-times a command otherwise.
	naiveTime = "2006-01-02T15:04:05.000000"
	// cutHeader tells a service that the recording was cut off, and why. An ORAC STT does not know the header, and ignores
	// it.
	cutHeader = "X-Recording-Cut"
)

// OracConfig makes an Orac. All fields except URL may be zero.
type OracConfig struct {
	URL           string        // of the service, with or without /stt/v1/…
	Timeout       time.Duration // for each part of an exchange; 0 means DefaultTimeout. The transcript has longer: see vigil
	Token         wire.Secret   // bearer token
	Tokens        wire.Tokens   // of a service account, instead of Token
	TLS           wire.TLS
	Language      string // such as "en"; empty leaves it to the service
	Task          string // "transcribe" or "translate"; empty leaves it to the service
	ForwardToCore *bool  // nil leaves it to the service
}

// Orac is a client of ORAC STT: Client, Streamer and Prober. It may be used by several tasks at once.
type Orac struct {
	base    wire.Base
	query   url.Values
	timeout time.Duration
	client  *wire.Client
	health  *wire.Client

	least, most time.Duration // for a vigil: answerLeast or timeout, and holdMost
}

// NewOrac makes a client; it connects to nothing yet.
func NewOrac(c OracConfig) (*Orac, error) {
	base, err := wire.ParseBase(c.URL)
	if err != nil {
		return nil, fmt.Errorf("stt: %w", err)
	}
	o := &Orac{base: base, query: url.Values{}, timeout: c.Timeout}
	if o.timeout <= 0 {
		o.timeout = DefaultTimeout
	}
	o.least, o.most = max(answerLeast, o.timeout), holdMost
	if c.Language != "" {
		o.query.Set("language", c.Language)
	}
	if c.Task != "" {
		o.query.Set("task", c.Task)
	}
	if c.ForwardToCore != nil {
		o.query.Set("forward_to_core", strconv.FormatBool(*c.ForwardToCore))
	}
	options := wire.Options{Timeout: o.timeout, Token: c.Token, Tokens: c.Tokens, TLS: c.TLS}
	if o.client, err = wire.NewClient(options); err == nil {
		options.Timeout = min(o.timeout, healthTimeout)
		o.health, err = wire.NewClient(options)
	}
	if err != nil {
		return nil, fmt.Errorf("stt %s: %w", base, err)
	}
	return o, nil
}

// Transcribe sends an utterance in one request.
func (o *Orac) Transcribe(t *rt.Task, u Utterance, pcm []int16) (Result, error) {
	return o.transcribe(t, u, pcm, o.query)
}

// checkLanguage is the language that a Check asks for. Any language will do: silence answers it, and a failure
// does not.
const checkLanguage = "en"

// Check implements Checker: with a language in the query a failure answers the language "unknown".
func (o *Orac) Check(t *rt.Task, u Utterance, pcm []int16) (Result, error) {
	query := maps.Clone(o.query)
	query.Set("forward_to_core", "false")
	if query.Get("language") == "" {
		query.Set("language", checkLanguage)
	}
	u.ID, u.Sending = "", nil // this is not a delivery
	return o.transcribe(t, u, pcm, query)
}

func (o *Orac) transcribe(t *rt.Task, u Utterance, pcm []int16, query url.Values) (Result, error) {
	const op = "transcribe"
	to := o.base.HTTP(query, "stt", "v1", "stream", topic(u))
	if err := addressable(op, to, u); err != nil {
		return Result{}, err
	}
	if err := acceptable(op, wire.Address(to), pcm); err != nil {
		return Result{}, err
	}
	body, contentType := form(pcm)
	header := http.Header{}
	for name, at := range map[string]time.Time{"X-Wake-Word-Time": u.Wake, "X-Recording-End-Time": u.End} {
		if !at.IsZero() {
			header.Set(name, at.Local().Format(naiveTime))
		}
	}
	if u.Cut != "" {
		header.Set(cutHeader, u.Cut)
	}
	if u.ID != "" {
		header.Set("Idempotency-Key", u.ID)
	}
	maps.Copy(header, wire.Traced(u.Thread())) // the ID under which every log on the way knows it
	var v *vigil
	ready := func(t *rt.Task) error {
		defer func() { v = o.vigil(t) }()
		if u.Sending == nil {
			return nil
		}
		return u.Sending(t)
	}
	answer, err := o.client.Do(t, wire.Request{
		Op: op, Method: http.MethodPost, URL: to, ContentType: contentType, Header: header, Body: body,
		Ready: ready, Hold: func(t *rt.Task) time.Duration { return v.more(t) },
	})
	if err != nil {
		return Result{}, err
	}
	r, err := o.result(op, to, answer)
	if err != nil || r.Text != "" {
		return r, err
	}
	switch asked := query.Get("language"); {
	case asked == "":
	case strings.EqualFold(r.Language, "unknown"):
		return Result{}, o.client.Said(op, to, Engine, "no text, and the language unknown: its engine failed")
	default:
		r.Silence = sameLanguage(asked, r.Language)
	}
	return r, nil
}

// sameLanguage compares languages without their regions: a request for en-GB may be answered with
// en.
func sameLanguage(a, b string) bool {
	base := func(s string) string {
		s, _, _ = strings.Cut(strings.ReplaceAll(s, "_", "-"), "-")
		return s
	}
	return strings.EqualFold(base(a), base(b))
}

// Health asks the service for its health.
func (o *Orac) Health(t *rt.Task) (Health, error) {
	const op = "health"
	to := o.base.HTTP(nil, "stt", "v1", "health")
	body, err := o.health.Do(t, wire.Request{Op: op, Method: http.MethodGet, URL: to})
	if err != nil {
		return Health{}, err
	}
	h, err := parseHealth(body)
	if err != nil {
		return Health{}, &Error{Op: op, Address: wire.Address(to), Kind: Protocol, Cause: err, Hint: o.client.Strange()}
	}
	switch h.Status {
	case "healthy", "ready", Initializing:
		return h, nil
	}
	return h, o.client.Said(op, to, Engine, "status "+strconv.Quote(h.Status))
}

func (o *Orac) result(op, to string, answer []byte) (Result, error) {
	r, err := parseResult(answer)
	if err != nil {
		o.client.Drop()
	}
	if failed, ok := errors.AsType[*engineError](err); ok {
		return Result{}, o.client.Said(op, to, Engine, failed.words)
	}
	if err != nil {
		return Result{}, &Error{Op: op, Address: wire.Address(to), Kind: Protocol, Cause: err, Hint: o.client.Strange(), Doubt: Acted}
	}
	return r, nil
}

func topic(u Utterance) string {
	if u.Topic == "" {
		return "general"
	}
	return u.Topic
}

// addressable refuses a topic that would change the address.
func addressable(op, to string, u Utterance) error {
	if !wire.IsDots(u.Topic) {
		return nil
	}
	return &Error{Op: op, Address: wire.Address(to), Kind: Refused, Cause: fmt.Errorf("the topic %q cannot be part of an address", u.Topic)}
}

func seconds(pcm []int16) float64 { return float64(len(pcm)) / audio.Rate }
