package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"orac/appliance/stt/stttest"
	"orac/web/auth"
	"orac/web/console"
)

const readingRunbook = `
appliance "hall" {
  state_dir = "state"
}

device "wav" "command" {
  path = %q
  end  = "silence"
}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

listener "hall" {
  device  = device.wav.command
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
}

stt "whisper" {
  url = %q
}

stt_server "house" {
  engine = stt.whisper
  listen = %q
}

wyoming "house" {
  serve  = "wake"
  listen = %q
}

esphome "hall" {
  listen = %q
}

topic "general" {
  english = true
}

web {
  listen = %q
}

issuer {
  url = %q
}

user "anna" {
  role          = "admin"
  password_hash = env("ANNA_HASH")
}
`

// blockPage is a page whose address depends on the runbook.
var blockPage = console.Page{Path: "/runbook/blocks/model.hey_jarvis", Title: "model.hey_jarvis", Role: auth.Admin}

// TestTheConsoleIsReadWithoutScripts: all that a page tells it tells who allows no scripts, too; and with them it stays where it
// was painted first.
func TestTheConsoleIsReadWithoutScripts(t *testing.T) {
	server := stttest.Start(t)
	server.Transcribe(func(int, []int16) string { return "turn on the kitchen light" })
	dir, listen := t.TempDir(), freePort(t)
	text := fmt.Sprintf(readingRunbook, filepath.Join(need(t, ".orac/sounds"), "hey_jarvis_lights_on.wav"), server.URL(), freePort(t), freePort(t), freePort(t), listen, "http://"+listen)
	d := start(t, dir, text, []string{"ANNA_HASH=" + hashOf(t, "correct horse battery")})
	awaitServed(t, "http://"+listen)
	d.kind("delivered")
	b := openBrowser(t, "http://"+listen)
	b.scripts(false)
	b.open("/login")
	b.do("log in by the form alone", chromedp.SendKeys(css("#username"), "anna"), chromedp.SendKeys(css("#password"), "correct horse battery"))
	b.click("button.main")
	b.sees("turn on the kitchen light")
	says := map[string][]string{ // beside the title
		"/":                    {"hall", "hey jarvis", "turn on the kitchen light"},
		"/history":             {"hey_jarvis", "turn on the kitchen light"},
		"/stt-servers":         {"house", "whisper"},
		"/voice-services":      {"house"},
		"/satellites":          {"hall"},
		"/commands":            {"Commands"},
		"/topics":              {"general"},
		"/backends":            {"Backends"},
		"/members":             {"Nobody has joined yet"},
		"/graph":               {"source.command", "delivery.whisper"},
		"/incidents":           {"Incidents"},
		"/system":              {"Memory", "MiB"},
		"/runbook":             {"orac.hcl"},
		"/runbook/blocks":      {"model.hey_jarvis", "stt.whisper"},
		blockPage.Path:         {"threshold"},
		"/runbook/generations": {"1"},
		"/simulations":         {"Simulations"},
		"/people":              {"anna", "admin"},
		"/audit":               {"anna", "login"},
		"/password":            {"assword"},
	}
	pages := append(console.Pages(), blockPage)
	pages = slices.DeleteFunc(pages, func(p console.Page) bool { return p.Role == auth.Nobody })
	for _, p := range pages {
		b.open(p.Path)
		if title := ask[string](b, "document.title"); !strings.HasPrefix(title, p.Title) {
			t.Errorf("without scripts the title of %s is %q", p.Path, title)
		}
		for _, text := range says[p.Path] {
			if !ask[bool](b, fmt.Sprintf("document.querySelector('main').textContent.includes(%q)", text)) {
				t.Errorf("without scripts %s does not say %q", p.Path, text)
			}
		}
		if name := ask[string](b, "(document.querySelector('.rail a[aria-current]') || {textContent: ''}).textContent"); name == "" && p.Path != "/password" && p.Path != "/passkeys" {
			t.Errorf("without scripts %s does not say in the menu where one is", p.Path)
		}
		// What only a script can do is not offered, or does nothing: it is not in the way of who reads.
		if n := ask[int](b, "document.querySelectorAll('main [disabled]').length"); n > 0 {
			t.Errorf("without scripts %s has %d controls that nobody can use", p.Path, n)
		}
	}
	b.scripts(true)
	for _, p := range pages {
		b.open(p.Path)
		// Two frames after the page is idle: what was to come has come.
		jumps := ask[float64](b, "new Promise((done) => requestIdleCallback(() => requestAnimationFrame(() => requestAnimationFrame(() => done(window.jumps))), {timeout: 3000}))")
		if jumps > 0.1 {
			t.Errorf("%s has jumped: %.3f", p.Path, jumps)
		}
	}
	b.silent()
	d.stop()
}
