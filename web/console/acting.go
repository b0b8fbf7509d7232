package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"orac/appliance/status"
	"orac/web/acts"
	"orac/web/api"
	"orac/web/schema"
)

// actsHere tells whether the appliance acts on texts: only then the menu leads to the pages about it.
func actsHere(s status.Status) bool {
	return slices.ContainsFunc(s.Nodes, func(n status.Node) bool { return strings.HasPrefix(n.Address, "topic.") })
}

// nothingActs tells whether an operation failed because no topic acts.
func nothingActs(err error) bool {
	p, ok := errors.AsType[*schema.Problem](err)
	return ok && p.Code == schema.NotFound
}

// verdicts are the words of a verdict for people, and the colour of its tag.
var verdicts = map[string][2]string{
	"proven": {"proven", "done"}, "already": {"was so already", "done"}, "unproven": {"accepted, not proven", "restart"}, "failed": {"failed", "failed"},
	"unknown": {"no answer came", "failed"}, "not tried": {"not tried", ""},
}

// outcome is a call with what came of it.
type outcome struct{ acts.Outcome }

// Verdict is the word for people, and Tag its colour.
func (o outcome) Verdict() string { return firstOf(verdicts[o.Outcome.Verdict][0], o.Outcome.Verdict) }

// Tag: see Verdict.
func (o outcome) Tag() string { return verdicts[o.Outcome.Verdict][1] }

// Took is how long the call took until its proof, or its answer; 0 if it was not made.
func (o outcome) Took() time.Duration { return between(o.Sent, later(o.Answered, o.Proof)) }

// deed is a text with what came of it.
type deed struct {
	acts.Answer
	Sound bool // its recording can be played
	Dry   bool
}

// Calls are the calls that were made, or would be.
func (d deed) Calls() []outcome { return outcomes(d.Outcomes) }

// Restored are the calls of a correction.
func (d deed) Restored() []outcome { return outcomes(d.Undone) }

func outcomes(list []acts.Outcome) (out []outcome) {
	for _, o := range list {
		out = append(out, outcome{o})
	}
	return out
}

// results are the words of a result for people, and the colour of its tag.
var results = map[string][2]string{
	"done": {"done", "done"}, "unproven": {"not proven", "restart"}, "failed": {"not done", "failed"}, "unknown": {"not known", "failed"},
	"unclear": {"not understood", "failed"}, "refused": {"not acted on", "restart"},
}

// resultWords is what people read of a result, and resultTag its colour.
func resultWords(name string) string { return firstOf(results[name][0], name) }

// resultTag: see resultWords.
func resultTag(name string) string { return results[name][1] }

// Truth says in a word what came of it, and TruthTag in which colour.
func (d deed) Truth() string {
	asks := len(d.Outcomes) > 0
	for _, o := range d.Outcomes {
		asks = asks && o.Asks
	}
	switch {
	case d.Dry && d.Understood:
		return "understood"
	case d.Verified && asks:
		return "answered"
	}
	return resultWords(d.Result)
}

// TruthTag: see Truth.
func (d deed) TruthTag() string {
	if d.Dry && d.Understood {
		return "done"
	}
	return resultTag(d.Result)
}

// How says how the text was understood.
func (d deed) How() string {
	switch d.Tier {
	case "handed":
		return "by the conversation of a backend"
	case "correction":
		return "a correction"
	case "sentence":
		return "a sentence, word by word"
	case "near":
		return "a sentence, nearly"
	case "learnt":
		return "learnt before"
	case "model":
		return "by " + firstOf(d.Model, "a language model")
	}
	return d.Tier
}

// Steps are the times from the last word to each step.
func (d deed) Steps() (list []step) {
	begin := d.Said
	if begin.IsZero() {
		begin = d.Came
	}
	for _, s := range []step{{"understood", d.ReadAt, 0}, {"executed", d.ExecutedAt, 0}, {"proven", d.VerifiedAt, 0}} {
		if !s.At.IsZero() {
			s.After = between(begin, s.At)
			list = append(list, s)
		}
	}
	return list
}

// step is something that happened to a text.
type step struct {
	Name  string
	At    time.Time
	After time.Duration // since the last word, or since it came
}

func between(a, b time.Time) time.Duration {
	if a.IsZero() || b.Before(a) {
		return 0
	}
	return b.Sub(a).Round(time.Millisecond)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// topicsData is the data of the page of topics.
type topicsData struct {
	Topics []acts.Topic
	Models []acts.Model
	Form   api.AskInput
	Tried  *deed // what became of the form; nil: it was not sent
	Wrong  string
	CSRF   string
	Learnt int
	Acts   bool
	May    bool // the reader may try and do
}

func (c *Console) topicsPage(call *api.Call) error {
	return c.showTopics(call, http.StatusOK, topicsData{Form: api.AskInput{Topic: "general"}})
}

func (c *Console) showTopics(call *api.Call, code int, d topicsData) error {
	v := view{}
	v.Who = call.Who
	d.CSRF, d.May = call.Who.CSRF, v.Operator()
	if scripted(call) {
		return c.write(call, http.StatusOK, "topics", "tried", view{Data: d})
	}
	var err error
	if d.Topics, err = api.OpTopics.Call(call, schema.None{}); err != nil && !nothingActs(err) {
		return err
	}
	if d.Acts = err == nil; d.Acts {
		list, err := api.OpLearnt.Call(call, schema.None{})
		if err != nil {
			return err
		}
		d.Learnt = len(list)
	}
	return c.show(call, code, "topics", view{Data: d})
}

// tryText shows how a text would be understood.
func (c *Console) tryText(call *api.Call) error { return c.asked(call, api.OpTry, true) }

// doText acts on a text.
func (c *Console) doText(call *api.Call) error { return c.asked(call, api.OpAsk, false) }

func (c *Console) asked(call *api.Call, op api.Op[api.AskInput, acts.Answer], dry bool) error {
	f := call.R.PostForm
	in := api.AskInput{Topic: f.Get("topic"), Text: strings.TrimSpace(f.Get("text")), Area: strings.TrimSpace(f.Get("area"))}
	d := topicsData{Form: in}
	a, err := op.Call(call, in)
	if err != nil {
		p := schema.ProblemOf(err)
		if p.Status == http.StatusForbidden || p.Status == http.StatusUnauthorized || p.Status >= 500 && p.Code != schema.QueueFull && p.Code != schema.TooLate {
			return err
		}
		d.Wrong = firstOf(p.Detail, p.Title+".")
		for _, e := range p.Errors {
			d.Wrong = "The " + e.Field + " " + e.Wrong + "."
		}
		return c.showTopics(call, p.Status, d)
	}
	d.Tried = &deed{Answer: a, Dry: dry}
	return c.showTopics(call, http.StatusOK, d)
}

// learntData is the data of the page of learnt answers.
type learntData struct {
	Rows []acts.Learnt
	Done string
	CSRF string
}

var learntDone = map[string]string{"forget": "The answer is forgotten. The next time, the language model is asked again.", "all": "All learnt answers are forgotten."}

func (c *Console) learntPage(call *api.Call) error {
	list, err := api.OpLearnt.Call(call, schema.None{})
	if err != nil && !nothingActs(err) {
		return err
	}
	return c.show(call, http.StatusOK, "learnt", view{Data: learntData{list, learntDone[call.R.URL.Query().Get("done")], call.Who.CSRF}})
}

func (c *Console) forget(call *api.Call) error {
	f := call.R.PostForm
	if _, err := api.OpForget.Call(call, api.ForgetInput{Topic: f.Get("topic"), Text: f.Get("text")}); err != nil {
		return err
	}
	return redirect(call, after("/topics/learnt", "forget", ""))
}

func (c *Console) forgetAll(call *api.Call) error {
	if _, err := api.OpForgetAll.Call(call, schema.None{}); err != nil {
		return err
	}
	return redirect(call, after("/topics/learnt", "all", ""))
}

// commandsData is the data of the page of commands.
type commandsData struct {
	Fit    api.CommandsInput
	Topics []string
	api.CommandsOut
	Rows []deed
	Acts bool
	May  bool // hear recordings
}

// Results are what the list can be filtered by, and Tiers how.
func (commandsData) Results() (list [][2]string) {
	for _, name := range acts.Results {
		list = append(list, [2]string{name, resultWords(name)})
	}
	return list
}

// Tiers: see Results.
func (commandsData) Tiers() (list [][2]string) {
	for _, name := range acts.Tiers {
		list = append(list, [2]string{name, deed{Answer: acts.Answer{Tier: name}}.How()})
	}
	return list
}

// Filtered tells whether some commands are left out.
func (d commandsData) Filtered() bool { return d.Fit.Topic+d.Fit.Result+d.Fit.Tier != "" }

func (d commandsData) query(before int64) string {
	q := url.Values{}
	for name, v := range map[string]string{"topic": d.Fit.Topic, "result": d.Fit.Result, "tier": d.Fit.Tier} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if before > 0 {
		q.Set("before", strconv.FormatInt(before, 10))
	}
	return q.Encode()
}

// Part is the address of the list alone.
func (d commandsData) Part() string { return "/parts/commands?" + d.query(d.Fit.Before) }

// More is the address of the next page; "" if there is none.
func (d commandsData) More() string {
	if d.Next == 0 {
		return ""
	}
	return "/commands?" + d.query(d.Next)
}

func (c *Console) commandRows(call *api.Call) (d commandsData, err error) {
	v := view{}
	v.Who = call.Who
	q := call.R.URL.Query()
	before, _ := strconv.ParseInt(q.Get("before"), 10, 64) // anything that is not a number means the newest page
	d = commandsData{Fit: api.CommandsInput{Topic: q.Get("topic"), Result: q.Get("result"), Tier: q.Get("tier"), Before: max(0, before)}, May: v.Operator()}
	if d.CommandsOut, err = api.OpCommands.Call(call, d.Fit); err != nil {
		return d, err
	}
	sounds := map[string]bool{}
	if list, err := api.OpUtterances.Call(call, api.PageInput{Limit: 200}); err == nil { // without a history there are no recordings
		for _, u := range list.Utterances {
			sounds[u.ID] = u.Audio
		}
	}
	for _, a := range d.Commands {
		d.Rows = append(d.Rows, deed{Answer: a, Sound: sounds[a.Utterance]})
	}
	return d, nil
}

func (c *Console) commandsPage(call *api.Call) error {
	d, err := c.commandRows(call)
	if err != nil {
		return err
	}
	list, err := api.OpTopics.Call(call, schema.None{})
	if err != nil && !nothingActs(err) {
		return err
	}
	d.Acts = err == nil
	for _, t := range list {
		d.Topics = append(d.Topics, t.Name)
	}
	return c.show(call, http.StatusOK, "commands", view{Events: told(did), Scripts: []string{"history.js"}, Data: d})
}

func (c *Console) commandsPart(call *api.Call) error {
	d, err := c.commandRows(call)
	if err != nil {
		return err
	}
	return c.part(call, "commands", "commands", d)
}
