package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"orac/appliance/act/home/hometest"
	"orac/appliance/act/llm/llmtest"
	"orac/runbook/testkit"
)

// TestTheActingPagesFit: commands, topics, backends and what was learnt, with a real home and the longest names; and a sentence is tried
// and then done.
func TestTheActingPagesFit(t *testing.T) {
	house, model := hometest.Start(t, hometest.Flat()), llmtest.Start(t)
	model.Answer(func(llmtest.Asked) string { return `{"commands":[{"intent":"turn_on","targets":["switch.kettle"]}]}` })
	dir, listen := t.TempDir(), freePort(t)
	testkit.Must(t, os.MkdirAll(filepath.Join(dir, "state", "secrets"), 0o700))
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "state", "secrets", "ha_token"), []byte(hometest.Token), 0o600))
	d := start(t, dir, fmt.Sprintf(`
appliance "house" {
  state_dir = "state"
}
core_server "house" { listen = %[1]q }
backend %[2]q {
  protocol = "home_assistant"
  url      = %[3]q
  token    = secret("ha_token")
  timeout  = "2s"
}
language_model %[4]q {
  url   = %[5]q
  model = "qwen3"
}
topic "general" {
  backends       = [backend.%[2]s]
  language_model = language_model.%[4]s
}
web {
  listen = %[6]q
}
user %[7]q {
  role          = "admin"
  password_hash = env("ANNA_HASH")
}
`, freeAddress(t), longName("b"), house.URL(), longName("q"), model.URL(), listen, longName("u")), []string{"ANNA_HASH=" + hashOf(t, "correct horse battery")})
	awaitServed(t, "http://"+listen)
	d.kind("backend_health")
	for _, c := range []struct {
		text   string
		manner hometest.Behaviour
	}{
		{"turn on the bedroom lamp", hometest.Behaviour{}},
		{"I could do with some boiling water", hometest.Behaviour{}},
		{"is the garage door open", hometest.Behaviour{}},
		{"close the bedroom blind and turn on the attic light", hometest.Behaviour{}},
		{"turn off the bedroom lamp", hometest.Behaviour{Do: hometest.Status, Code: 400}},
		{"set a timer for ten minutes", hometest.Behaviour{}},
	} {
		house.Set(hometest.Service, c.manner)
		d.ask("ask", c.text)
	}
	house.Set(hometest.Service, hometest.Behaviour{})
	model.Answer(func(llmtest.Asked) string { return `{"commands":[]}` })
	d.ask("ask", "make me a sandwich with a great many words that nobody has ever said to a house before")

	b := openBrowser(t, "http://"+listen)
	b.open("/login")
	b.login(longName("u"), "correct horse battery")
	b.sees("Listen")
	for _, page := range []struct{ path, sees string }{
		{"/commands", "turn on the bedroom lamp"}, {"/commands?result=failed", "turn off the bedroom lamp"}, {"/backends", "Bedroom"}, {"/topics/learnt", "boiling water"}, {"/topics", "Try a sentence"},
	} {
		b.open(page.path)
		b.sees(page.sees)
		switch page.path {
		case "/commands":
			b.click(".deeds details summary")
			b.photograph("fits-commands")
		case "/commands?result=failed":
			b.photograph("fits-commands-failed")
		case "/backends":
			b.photograph("fits-backends")
		case "/topics/learnt":
			b.photograph("fits-learnt")
		case "/topics":
			b.photograph("fits-topics")
		}
		b.narrow()
	}
	b.set("#ask-text", "turn on the bedroom lamp and set the kitchen counter to 20 percent")
	b.click("form.ask button.main")
	b.sees("a sentence, word by word")
	b.sees("20 %")
	b.photograph("fits-tried")
	b.click(".tried form button")
	b.sees("proven")
	b.photograph("fits-done")
	b.silent()
	d.stop()
}
