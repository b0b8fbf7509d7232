package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"orac/appliance/act"
	"orac/appliance/status"
	"orac/web/acts"
	"orac/web/api"
	"orac/web/auth"
	"orac/web/fake"
)

// house is an appliance that acts, as a rig's would.
type house struct {
	fake.Evil
	deeds *fake.Deeds
}

// Acting implements api.Acting.
func (h house) Acting() act.Core {
	if h.deeds == nil {
		return nil
	}
	return h.deeds
}

// Status has a topic's node, so that the menu leads to the pages.
func (h house) Status() status.Status {
	s := h.Evil.Appliance.Status()
	s.Nodes = append(s.Nodes, status.Node{Address: "topic.general", State: "running"})
	return s
}

func actingRig(t *testing.T, deeds *fake.Deeds) *rig {
	return newRigOf(t, Options{}, func(e fake.Evil) api.Whole { return house{e, deeds} })
}

// TestASentenceIsTriedBeforeItIsDone: what would be done is shown, with a form that does it; without a script it is a whole page, with one a
// part. Viewers have no form.
func TestASentenceIsTriedBeforeItIsDone(t *testing.T) {
	deeds := fake.NewDeeds()
	r := actingRig(t, deeds)
	if body := r.get(auth.Viewer, "/topics").Body.String(); strings.Contains(body, `action="/topics/try"`) || !strings.Contains(body, "hey jarvis") || !strings.Contains(body, "not declared") {
		t.Errorf("a viewer sees\n%s", body)
	}
	for _, path := range []string{"/topics", "/commands", "/backends"} {
		if body := r.get(auth.Viewer, "/").Body.String(); !strings.Contains(body, `<a href="`+path+`">`) {
			t.Errorf("the menu does not lead to %s", path)
		}
	}
	form := url.Values{"topic": {"general"}, "text": {" turn the kitchen lights to half "}, "area": {""}}
	w := r.post(auth.Operator, "/topics/try", form)
	body := w.Body.String()
	for _, want := range []string{"a sentence, word by word", "set brightness", "50 %", "light.turn_on", "brightness_pct = 50", `action="/topics/do"`, "<!doctype html>", "Kitchen"} {
		if w.Code != 200 || !strings.Contains(body, want) {
			t.Errorf("%d, without %q:\n%s", w.Code, want, body)
		}
	}
	if q := deeds.Asked(); len(q) != 1 || !q[0].DryRun || q[0].Text != "turn the kitchen lights to half" || q[0].From != "operator" {
		t.Errorf("%+v", q)
	}
	w = r.post(auth.Operator, "/topics/do", form)
	if body := w.Body.String(); w.Code != 200 || !strings.Contains(body, "proven") || !strings.Contains(body, "off → on") || !strings.Contains(body, "The kitchen lights are at 50 percent.") || strings.Contains(body, `action="/topics/do"`) {
		t.Errorf("%d:\n%s", w.Code, body)
	}
	if q := deeds.Asked(); len(q) != 2 || q[1].DryRun || q[1].Trace == "" {
		t.Errorf("%+v", q)
	}
	if list, err := r.audit.Page(0, 10, nil); err != nil || list[0].Action != "command.ask" || list[0].Target != "general" || list[0].Who != "operator" {
		t.Errorf("%+v, %v", list, err)
	}
	if w := r.post(auth.Viewer, "/topics/do", form); w.Code != http.StatusForbidden {
		t.Errorf("a viewer: %d", w.Code)
	}
	w = r.post(auth.Operator, "/topics/try", url.Values{"topic": {"general"}, "text": {""}})
	if w.Code != 400 || !strings.Contains(w.Body.String(), `role="alert"`) || !strings.Contains(w.Body.String(), "<h1>Topics</h1>") {
		t.Errorf("no text: %d\n%s", w.Code, w.Body)
	}
	deeds.Err = &act.TopicError{Topic: "general", Off: true}
	if w = r.post(auth.Operator, "/topics/do", form); w.Code != 422 || !strings.Contains(w.Body.String(), "is switched off") {
		t.Errorf("a topic that is off: %d\n%s", w.Code, w.Body)
	}
	if n := len(deeds.Asked()); n != 3 {
		t.Errorf("%d texts were asked", n)
	}
}

// TestCommandsTellTheTruth: what is proven, what failed, and what was not understood, each with its times and its reason.
func TestCommandsTellTheTruth(t *testing.T) {
	deeds := fake.NewDeeds()
	r := actingRig(t, deeds)
	r.must(deeds.Keep(r.app.Store))
	r.wake("1", "hey_jarvis", 0.9, "turn the kitchen lights to half") // its recording is u1, which is not kept
	body := r.get(auth.Operator, "/commands").Body.String()
	for _, want := range []string{`<span class="tag done">done</span>`, `<span class="tag failed">not done</span>`, `<span class="tag failed">not understood</span>`, "the garage door is unavailable", "understood after 801", "off → on", "make me a coffee", "asked by listener.kitchen"} {
		if !strings.Contains(body, want) {
			t.Errorf("there is no %q in\n%s", want, body)
		}
	}
	if strings.Contains(body, "data-play") {
		t.Error("a recording that is not kept can be played")
	}
	part := r.get(auth.Viewer, "/parts/commands?topic=music").Body.String()
	if strings.Contains(part, "<html") || !strings.Contains(part, "Nothing matches the filter") {
		t.Errorf("%s", part)
	}
	part = r.get(auth.Viewer, "/parts/commands?result=failed").Body.String()
	if !strings.Contains(part, "the garage door is unavailable") || strings.Contains(part, "off → on") {
		t.Errorf("only what failed:\n%s", part)
	}
	for _, path := range []string{"/history", "/parts/heard"} { // beside the recording
		body := r.get(auth.Viewer, path).Body.String()
		if !strings.Contains(body, `<span class="tag done">done</span> The kitchen lights are at 50 percent.`) || !strings.Contains(body, "light.turn_on") {
			t.Errorf("%s says nothing of what came of it:\n%s", path, body)
		}
	}
}

// TestBackendsAndWhatWasLearnt: rooms and their things; what was learnt is forgotten by those who may, on record.
func TestBackendsAndWhatWasLearnt(t *testing.T) {
	deeds := fake.NewDeeds()
	r := actingRig(t, deeds)
	body := r.get(auth.Viewer, "/backends").Body.String()
	for _, want := range []string{"home assistant", "connected", "<strong>Kitchen</strong>", "Ground floor", "big door", "Without a room", "unavailable", "qwen"} {
		if !strings.Contains(body, want) {
			t.Errorf("there is no %q in\n%s", want, body)
		}
	}
	if strings.Contains(body, "/refresh") || strings.Contains(body, "127.0.0.1:8080") {
		t.Error("a viewer sees too much")
	}
	if w := r.post(auth.Operator, "/backends/home/refresh", nil); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/backends?done=refresh" {
		t.Errorf("%d %s", w.Code, w.Header())
	}
	if w := r.post(auth.Operator, "/backends/none/refresh", nil); w.Code != http.StatusNotFound {
		t.Errorf("%d", w.Code)
	}
	if body := r.get(auth.Operator, "/topics/learnt").Body.String(); !strings.Contains(body, "it is too dark to cook") || !strings.Contains(body, `action="/topics/learnt/forget"`) || strings.Contains(body, "/clear") {
		t.Errorf("%s", body)
	}
	form := url.Values{"topic": {"general"}, "text": {"it is too dark to cook"}}
	if w := r.post(auth.Viewer, "/topics/learnt/forget", form); w.Code != http.StatusForbidden {
		t.Errorf("a viewer: %d", w.Code)
	}
	if w := r.post(auth.Operator, "/topics/learnt/forget", form); w.Code != http.StatusSeeOther {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := r.post(auth.Operator, "/topics/learnt/clear", nil); w.Code != http.StatusForbidden {
		t.Errorf("an operator: %d", w.Code)
	}
	if w := r.post(auth.Admin, "/topics/learnt/clear", nil); w.Code != http.StatusSeeOther {
		t.Errorf("%d", w.Code)
	}
	if got := strings.Join(deeds.Done(), ", "); got != "refresh home, refresh none, forget general/it is too dark to cook, forget /" {
		t.Error(got)
	}
}

// TestNothingActs: the pages say so, and the menu does not lead there.
func TestNothingActs(t *testing.T) {
	r := newRigOf(t, Options{}, func(e fake.Evil) api.Whole { return house{e, nil} })
	for _, path := range []string{"/topics", "/commands", "/backends", "/topics/learnt"} {
		if w := r.get(auth.Admin, path); w.Code != 200 || !strings.Contains(w.Body.String(), `class="empty"`) {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestWordsForDeeds: each verdict has a word, and none is a success that is not.
func TestWordsForDeeds(t *testing.T) {
	for name, c := range map[string]struct {
		a    acts.Answer
		dry  bool
		want string
		tag  string
	}{
		"proven":     {acts.Answer{Result: "done", Understood: true, Executed: true, Verified: true}, false, "done", "done"},
		"unproven":   {acts.Answer{Result: "unproven", Understood: true, Executed: true}, false, "not proven", "restart"},
		"failed":     {acts.Answer{Result: "failed", Understood: true}, false, "not done", "failed"},
		"unknown":    {acts.Answer{Result: "unknown", Understood: true}, false, "not known", "failed"},
		"refused":    {acts.Answer{Result: "refused"}, false, "not acted on", "restart"},
		"nothing":    {acts.Answer{Result: "unclear"}, false, "not understood", "failed"},
		"a trial":    {acts.Answer{Result: "failed", Understood: true}, true, "understood", "done"},
		"a question": {acts.Answer{Result: "done", Understood: true, Executed: true, Verified: true, Outcomes: []acts.Outcome{{Asks: true}}}, false, "answered", "done"},
	} {
		d := deed{Answer: c.a, Dry: c.dry}
		if d.Truth() != c.want || d.TruthTag() != c.tag {
			t.Errorf("%s: %s, %s", name, d.Truth(), d.TruthTag())
		}
	}
	for _, name := range acts.Results {
		if results[name][0] == "" || (resultTag(name) == "done") != (name == "done") {
			t.Errorf("%s: %q", name, results[name])
		}
	}
	for _, v := range []act.Verdict{act.Proven, act.Already, act.Unproven, act.Failed, act.Unknown, act.NotTried} {
		o := outcome{acts.Outcome{Verdict: string(v)}}
		if o.Verdict() == "" || (o.Tag() == "done") != v.Good() {
			t.Errorf("%s: %s, %s", v, o.Verdict(), o.Tag())
		}
	}
}
