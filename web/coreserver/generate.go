package coreserver

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"orac/appliance/act"
	"orac/appliance/amount"
	"orac/runbook/pattern"
	"orac/web/acts"
	"orac/web/peers"
	"orac/web/schema"
)

// GenerateIn is a text to act on. Fields that it does not name are ignored, as the existing service does with some of them: which model
// is asked, and how, is what the runbook declares.
type GenerateIn struct {
	Prompt   *string  `json:"prompt" check:"required;max=2000" doc:"The text."`
	DryRun   bool     `json:"dry_run" doc:"Say what would be done, and do nothing."`
	Area     string   `json:"area" check:"max=100" doc:"The room where it was spoken."`
	Session  string   `json:"session" check:"max=100" doc:"Within which it and there keep their meaning."`
	Grammar  string   `json:"grammar_file" check:"max=1" doc:"Refused: a request names no file of this machine."`
	Metadata Metadata `json:"metadata"`
}

// generateAt is GenerateIn at the address of a topic.
type generateAt struct {
	Topic string `path:"topic" check:"pattern=topic"`
	GenerateIn
}

// Metadata is what an STT server says about a text. Times are local without a zone, or with one.
type Metadata struct {
	Wake     string `json:"wake_word_time" check:"max=40"`
	End      string `json:"recording_end_time" check:"max=40" doc:"When the last word was spoken."`
	Done     string `json:"stt_end_time" check:"max=40"`
	Instance string `json:"instance_id" check:"max=100"`
	Area     string `json:"area" check:"max=100"`
}

// Generated is the answer to a text. The first five fields are those of the existing service; a legacy peer gets no others.
type Generated struct {
	Status   string  `json:"status" doc:"success if backends have accepted all that was wanted, or a question was answered; otherwise error."`
	Response string  `json:"response" doc:"The command as a JSON object with device, action and location, as the existing service writes it; the answer to a question as text."`
	Elapsed  float64 `json:"elapsed_ms"`
	Error    *string `json:"error" doc:"The reason, if status is error."`
	Model    *string `json:"model" doc:"The language model that was asked."`

	*Truth
}

// Truth is what callers with a token are told in addition.
type Truth struct {
	Understood bool        `json:"understood"`
	Executed   bool        `json:"executed"`
	Verified   bool        `json:"verified"`
	Reason     string      `json:"reason"`
	Speech     string      `json:"speech"`
	Repeated   bool        `json:"repeated"`
	Request    string      `json:"request_id"`
	Answer     acts.Answer `json:"answer" doc:"All that is known: commands, calls, what they did, and when."`
}

// generate acts on a text.
func (c *call) generate() error {
	r, err := c.request()
	if err != nil {
		return err
	}
	a, err := c.ask(r)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, c.generated(a, r.DryRun))
}

// request is what a request wants to have done.
func (c *call) request() (r act.Request, err error) {
	room := c.server.room.Hold(c.Who.Subject())
	defer room.Release()
	body, err := c.Read(room)
	if err != nil {
		return r, err
	}
	in, err := generateFrom(body)
	if err != nil {
		return r, err
	}
	r = act.Request{
		Text: *in.Prompt, From: c.Who.Subject(), Trace: c.ID, Parent: c.Parent, DryRun: in.DryRun, Area: peers.Words(cmp.Or(in.Area, in.Metadata.Area), act.MaxName), Said: said(in.Metadata, time.Now()),
	}
	if r.Topic, err = c.topicAt(); err != nil {
		return r, err
	}
	if s := peers.Words(cmp.Or(in.Session, in.Metadata.Instance), act.MaxName); s != "" {
		r.Session = c.Who.Subject() + " " + s
	}
	if key := c.R.Header.Get("Idempotency-Key"); key != "" {
		if r.ID, err = c.idOf(key); err != nil {
			return r, err
		}
	}
	return r, nil
}

// generateFrom reads the body of a text.
func generateFrom(body []byte) (in GenerateIn, err error) {
	if err := decode(body, &in); err != nil {
		return in, err
	}
	switch {
	case in.Prompt == nil || *in.Prompt == "":
		return in, &amount.TooMuchError{What: "prompt"}
	case len(*in.Prompt) > act.MaxText:
		return in, &amount.TooMuchError{What: "bytes of prompt", Is: len(*in.Prompt), Most: act.MaxText}
	case schema.Clean(*in.Prompt) != *in.Prompt:
		return in, schema.Fail(schema.Unusable, "prompt: it has other than printable characters.")
	case in.Grammar != "":
		return in, schema.Fail(schema.Unusable, "grammar_file: a request names no file of this machine. What may be answered follows from the topic.")
	}
	return in, nil
}

// decode reads JSON. What it does not know it ignores, so that newer peers can say more.
func decode(body []byte, into any) error {
	if !utf8.Valid(body) {
		return schema.Fail(schema.Unusable, "The body is not UTF-8.")
	}
	if err := json.Unmarshal(body, into); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return schema.Because(schema.Unusable, err, "%s: not of the type %s.", schema.Clip(schema.Clean(wrong.Field), 100), wrong.Type)
		}
		if much, ok := errors.AsType[*amount.TooMuchError](err); ok {
			return much
		}
		return schema.Because(schema.Unusable, err, "The body is not JSON.")
	}
	return nil
}

// topicName is the form of a topic's name.
var topicName = pattern.Lazy(`^[A-Za-z0-9_]{1,100}$`)

// topicOf is the topic that a name means: lower case counts as the same, as at the existing service. Another name is refused: a command
// must not be acted on in another topic than the one that was meant.
func topicOf(given string) (string, error) {
	if given == "" {
		return "general", nil
	}
	if !topicName().MatchString(given) {
		return "", schema.Fail(schema.NoTopic, "A topic is 1 to 100 letters, digits and _.")
	}
	return strings.ToLower(given), nil
}

// topicAt is the topic of the request's path, as the runbook spells it.
func (c *call) topicAt() (string, error) {
	topic, err := topicOf(c.R.PathValue("topic"))
	for _, t := range c.Settings.Runbook.Topics {
		if strings.EqualFold(t.Name, topic) {
			return t.Name, err
		}
	}
	return topic, err
}

// idOf is the request's name for the appliance: that of one caller is no other's.
func (c *call) idOf(key string) (string, error) {
	id := c.Who.Subject() + " " + key
	if len(id) > act.MaxID || schema.Clean(key) != key {
		return "", schema.Fail(schema.Unusable, "Idempotency-Key has more than %d characters, or other than printable ones.", act.MaxID-len(c.Who.Subject())-1)
	}
	return id, nil
}

// said is when the last word was spoken, as far as a peer's clock can be believed: a time that has not come yet counts as now.
func said(m Metadata, now time.Time) time.Time {
	for _, text := range []string{m.End, m.Done, m.Wake} {
		if at := peers.Moment(text); !at.IsZero() {
			if at.After(now) {
				return now
			}
			return at
		}
	}
	return time.Time{}
}

// ask hands a text over.
func (c *call) ask(r act.Request) (act.Answer, error) {
	ctx, cancel := c.Answering(c.server.answer)
	defer cancel()
	core, err := c.core()
	if err != nil {
		return act.Answer{}, err
	}
	a, err := core.Ask(ctx, r)
	c.server.metrics.text(a, err)
	return a, err
}

// generated is the answer for what was done.
func (c *call) generated(a act.Answer, dry bool) Generated {
	out := Generated{Status: "success", Response: responseOf(a), Elapsed: float64(time.Since(c.Begun).Microseconds()) / 1000}
	shown := acts.AnswerOf(a)
	if !a.Understood || !a.Executed && !dry {
		why := cmp.Or(shown.Reason, "it was not understood")
		if out.Status = "error"; a.Understood && shown.Reason == "" {
			why = "it was not done"
		}
		out.Error = &why
	}
	if a.Model != "" {
		out.Model = &a.Model
	}
	if !c.Legacy() {
		out.Truth = &Truth{a.Understood, a.Executed, a.Verified, shown.Reason, a.Speech, a.Repeated, c.ID, shown}
	}
	return out
}

type correctIn struct {
	Seconds int `query:"timeout_seconds" check:"min=1;max=3600"`
}

// CorrectedOut is the answer of the existing service to a correction.
type CorrectedOut struct {
	Status  string `json:"status" doc:"removed, or not_removed if there was nothing to correct."`
	Message string `json:"message"`
}

// correct says that the last command of the caller was wrong.
func (c *call) correct() error {
	r := act.Request{Topic: "general", Text: "that was wrong", From: c.Who.Subject(), Trace: c.ID, Parent: c.Parent}
	a, err := c.ask(r)
	if err != nil {
		return err
	}
	out := CorrectedOut{"removed", cmp.Or(a.Speech, "The last command was taken back.")}
	if !a.Executed {
		out = CorrectedOut{"not_removed", cmp.Or(a.Reason, a.Speech, "There is nothing to correct.")}
	}
	return c.JSON(http.StatusOK, out)
}
