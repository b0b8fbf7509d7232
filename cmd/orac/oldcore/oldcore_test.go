package oldcore

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/testkit"
)

const topics = `topics:
  general:
    name: General
    enabled: true
    model: Qwen3-0.6B-Q8_0.gguf
    settings: {temperature: 0.7, no_think: true}
    grammar: {enabled: true, file: default.gbnf}
    backend_id: homeassistant_ab12cd34
    last_used: 2026-01-17T09:00:00
  night:
    name: Night
    enabled: false
    model: ""
    backend_id: homeassistant_ab12cd34
  found:
    name: Found
    enabled: true
    model: Qwen3-0.6B-Q8_0.gguf
    auto_discovered: true
  lost:
    name: Lost
    backend_id: homeassistant_gone
  "../../etc":
    name: climbs
    backend_id: homeassistant_ab12cd34
`

const backend = `{"id":"homeassistant_ab12cd34","name":"My \"Home\" ${x}","type":"homeassistant","created_at":"2026-01-01T00:00:00",
 "connection":{"url":"http://192.168.8.99","port":8123,"token":"canary-token","verify_ssl":false},
 "status":{"connected":true},"device_types":["lights"],"locations":["lounge"],
 "device_mappings":{"light.lounge":{"enabled":true,"device_type":"lights","location":"lounge"},"climate.hall":{"enabled":true,"device_type":"heating","location":"Hall"},
  "light.attic":{"enabled":false},"light.\"}] x":{"enabled":true}}}`

const cache = `{"version":2,"entries":[
 {"stt_text":"make it  cosy","topic_id":"general","json_output":"{\"device\":\"lights\",\"action\":\"on\",\"location\":\"lounge\"}","entity_id":"light.lounge"},
 {"stt_text":"cosy please","topic_id":"general","json_output":"{\"action\":\"on\"}","entity_id":"light.lounge"},
 {"stt_text":"half","topic_id":"general","json_output":"{\"action\":\"set 50%\"}","entity_id":"light.lounge"},
 {"stt_text":"warm","topic_id":"general","json_output":"{\"action\":\"set 21C\"}","entity_id":"climate.hall"},
 {"stt_text":"(a|b) [c] {d}","topic_id":"general","json_output":"{\"action\":\"on\"}","entity_id":"light.lounge"},
 {"stt_text":"louder","topic_id":"general","json_output":"{\"action\":\"loud\"}","entity_id":"light.lounge"},
 {"stt_text":"elsewhere","topic_id":"found","json_output":"{\"action\":\"on\"}","entity_id":"light.lounge"},
 {"stt_text":"no JSON","topic_id":"general","json_output":"on","entity_id":"light.lounge"}]}`

func folder() fstest.MapFS {
	return fstest.MapFS{"topics.yaml": {Data: []byte(topics)}, "backends/homeassistant_ab12cd34.json": {Data: []byte(backend)}, "stt_cache.json": {Data: []byte(cache)}, "backends/.x.json": {Data: []byte("?")}}
}

var nothing = Here{Has: func(string) bool { return false }}

// TestWhatGoesOn: the blocks, as a runbook takes them, and what a person is told; no token is in either.
func TestWhatGoesOn(t *testing.T) {
	d, err := Read(folder())
	testkit.Must(t, err)
	for name, answers := range map[string]bool{"plain": false, "answers": true} {
		m := d.Blocks(nothing, answers)
		shown := m.Text + "\n# " + strings.Join(m.Notes, "\n# ") + "\n# secrets:"
		for _, s := range m.Secrets {
			shown += " " + s.Name
		}
		if strings.Contains(shown+fmt.Sprintf("%+v %#v", m, d), "canary") || len(m.Secrets) != 1 || m.Secrets[0].Value.Reveal() != "canary-token" {
			t.Errorf("%s: the token is shown, or lost: %+v", name, m)
		}
		testkit.Golden(t, "testdata/"+name+".golden", shown+"\n")
		good(t, name, m)
	}
}

// good tells whether a runbook takes the blocks, each as it was meant.
func good(t *testing.T, name string, m Import) {
	t.Helper()
	rb, problems := runbook.Parse([]byte("appliance \"test\" {}\n"+m.Text), "orac.hcl", language.Options{Env: func(string) (string, bool) { return "a-secret", true }})
	if rb == nil || problems.HasErrors() {
		t.Fatalf("%s: %v\n%s", name, problems, m.Text)
	}
	if n := len(rb.Topics) + len(rb.Backends) + len(rb.Intents); n != len(m.Blocks) {
		t.Errorf("%s: %d blocks, not %d", name, n, len(m.Blocks))
	}
}

// TestWhatIsThereStays: a block that the runbook has is left as it is, and needs no secret.
func TestWhatIsThereStays(t *testing.T) {
	d, err := Read(folder())
	testkit.Must(t, err)
	m := d.Blocks(Here{Has: func(a string) bool { return true }}, true)
	if m.Text != "" || len(m.Blocks) != 0 || len(m.Secrets) != 0 || len(m.Notes) == 0 {
		t.Errorf("%+v", m)
	}
}

// TestHostileFolders are refused in one sentence that quotes nothing of them.
func TestHostileFolders(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	many := "topics:\n"
	for i := range maxTopics + 1 {
		many += fmt.Sprintf("  t%d: {name: x}\n", i)
	}
	for name, dir := range map[string]fstest.MapFS{
		"nothing":          {},
		"a bomb":           {"topics.yaml": {Data: []byte("topics:\n  x: {name: *j}\n" + bomb)}},
		"a bomb of topics": {"topics.yaml": {Data: []byte(bomb + "topics: *j\n")}},
		"deep":             {"topics.yaml": {Data: []byte("topics: " + strings.Repeat("[", 100_000))}},
		"too many topics":  {"topics.yaml": {Data: []byte(many)}},
		"too large":        {"topics.yaml": {Data: make([]byte, maxFile+1)}},
		"a folder":         {"topics.yaml/x": {Data: []byte("x")}},
		"a link":           {"topics.yaml": {Data: []byte("/etc/shadow"), Mode: os.ModeSymlink | 0o777}},
		"no JSON":          {"backends/a.json": {Data: []byte(`{"connection":{"token":"canary`)}},
		"a wrong token":    {"backends/a.json": {Data: []byte(`{"connection":{"token":["canary"]}}`)}},
		"a wrong cache":    {"stt_cache.json": {Data: []byte(`{"entries":{"canary":1}}`)}},
	} {
		_, err := Read(dir)
		if err == nil || strings.Contains(err.Error(), "canary") || len(err.Error()) > 200 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAddresses are joined as the existing service does.
func TestAddresses(t *testing.T) {
	for in, want := range map[Connection]string{
		{URL: "http://ha", Port: 8123}:       "http://ha:8123",
		{URL: "ha"}:                          "http://ha:8123",
		{URL: "https://ha:443/", Port: 8123}: "https://ha:443",
		{URL: "http://user:secret@ha"}:       "http://ha:8123",
		{URL: "ftp://ha"}:                    "",
		{URL: "http://"}:                     "",
		{URL: "http://ha", Port: 99999}:      "",
		{URL: "http://[::1]", Port: 1}:       "http://[::1]:1",
		{URL: "http://ha/x?token=canary#y"}:  "http://ha:8123/x",
		{URL: "http://ha\x00"}:               "",
	} {
		if got, err := addressOf(in); got != want || (err != nil) != (want == "") {
			t.Errorf("%+v: %s, %v", in.URL, got, err)
		}
	}
}

// FuzzImport: whatever is in the folder, it is refused, or a runbook takes the blocks that are made of it.
func FuzzImport(f *testing.F) {
	f.Add([]byte(topics), []byte(backend), []byte(cache))
	f.Add([]byte("topics: {general: {backend_id: a}}"), []byte(`{"id":"a","name":"x","type":"homeassistant","connection":{"url":"http://a","token":"t"},"device_mappings":{"light.a":{"enabled":true}}}`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, topics, backend, cache []byte) {
		d, err := Read(fstest.MapFS{"topics.yaml": {Data: topics}, "backends/a.json": {Data: backend}, "stt_cache.json": {Data: cache}})
		if err != nil {
			return
		}
		if m := d.Blocks(nothing, true); len(m.Text) < 100_000 {
			good(t, "fuzz", m)
		}
	})
}
