package notify

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"orac/appliance/rt"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
)

// CoreTimeout is longer than ORAC Core waits for its language model.
const CoreTimeout = 45 * time.Second

// coreTime is how ORAC Core wants its times: local, without a zone, with microseconds. It mis-times a command otherwise.
const coreTime = "2006-01-02T15:04:05.000000"

// Core acts on texts.
type Core interface {
	// Generate hands a text over. ready is called before Core can have all of it; its error ends the call. The Doubt of an *Error
	// tells whether Core may act on the text although the call has failed.
	Generate(t *rt.Task, c Command, ready func(*rt.Task) error) error
	// Topics tells Core which topics somebody listens for.
	Topics(t *rt.Task, b TopicsBeat) error
}

// Command is a text for a Core. Times are of the wall clock, zero if they are not known.
type Command struct {
	Seq        uint64    `json:"seq"` // in its queue
	ID         string    `json:"id"`
	Trace      string    `json:"trace,omitempty"`  // ID of the request that it came with; "" is the ID above
	Parent     string    `json:"parent,omitempty"` // the step that it belongs to, as a traceparent: see thread
	Utterance  string    `json:"utterance"`        // the ID of the transcript
	Topic      string    `json:"topic"`
	Text       string    `json:"text"`
	Language   string    `json:"language"`
	Confidence float64   `json:"confidence"`
	Duration   float64   `json:"duration"`   // seconds of sound
	Processing float64   `json:"processing"` // seconds that the engine needed
	Wake       time.Time `json:"wake,omitzero"`
	End        time.Time `json:"end,omitzero"` // of the recording
	Start      time.Time `json:"start"`        // of the engine's work
	Done       time.Time `json:"done"`

	// The rest is for a topic of this appliance: see act.Request.
	From      string `json:"from,omitempty"`
	Session   string `json:"session,omitempty"`
	Area      string `json:"area,omitempty"`
	Recording string `json:"recording,omitempty"`
}

// Thread is what the text belongs to.
func (c Command) Thread() thread.Thread {
	return thread.Thread{ID: cmp.Or(c.Trace, c.ID), Parent: c.Parent}
}

// Actionable tells whether there is anything in a text that Core could act on.
func Actionable(text string) bool {
	text = strings.TrimSpace(text)
	return text != "" && !strings.HasPrefix(text, "[")
}

// TopicsBeat is which topics somebody listens for.
type TopicsBeat struct {
	InstanceID string
	Upstream   string // what kind of program listens: "hey_orac"
	At         time.Time
	Topics     []ActiveTopic
}

// ActiveTopic is a topic that somebody listens for.
type ActiveTopic struct {
	Name          string
	WakeWord      string
	TriggerCount  int
	LastTriggered time.Time // zero if never
}

// CoreConfig makes a client of a Core. All fields except URL may be zero.
type CoreConfig struct {
	URL     string
	Timeout time.Duration // 0 means CoreTimeout
	Token   wire.Secret
	Tokens  wire.Tokens // of a service account, instead of Token
	TLS     wire.TLS
}

// coreClient is a Core over HTTP. It may be used by several tasks at once.
type coreClient struct {
	base   wire.Base
	client *wire.Client
	beat   *wire.Client
	proves bool // it shows a credential
}

// NewCore makes a client; it connects to nothing yet.
func NewCore(c CoreConfig) (Core, error) {
	base, err := wire.ParseBase(c.URL)
	if err != nil {
		return nil, fmt.Errorf("core: %w", err)
	}
	if c.Timeout <= 0 {
		c.Timeout = CoreTimeout
	}
	k := &coreClient{base: base, proves: c.Tokens != nil || c.Token != nil && c.Token.Reveal() != ""}
	o := wire.Options{Timeout: c.Timeout, Token: c.Token, Tokens: c.Tokens, TLS: c.TLS}
	if k.client, err = wire.NewClient(o); err == nil {
		o.Timeout = min(c.Timeout, Timeout)
		k.beat, err = wire.NewClient(o)
	}
	if err != nil {
		return nil, fmt.Errorf("core %s: %w", base, err)
	}
	return k, nil
}

// generateBody is a text on the wire.
type generateBody struct {
	Prompt   string           `json:"prompt"`
	Stream   bool             `json:"stream"`
	Metadata generateMetadata `json:"metadata"`
}

type generateMetadata struct {
	Confidence float64 `json:"confidence"`
	Language   string  `json:"language"`
	Duration   float64 `json:"duration"`
	Processing float64 `json:"processing_time"`
	Start      *string `json:"stt_start_time"`
	Done       *string `json:"stt_end_time"`
	Wake       *string `json:"wake_word_time"`
	End        *string `json:"recording_end_time"`
	Source     string  `json:"source"`
	Timestamp  *string `json:"timestamp"`
}

func encodeCommand(c Command) []byte {
	return encode(generateBody{c.Text, false, generateMetadata{
		finite(c.Confidence), c.Language, finite(c.Duration), finite(c.Processing), local(c.Start), local(c.Done), local(c.Wake), local(c.End), "orac_stt", local(c.Done),
	}})
}

func local(at time.Time) *string { return stamp(at.Local(), coreTime) }

// Generate implements Core.
func (k *coreClient) Generate(t *rt.Task, c Command, ready func(*rt.Task) error) error {
	const op = "forward"
	to := k.base.HTTP(nil, "v1", "generate", c.Topic)
	header := http.Header{"Idempotency-Key": {c.ID}}
	maps.Copy(header, wire.Traced(c.Thread()))
	answer, err := k.client.Do(t, wire.Request{Op: op, Method: http.MethodPost, URL: to, ContentType: "application/json", Body: encodeCommand(c), Header: header, Ready: ready})
	if e, ok := errors.AsType[*Error](err); ok && e.Status == http.StatusForbidden && !k.proves {
		e.Kind, e.Hint = wire.Refused, "the topic is switched off in Core"
	}
	if err != nil {
		return late(err)
	}
	words, err := parseGenerated(answer)
	if err != nil { // it has answered, so it has done something
		return &Error{Op: op, Address: to, Kind: wire.Protocol, Doubt: wire.Acted, Cause: k.client.Redacted(err), Hint: "is this an ORAC Core?"}
	}
	if words != "" {
		return k.client.Said(op, to, wire.Engine, words)
	}
	return nil
}

// parseGenerated reads Core's answer to a text. words are what Core says if it failed. A Core that says whether it has understood a text
// has dealt with it, whatever came of it: sent again, it would answer the same.
func parseGenerated(answer []byte) (words string, err error) {
	var a struct {
		Status     string `json:"status"`
		Error      any    `json:"error"`
		Understood *bool  `json:"understood"`
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return "", fmt.Errorf("the answer is not the JSON of a generation: %w", err)
	}
	switch {
	case a.Understood != nil:
		return "", nil
	case a.Error != nil && a.Error != "":
		return fmt.Sprintf("status %.40s: %v", a.Status, a.Error), nil
	case a.Status != "success":
		return "", fmt.Errorf("the answer's status is %.40q, not success", a.Status)
	}
	return "", nil
}

// topicsBody is a heartbeat to Core on the wire.
type topicsBody struct {
	Source     string      `json:"source"`
	Upstream   string      `json:"upstream_source"`
	InstanceID string      `json:"instance_id"`
	Timestamp  *string     `json:"timestamp"`
	Topics     []topicBody `json:"topics"`
}

type topicBody struct {
	Name          string  `json:"name"`
	Status        string  `json:"status"`
	LastTriggered *string `json:"last_triggered"`
	TriggerCount  int     `json:"trigger_count"`
	WakeWord      string  `json:"wake_word"`
}

func encodeTopics(b TopicsBeat) []byte {
	body := topicsBody{Source: "orac_stt", Upstream: b.Upstream, InstanceID: b.InstanceID, Timestamp: local(b.At), Topics: []topicBody{}}
	for _, t := range b.Topics {
		body.Topics = append(body.Topics, topicBody{t.Name, "active", local(t.LastTriggered), t.TriggerCount, t.WakeWord})
	}
	return encode(body)
}

// Topics implements Core.
func (k *coreClient) Topics(t *rt.Task, b TopicsBeat) error {
	const op = "topics"
	to := k.base.HTTP(nil, "v1", "topics", "heartbeat")
	answer, err := k.beat.Do(t, wire.Request{Op: op, Method: http.MethodPost, URL: to, ContentType: "application/json", Body: encodeTopics(b)})
	if err != nil {
		return late(err)
	}
	_, words, err := parseBeat(answer)
	switch {
	case err != nil:
		return &Error{Op: op, Address: to, Kind: wire.Protocol, Cause: k.beat.Redacted(err), Hint: "is this an ORAC Core?"}
	case words != "":
		return k.beat.Said(op, to, wire.Engine, words)
	}
	return nil
}
