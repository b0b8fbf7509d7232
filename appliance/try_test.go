package appliance

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/appliance/node"
	"orac/runbook"
	"orac/runbook/language"
)

const tried = `
appliance "house" {}
core_server "house" { listen = "127.0.0.1:8000" }
backend "home" {
  protocol = "home_assistant"
  url      = "http://127.0.0.1:8123"
  token    = secret("ha_token")
}
backend "kitchen" {
  protocol = "exec"
  command  = ["/bin/echo", "Your"]
}
vocabulary "drinks" { words = { coffee = ["a cup of coffee"] } }
intent "coffee" {
  sentences = ["(make|brew) [me] {drink} [please]"]
  slots     = { drink = vocabulary.drinks }
  backend   = backend.kitchen
  call { arguments = ["{drink}"] }
}
language_model "qwen" {
  url   = "http://127.0.0.1:8080"
  model = "qwen3"
}
topic "general" {
  backends       = [backend.home]
  intents        = [intent.coffee]
  language_model = language_model.qwen
}`

// TestASentenceIsTriedWithoutAnAppliance: with the things that were kept, and without.
func TestASentenceIsTriedWithoutAnAppliance(t *testing.T) {
	rb, problems := runbook.Parse([]byte(tried), "orac.hcl", language.Options{Secret: func(string) (string, error) { return "token", nil }})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	state := t.TempDir()
	home := act.Home{Backend: "home", Version: "1", Services: map[string]bool{"light.turn_on": true}, Entities: []act.Entity{{ID: "light.hall", Domain: "light", Name: "hall lamp", Enabled: true}}}
	text, err := json.Marshal(home)
	if err != nil {
		t.Fatal(err)
	}
	kept := func(backend string) *act.Home { return KeptHome(state, backend) }
	ask := func(text string) act.Answer {
		t.Helper()
		a, err := Try(rb, kept, act.Request{Text: text, DryRun: true}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a := ask("make me a cup of coffee"); !a.Understood || a.Executed || len(a.Outcomes) != 1 || a.Outcomes[0].Verdict != act.NotTried || len(a.Outcomes[0].Call.Arguments) != 1 || a.Outcomes[0].Call.Arguments[0] != "coffee" {
		t.Errorf("%+v", a)
	}
	if a := ask("what time is it"); !a.Understood || a.Outcomes[0].Call.Service != "orac.time" {
		t.Errorf("%+v", a)
	}
	if a := ask("turn on the hall lamp"); a.Understood || !strings.Contains(a.Reason, "nobody knows here what there is at backend.home") || !strings.Contains(a.Reason, "language_model.qwen is asked by a running appliance alone") {
		t.Errorf("%+v", a)
	}
	folder := filepath.Join(state, node.KeptHomes)
	if err := errors.Join(os.Mkdir(folder, 0o700), os.WriteFile(filepath.Join(folder, "home.json"), text, 0o600)); err != nil {
		t.Fatal(err)
	}
	if a := ask("turn on the hall lamp"); !a.Understood || a.Outcomes[0].Call.Service != "light.turn_on" || a.Outcomes[0].Verdict != act.NotTried {
		t.Errorf("%+v", a)
	}
	if err := os.WriteFile(filepath.Join(folder, "home.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if a := ask("turn on the hall lamp"); a.Understood {
		t.Errorf("%+v", a)
	}
	if _, err := Try(rb, kept, act.Request{Text: "what time is it", Topic: "none"}, time.Now()); err == nil {
		t.Error("a topic that nobody declares")
	}
}
