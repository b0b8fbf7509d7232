//go:build cgo

package appliance

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/appliance/act/home/hometest"
	"orac/appliance/act/llm/llmtest"
	"orac/appliance/core"
	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/rt/live"
	"orac/runbook"
	"orac/runbook/language"
)

// actingHouse runs a topic over real sockets: a Home Assistant, a language model, a program.
func actingHouse(t *testing.T, home *hometest.Server, model *llmtest.Server) act.Core {
	t.Helper()
	rb, problems := runbook.Parse([]byte(`
appliance "house" {}
core_server "house" { listen = "127.0.0.1:8000" }
backend "home" {
  protocol = "home_assistant"
  url      = "`+home.URL()+`"
  token    = secret("ha_token")
  timeout  = "20s"
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
  url   = "`+model.URL()+`"
  model = "qwen3"
}
topic "general" {
  backends       = [backend.home]
  intents        = [intent.coffee]
  language_model = language_model.qwen
}`), "orac.hcl", language.Options{Secret: func(string) (string, error) { return hometest.Token, nil }})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	fs, err := live.OpenFS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	c, err := core.New(core.Options{Runbook: rb, Slog: slog.New(slog.NewTextHandler(io.Discard, nil)), Parts: &graph.Parts{
		FS: fs, Host: "test", History: node.Book(forgetful{}), LanguageModel: languageModel,
		Backend: func(s graph.BackendService, find func(string) string) (act.Backend, error) {
			return backend(s, find, temp)
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	d := &Daemon{driver: live.New(nil), core: c, ready: make(chan struct{})}
	close(d.ready)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.driver.Run(ctx, "orac", c.Run) }()
	t.Cleanup(func() {
		stop()
		<-ended
		_ = fs.Close()
	})
	return d.Acting()
}

// ready waits until the sentences know the home.
func ready(t *testing.T, acting act.Core) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		a, err := acting.Ask(ctx, act.Request{Topic: "general", Text: "turn on the bedroom lamp", DryRun: true})
		if err == nil && a.Understood {
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("no home: %+v, %v", a, err)
		}
	}
}

// TestFromWordsToDeeds goes the whole way: a text, what it means, the call on the wire, the states that prove it.
func TestFromWordsToDeeds(t *testing.T) {
	home, model := hometest.Start(t, hometest.Flat()), llmtest.Start(t)
	acting := actingHouse(t, home, model)
	ask := func(text string) act.Answer {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		a, err := acting.Ask(ctx, act.Request{Topic: "general", Text: text, Session: "s", Trace: "req-9"})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		t.Logf("%q: %s %q (%s)", text, a.Reading.Tier, a.Speech, a.Reason)
		return a
	}
	ready(t, acting)
	light := func(id string) string { s, _ := home.State(id); return s.State }

	if a := ask("turn on the bedroom lamp"); !a.Understood || !a.Executed || !a.Verified || light("light.bedroom") != "on" {
		t.Errorf("%+v", a)
	}
	if c := home.Calls(); len(c) != 1 || c[0].Service != "light.turn_on" || c[0].Trace != "req-9" {
		t.Errorf("on the wire: %+v", c)
	}
	if a := ask("set the kitchen counter to 20 percent and close the bedroom blind"); !a.Verified || len(a.Outcomes) != 2 {
		t.Errorf("%+v", a)
	}
	if a := ask("is the garage door open"); !a.Verified || !strings.Contains(a.Speech, "closed") {
		t.Errorf("%+v", a)
	}
	if a := ask("make me a cup of coffee please"); !a.Verified || len(a.Outcomes) != 1 || a.Outcomes[0].Reply != "Your coffee" {
		t.Errorf("%+v", a)
	}
	home.Set(hometest.Service, hometest.Behaviour{Do: hometest.Status, Code: 400})
	if a := ask("turn off the bedroom lamp"); !a.Understood || a.Executed || a.Verified || a.Reason == "" || light("light.bedroom") != "on" {
		t.Errorf("a refused call: %+v", a)
	}
	home.Set(hometest.Service, hometest.Behaviour{})
	model.Answer(func(llmtest.Asked) string { return `{"commands":[{"intent":"turn_on","targets":["switch.kettle"]}]}` })
	if a := ask("I could do with some boiling water"); a.Reading.Tier != act.ByModel || !a.Verified || light("switch.kettle") != "on" {
		t.Errorf("%+v", a)
	}
	before := len(home.Calls())
	model.Answer(func(llmtest.Asked) string { return `{"commands":[{"intent":"unlock","targets":["lock.front_door"]}]}` })
	if a := ask("surprise me with something daring"); a.Understood || a.Executed || light("lock.front_door") != "locked" {
		t.Errorf("a model that was led astray: %+v", a)
	}
	model.Set(llmtest.Behaviour{Do: llmtest.Prose})
	if a := ask("tell me about the weather on mars"); a.Understood || a.Executed {
		t.Errorf("a model that talks: %+v", a)
	}
	if n := len(home.Calls()); n != before {
		t.Errorf("%d calls more", n-before)
	}
}
