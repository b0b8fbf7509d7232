package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"

	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/schema"
)

// ask calls a route as an admin and takes its answer.
func ask[T any](t *testing.T, r *rig, method, path string, body any, status int) (out T) {
	t.Helper()
	w := r.call(auth.Admin, method, path, body)
	if w.Code != status {
		t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFormsAreMadeOfTheRegistry(t *testing.T) {
	r := newRig(t)
	list := ask[BlockList](t, r, "GET", "/api/runbook/blocks", nil, 200)
	if len(list.Blocks) < 10 || list.Blocks[2] != (BlockSummary{"model.hey_jarvis", "model", true, 5}) || list.Hash != language.TextHash(testRunbook) {
		t.Errorf("%+v", list)
	}
	kinds := 0
	for _, typ := range runbook.Registry {
		if typ.Slot != nil {
			kinds++
		}
	}
	addable := map[string]bool{}
	for _, typ := range list.Types {
		addable[typ.Type] = typ.Addable
	}
	if !addable["model"] || !addable["device.wav"] || addable["appliance"] || addable["watchdog"] || len(addable) != kinds {
		t.Errorf("%v", addable)
	}
	fields := func(f BlockForm) map[string]Field {
		m := map[string]Field{}
		for _, s := range f.Sections {
			for _, el := range s.Fields {
				m[strings.TrimPrefix(s.Title+"."+el.Name, ".")] = el
			}
		}
		return m
	}
	model := ask[BlockForm](t, r, "GET", "/api/runbook/blocks/model.hey_jarvis", nil, 200)
	if f := fields(model)["threshold"]; f.Control != "number" || f.Value != "0.5" || f.Line != 7 || f.Min != "0.001" || f.Quoted || !f.Written {
		t.Errorf("%+v", f)
	}
	if f := fields(model)["source"]; f.Control != "text" || f.Value != "catalog:hey_jarvis" || !f.Quoted || !f.Required {
		t.Errorf("%+v", f)
	}
	if len(model.ReferredBy) != 1 || model.ReferredBy[0] != (Reference{"listener.kitchen", "models", 12}) {
		t.Errorf("%+v", model.ReferredBy)
	}
	listener := ask[BlockForm](t, r, "GET", "/api/runbook/blocks/listener.kitchen", nil, 200)
	if f := fields(listener)["models"]; f.Control != "list" || len(f.Values) != 1 || len(f.Chosen) != 1 {
		t.Errorf("%+v", f)
	}
	if f := fields(listener)["device"]; f.Control != "choice" || f.Value != "device.microphone.usb" {
		t.Errorf("%+v", f)
	}
	if f := fields(listener)["record.silence"]; f.Control != "text" || f.Written || f.Default != "300ms" || listener.Sections[1].Written {
		t.Errorf("%+v", f)
	}
	fresh := ask[BlockForm](t, r, "GET", "/api/runbook/types/heartbeat", nil, 200)
	if f := fields(fresh)["listeners"]; fresh.Written || fresh.Name == "" || f.Control != "list" || f.Values[0] != "listener.kitchen" {
		t.Errorf("%+v", fresh)
	}
	if j := ask[BlockForm](t, r, "GET", "/api/runbook/types/model", nil, 200).MayJoin; len(j) != 1 || j[0].Block != "listener.kitchen" || j[0].Attribute != "models" || len(j[0].Names) != 1 {
		t.Errorf("%+v", j)
	}
	if f := fields(ask[BlockForm](t, r, "GET", "/api/runbook/types/user", nil, 200))["password_hash"]; f.Control != "code" || !f.Secret || f.Value != "" {
		t.Errorf("%+v", f)
	}
	for _, path := range []string{"/api/runbook/blocks/model.nothing", "/api/runbook/types/locals", "/api/runbook/types/modl"} {
		if w := r.call(auth.Admin, "GET", path, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	r.must(os.WriteFile(r.app.File, []byte("model {{"), 0o600))
	if w := r.call(auth.Admin, "GET", "/api/runbook/blocks", nil); w.Code != 422 {
		t.Errorf("blocks of a file that cannot be read: %d %s", w.Code, w.Body)
	}
}

// TestAnEditMakesATextAndChangesNothing: set, unset, add and remove, with the diff and what is wrong with the result.
func TestAnEditMakesATextAndChangesNothing(t *testing.T) {
	r := newRig(t)
	type m = map[string]any
	do := func(operations ...m) m { return m{"operations": operations} }
	out := ask[Edited](t, r, "POST", "/api/runbook/edit", do(
		m{"do": "add", "block": "model.alexa"}, m{"do": "set", "block": "model.alexa", "attribute": "source", "text": "catalog:alexa"},
		m{"do": "set", "block": "listener.kitchen", "attribute": "models", "expression": "[model.hey_jarvis, model.alexa]"},
		m{"do": "unset", "block": "model.hey_jarvis", "attribute": "threshold"},
	), 200)
	if !out.Findings.OK || out.Hash != language.TextHash(testRunbook) || !strings.Contains(out.Source, "model \"alexa\" {\n  source = \"catalog:alexa\"\n}\n") || !strings.Contains(out.Source, "  # tuned\n") {
		t.Errorf("%+v\n%s", out.Findings, out.Source)
	}
	if !strings.HasPrefix(out.Diff, "--- orac.hcl\n+++ orac.hcl\n@@") || !strings.Contains(out.Diff, "+  source = \"catalog:alexa\"\n") {
		t.Errorf("%s", out.Diff)
	}
	again := ask[Edited](t, r, "POST", "/api/runbook/edit", m{"source": out.Source, "operations": []m{{"do": "remove", "block": "model.alexa"}}}, 200)
	if again.Findings.OK || len(again.Findings.Problems) == 0 || !strings.Contains(again.Findings.Problems[0].Summary, "model.alexa does not exist") || again.Findings.Problems[0].Block != "listener.kitchen" {
		t.Errorf("who refers to what is gone is not told: %+v", again.Findings)
	}
	wrong := ask[schema.Problem](t, r, "POST", "/api/runbook/edit", do(
		m{"do": "remove", "block": "stt.none"}, m{"do": "set", "block": "model.hey_jarvis", "attribute": "threshold", "expression": "0.7"}, m{"do": "add", "block": "model.hey_jarvis"},
	), 400)
	if len(wrong.Errors) != 2 || wrong.Errors[0].Field != "operations[0]" || wrong.Errors[1].Field != "operations[2]" || !strings.Contains(wrong.Errors[1].Wrong, "exists already") {
		t.Errorf("%+v", wrong)
	}
	for name, body := range map[string]any{
		"an attribute for a removal": do(m{"do": "remove", "block": "model.hey_jarvis", "attribute": "source"}),
		"no attribute":               do(m{"do": "set", "block": "model.hey_jarvis", "text": "x"}),
		"both":                       do(m{"do": "set", "block": "model.hey_jarvis", "attribute": "topic", "text": "x", "expression": "1"}),
		"neither":                    do(m{"do": "set", "block": "model.hey_jarvis", "attribute": "topic"}),
		"a text for nothing":         do(m{"do": "unset", "block": "model.hey_jarvis", "attribute": "topic", "text": "x"}),
		"no such verb":               do(m{"do": "rename", "block": "model.hey_jarvis"}),
		"too many":                   m{"operations": make([]m, 201)},
		"none":                       m{},
		"too long":                   do(m{"do": "set", "block": "model.hey_jarvis", "attribute": "topic", "text": strings.Repeat("x", 16385)}),
	} {
		if w := r.call(auth.Admin, "POST", "/api/runbook/edit", body); w.Code != 400 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := r.call(auth.Admin, "POST", "/api/runbook/edit", m{"source": "model {{", "operations": []m{{"do": "remove", "block": "model.a"}}}); w.Code != 422 {
		t.Errorf("a text that is none: %d %s", w.Code, w.Body)
	}
	if text, err := os.ReadFile(r.app.File); err != nil || string(text) != testRunbook || len(r.app.Applied) > 0 {
		t.Errorf("an edit has changed something: %v\n%s", err, text)
	}
}

// TestWhatRunsIsToldByWhatItDoes: a comment more, or a model that nothing names, is nothing to apply; another threshold is.
func TestWhatRunsIsToldByWhatItDoes(t *testing.T) {
	r := newRig(t)
	r.app.Book.STTServers, r.app.Book.Wyomings, r.app.Book.ESPHomes = nil, nil, nil // the rig adds what the text does not declare
	for text, applied := range map[string]bool{
		testRunbook: true, testRunbook + "\n# a word more\n": true, testRunbook + "model \"spare\" {\n  source = \"catalog:alexa\"\n}\n": true, strings.Replace(testRunbook, "0.5", "0.6", 1): false, "model {{": false,
	} {
		r.must(os.WriteFile(r.app.File, []byte(text), 0o600))
		if got := ask[RunbookText](t, r, "GET", "/api/runbook", nil, 200); got.Applied != applied {
			t.Errorf("applied is %v of\n%s", got.Applied, text)
		}
	}
}

func TestMergeByTheAPI(t *testing.T) {
	r := newRig(t)
	base := testRunbook
	mine := strings.Replace(base, "threshold = 0.5", "threshold = 0.7", 1)
	theirs := strings.Replace(base, "models = [model.hey_jarvis]", "models = values(model)", 1)
	r.must(os.WriteFile(r.app.File, []byte(theirs), 0o600))
	out := ask[Merged](t, r, "POST", "/api/runbook/merge", MergeInput{Base: base, Mine: mine}, 200)
	if out.Open != 0 || out.Conflicts != 0 || out.Hash != language.TextHash(theirs) || !strings.Contains(out.Source, "0.7") || !strings.Contains(out.Source, "values(model)") || len(out.Changes) != 2 {
		t.Errorf("%+v", out)
	}
	if c := out.Changes[0]; c.From != "mine" || c.Line != 7 || c.EndLine != 7 || !strings.Contains(c.Base, "0.5") || out.Changes[1].From != "theirs" {
		t.Errorf("%+v", out.Changes)
	}
	other := strings.Replace(base, "threshold = 0.5", "threshold = 0.3", 1)
	out = ask[Merged](t, r, "POST", "/api/runbook/merge", MergeInput{Base: base, Mine: mine, Theirs: &other}, 200)
	if out.Open != 1 || out.Conflicts != 1 || !out.Changes[0].Open || out.Changes[0].EndLine-out.Changes[0].Line != 4 {
		t.Errorf("%+v", out)
	}
	if found := ask[Findings](t, r, "POST", "/api/runbook/validate", SourceInput{out.Source}, 200); found.OK || found.Problems[0].Line != out.Changes[0].Line {
		t.Errorf("what nobody decided is fine: %+v", found)
	}
	out = ask[Merged](t, r, "POST", "/api/runbook/merge", MergeInput{Base: base, Mine: mine, Theirs: &other, Choices: []string{"theirs"}}, 200)
	if out.Open != 0 || out.Conflicts != 1 || out.Source != other {
		t.Errorf("%+v", out)
	}
	if w := r.call(auth.Admin, "POST", "/api/runbook/merge", MergeInput{Base: base, Mine: mine, Choices: []string{"neither"}}); w.Code != 400 {
		t.Errorf("%d", w.Code)
	}
}

func TestAGenerationIsReadAndPlannedBeforeItRunsAgain(t *testing.T) {
	r := newRig(t)
	g := ask[GenerationText](t, r, "GET", "/api/runbook/generations/1", nil, 200)
	if g.Running != 3 || !strings.Contains(g.Source, "threshold = 0.3") || !strings.Contains(g.Diff, "-  threshold = 0.5 # tuned\n+  threshold = 0.3 # tuned\n") {
		t.Errorf("%+v", g)
	}
	if g := ask[GenerationText](t, r, "GET", "/api/runbook/generations/3", nil, 200); g.Diff != "" {
		t.Errorf("%+v", g)
	}
	type m = map[string]any
	for _, c := range []struct {
		body   m
		status int
	}{
		{m{"generation": 1, "plan": "plan-of-rollback", "running": 3}, 200}, {m{"generation": 1}, 200},
		{m{"generation": 1, "plan": "another"}, 409}, {m{"generation": 1, "plan": "plan-of-rollback", "running": 2}, 409},
	} {
		if w := r.call(auth.Admin, "POST", "/api/runbook/rollback", c.body); w.Code != c.status {
			t.Errorf("%v: %d %s", c.body, w.Code, w.Body)
		}
	}
	for _, path := range []string{"/api/runbook/generations/9", "/api/runbook/generations/9/plan"} {
		if w := r.call(auth.Admin, "GET", path, nil); w.Code != 404 {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// TestARollbackMayWriteTheFile: the text of the generation becomes the file, comments and all, if it runs well, if the file is the
// one that was shown, and if nothing else runs by then. It is on record as a rollback.
func TestARollbackMayWriteTheFile(t *testing.T) {
	r := newRig(t)
	want, err := r.app.Text(1)
	r.must(err)
	was := r.file()
	type m = map[string]any
	plan := ask[status.Plan](t, r, "GET", "/api/runbook/generations/1/plan?write=true", nil, 200)
	for name, body := range map[string]m{
		"another plan": {"plan": "another"}, "another generation runs": {"running": 2}, "another file": {"base": language.TextHash("another")},
		"none before": {"generation": 0},
	} {
		full := m{"generation": 1, "write": true}
		maps.Copy(full, body)
		if w := r.call(auth.Admin, "POST", "/api/runbook/rollback", full); w.Code != 409 && w.Code != 404 || r.file() != was {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	r.app.Apply = func(status.ApplyRequest) (status.Applied, error) {
		return status.Applied{RolledBack: true, Why: "not well"}, nil
	}
	if out := ask[Applied](t, r, "POST", "/api/runbook/rollback", m{"generation": 1, "write": true}, 200); out.Saved || r.file() != was {
		t.Errorf("the file of one that was not well is\n%s", r.file())
	}
	r.app.Apply = nil
	out := ask[Applied](t, r, "POST", "/api/runbook/rollback", m{"generation": 1, "write": true, "plan": plan.Hash, "running": 3, "base": language.TextHash(was)}, 200)
	if !out.OK || !out.Saved || r.file() != want || out.Hash != language.TextHash(want) {
		t.Errorf("%+v, and the file is\n%s", out, r.file())
	}
	list := r.records("runbook.rollback")
	if last := list[0]; last.Target != "generation 1 into the runbook's file" || last.Outcome != audit.Done {
		t.Errorf("on record is %+v", last)
	}
	if out := ask[Applied](t, r, "POST", "/api/runbook/rollback", m{"generation": 2}, 200); out.Saved || r.file() != want || !strings.Contains(out.Note, "next start") {
		t.Errorf("without write it is %+v", out)
	}
}
