package home

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/act/fill"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
)

// ConversationConfig makes a Conversation. URL and Token are required.
type ConversationConfig struct {
	Name     string // of the backend block
	URL      string
	Token    wire.Secret
	Timeout  time.Duration // 0 means DefaultTimeout
	TLS      wire.TLS
	Agent    string // "": Home Assistant's own choice
	Language string // "": Home Assistant's
}

// Conversation is an act.Backend that hands texts to Home Assistant's own conversation. Nothing proves what that does: a command that
// it accepts is act.Unproven, and an answer to a question is act.Proven, for the answer is what was wanted.
type Conversation struct {
	config  ConversationConfig
	home    *Home
	refresh chan struct{}
}

// conversationService is the name of the call.
const conversationService = "conversation.process"

// healthEvery is how often a backend without events asks how the other side is.
const healthEvery = 30 * time.Second

// NewConversation makes a client; it connects to nothing yet.
func NewConversation(c ConversationConfig) (*Conversation, error) {
	h, err := New(Config{Name: c.Name, URL: c.URL, Token: c.Token, Timeout: c.Timeout, TLS: c.TLS})
	if err != nil {
		return nil, err
	}
	return &Conversation{c, h, make(chan struct{}, 1)}, nil
}

// Calls implements act.Backend: the words of the command are the text.
func (v *Conversation) Calls(c act.Command, _ *act.Home, _ map[string]act.State) ([]act.Call, error) {
	text := clean(c.Words, act.MaxText)
	if text == "" {
		return nil, errors.New("there are no words to hand over")
	}
	return []act.Call{{Backend: v.config.Name, Intent: c.Intent, Service: conversationService, Data: v.data(text)}}, nil
}

// Fill implements act.Filler: data.text of the template is the text, or else the words of the command.
func (v *Conversation) Fill(c act.Command, tmpl act.Template) (act.Call, error) {
	template, _ := tmpl.Data["text"].(string)
	template = cmp.Or(template, tmpl.Payload)
	if template == "" {
		calls, err := v.Calls(c, nil, nil)
		if err != nil {
			return act.Call{}, err
		}
		return calls[0], nil
	}
	text, err := fill.Text(template, c, nil)
	if err != nil {
		return act.Call{}, err
	}
	c.Words = text
	calls, err := v.Calls(c, nil, nil)
	if err != nil {
		return act.Call{}, err
	}
	return calls[0], nil
}

func (v *Conversation) data(text string) map[string]any {
	data := map[string]any{"text": text}
	if v.config.Agent != "" {
		data["agent_id"] = v.config.Agent
	}
	if v.config.Language != "" {
		data["language"] = v.config.Language
	}
	return data
}

// Do implements act.Backend.
func (v *Conversation) Do(t *rt.Task, c act.Call, asked thread.Thread) act.Outcome {
	o := act.Outcome{Call: c, Sent: t.Wall()}
	data, err := v.home.post(t, c.Data, asked, "api", "conversation", "process")
	if e, ok := errors.AsType[*wire.Error](err); err != nil {
		o.Verdict, o.Reason = act.Failed, plainly(err)
		switch {
		case ok && e.Doubt != wire.NoDoubt, errors.Is(err, rt.ErrStopped):
			o.Verdict, o.Reason = act.Unknown, o.Reason+": it may have been done"
		case ok && e.Status == 0:
			o.Sent = time.Time{}
		}
		return o
	}
	o.Answered = t.Wall()
	answer, err := parseConversation(data)
	if err != nil {
		o.Verdict, o.Reason = act.Unknown, "the answer of Home Assistant makes no sense: it may have been done"
		return o
	}
	answer.judge(&o)
	return o
}

// conversation is what Home Assistant answered.
type conversation struct {
	kind, code, speech string
	success, failed    []target
}

// target is something that a text was about.
type target struct {
	Name string `json:"name"`
	Type string `json:"type"`
	ID   string `json:"id"`
}

// parseConversation reads an answer.
func parseConversation(data []byte) (conversation, error) {
	var w struct {
		Response struct {
			Type   string          `json:"response_type"`
			Speech json.RawMessage `json:"speech"`
			Data   struct {
				Code    string            `json:"code"`
				Success []json.RawMessage `json:"success"`
				Failed  []json.RawMessage `json:"failed"`
			} `json:"data"`
		} `json:"response"`
	}
	if err := json.Unmarshal(data, &w); err != nil {
		return conversation{}, fmt.Errorf("the answer is not the JSON of a conversation: %w", err)
	}
	c := conversation{kind: w.Response.Type, code: clean(w.Response.Data.Code, 50), success: targets(w.Response.Data.Success), failed: targets(w.Response.Data.Failed)}
	var speech struct {
		Plain, Ssml struct {
			Speech string `json:"speech"`
		}
	}
	if json.Unmarshal(w.Response.Speech, &speech) == nil {
		c.speech = clean(speech.Plain.Speech, act.MaxText)
	}
	switch c.kind {
	case "action_done", "query_answer", "error":
		return c, nil
	}
	return c, fmt.Errorf("the answer is of the kind %.40q", clean(c.kind, 50))
}

func targets(list []json.RawMessage) (out []target) {
	for _, raw := range list[:min(len(list), act.MaxTargets)] {
		var x target
		if json.Unmarshal(raw, &x) == nil {
			x.Name, x.ID = clean(x.Name, act.MaxName), clean(x.ID, maxText)
			out = append(out, x)
		}
	}
	return out
}

// judge says the truth about an answer. What Home Assistant says may repeat what was said to it: it is a reply to people, and no reason.
func (c conversation) judge(o *act.Outcome) {
	add := func(list []target, v act.Verdict) (names []string) {
		for _, x := range list {
			names = append(names, cmp.Or(x.Name, x.ID))
			if x.Type == "entity" && isEntity(x.ID) {
				o.Entities = append(o.Entities, act.EntityOutcome{Entity: x.ID, Verdict: v})
			}
		}
		return names
	}
	add(c.success, act.Unproven)
	failed := add(c.failed, act.Failed)
	switch {
	case c.kind == "error" && c.code == "no_intent_match":
		o.Verdict, o.Reason = act.Failed, "Home Assistant did not understand it"
	case c.kind == "error" && c.code == "no_valid_targets":
		o.Verdict, o.Reason = act.Failed, "Home Assistant knows nothing of that name"
	case c.kind == "error":
		o.Verdict, o.Reason, o.Reply = act.Failed, "Home Assistant could not do it", c.speech
	case len(failed) > 0:
		o.Verdict, o.Reason = act.Failed, "it did not work for "+listing(failed, ", ", mostNamed)
	case c.kind == "query_answer":
		o.Verdict, o.Proof, o.Reply = act.Proven, o.Answered, c.speech
	default:
		o.Verdict, o.Reason, o.Reply = act.Unproven, "Home Assistant says that it is done; no state proves it", c.speech
	}
}

// Watch implements act.Backend: it asks every 30 s whether Home Assistant is there.
func (v *Conversation) Watch(t *rt.Task, s act.Sight) error {
	ctx, cancel := live.Context(t)
	defer cancel()
	up := false
	for {
		data, err := v.home.quick.Do(t, wire.Request{Op: watchOp, Method: "GET", URL: v.home.base.HTTP(nil, "api", "config")})
		if err != nil {
			return err
		}
		var config struct {
			Version string `json:"version"`
		}
		if err := json.Unmarshal(data, &config); err != nil || strings.TrimSpace(config.Version) == "" {
			return &wire.Error{Op: watchOp, Address: v.home.base.String(), Kind: wire.Protocol, Cause: errors.New("no version in its answer"), Hint: "is this a Home Assistant?"}
		}
		if !up {
			up = true
			s.Up(clean(config.Version, 50))
		}
		await(ctx, v.refresh, true, healthEvery)
		if t.Stopping() {
			return rt.ErrStopped
		}
	}
}

// Refresh implements act.Backend: there is no vocabulary, so it asks at once how Home Assistant is.
func (v *Conversation) Refresh() {
	select {
	case v.refresh <- struct{}{}:
	default:
	}
}
