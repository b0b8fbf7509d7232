package main

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"orac/appliance/stt/stttest"
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

web {
  listen = %q
}

user "anna" {
  role          = "admin"
  password_hash = env("ANNA_HASH")
}
`

// TestTheConsoleIsReadWithoutScripts: all that a page tells it tells who allows no scripts, too; and with them it stays where it
// was painted first.
func TestTheConsoleIsReadWithoutScripts(t *testing.T) {
	server := stttest.Start(t)
	server.Transcribe(func(int, []int16) string { return "turn on the kitchen light" })
	dir, listen := t.TempDir(), freePort(t)
	text := fmt.Sprintf(readingRunbook, filepath.Join(need(t, ".orac/sounds"), "hey_jarvis_lights_on.wav"), server.URL(), listen)
	d := start(t, dir, text, []string{"ANNA_HASH=" + hashOf(t, "correct horse battery")})
	awaitServed(t, "http://"+listen)
	d.kind("delivered")
	b := openBrowser(t, "http://"+listen)
	b.scripts(false)
	b.open("/login")
	b.do("log in by the form alone", chromedp.SendKeys(css("#username"), "anna"), chromedp.SendKeys(css("#password"), "correct horse battery"))
	b.click("button.main")
	b.sees("turn on the kitchen light")
	pages := []struct {
		path string
		says []string
	}{
		{"/", []string{"hall", "hey jarvis", "turn on the kitchen light"}},
		{"/history", []string{"hey_jarvis", "turn on the kitchen light"}},
		{"/graph", []string{"source.command", "delivery.whisper"}},
		{"/incidents", []string{"Incidents"}},
		{"/system", []string{"Memory", "MiB"}},
		{"/runbook", []string{"orac.hcl"}},
		{"/runbook/blocks", []string{"model.hey_jarvis", "stt.whisper"}},
		{"/runbook/blocks/model.hey_jarvis", []string{"threshold"}},
		{"/runbook/generations", []string{"1"}},
		{"/simulations", []string{"Simulations"}},
		{"/people", []string{"anna", "admin"}},
		{"/audit", []string{"anna", "login"}},
		{"/password", []string{"assword"}},
	}
	for _, p := range pages {
		b.open(p.path)
		for _, text := range p.says {
			if !ask[bool](b, fmt.Sprintf("document.querySelector('main').textContent.includes(%q)", text)) {
				t.Errorf("without scripts %s does not say %q", p.path, text)
			}
		}
		if name := ask[string](b, "(document.querySelector('.rail a[aria-current]') || {textContent: ''}).textContent"); name == "" && p.path != "/password" {
			t.Errorf("without scripts %s does not say in the menu where one is", p.path)
		}
		// What only a script can do is not offered, or does nothing: it is not in the way of who reads.
		if n := ask[int](b, "document.querySelectorAll('main [disabled]').length"); n > 0 {
			t.Errorf("without scripts %s has %d controls that nobody can use", p.path, n)
		}
	}
	b.scripts(true)
	for _, p := range pages {
		b.open(p.path)
		// Two frames after the page is idle: what was to come has come.
		jumps := ask[float64](b, "new Promise((done) => requestIdleCallback(() => requestAnimationFrame(() => requestAnimationFrame(() => done(window.jumps))), {timeout: 3000}))")
		if jumps > 0.1 {
			t.Errorf("%s has jumped: %.3f", p.path, jumps)
		}
	}
	b.silent()
	d.stop()
}
