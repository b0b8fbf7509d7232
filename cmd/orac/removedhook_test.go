package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orac/appliance/stt/stttest"
)

// TestAWebhookIsTakenOut while events wait for it: the plan, the apply and the list say what becomes of them, and a person drops one.
// A start without the webhook knows them, too.
func TestAWebhookIsTakenOut(t *testing.T) {
	audio, _ := microphone(t)
	server := stttest.Start(t)
	dir := t.TempDir()
	const block = "webhook \"away\" {\n  url    = \"http://127.0.0.1:1/\"\n  events = [\"transcript\"]\n  keep   = \"2h\"\n}\n"
	book := kitchenRunbook(server.URL()) + "apply {\n  health_gate = \"1s\"\n}\n"
	queue := filepath.Join(dir, "state/hooks/away")
	for _, folder := range []string{"state", "state/hooks", "state/hooks/away", "state/hooks/away/aside"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"0000000000000001.transcript.evt-one.-1.json": `{"schema":1,"id":"evt-one","sequence":1,"type":"transcript","text":"a secret"}`,
		"aside/0000000000000002.transcript.evt-two.-1.json": `{"cause":"status 400","aside":"2026-01-17T12:00:00Z"}`} {
		if err := os.WriteFile(filepath.Join(queue, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := start(t, dir, book+block, audio.Env())
	d.kind("listening")
	d.rewrite(block, "")
	const said = "2 events for webhook.away are not sent any more, and deleted after waiting 2h"
	for _, command := range []string{"plan", "apply --auto-approve"} {
		if out, code := d.ask(strings.Fields(command)...); code == 1 || !strings.Contains(strings.Join(strings.Fields(out), " "), said) {
			t.Errorf("%s: exit %d: %s", command, code, out)
		}
	}
	d.stop()
	d = start(t, dir, book, audio.Env())
	d.kind("listening")
	if out, _ := d.ask("logs"); !strings.Contains(out, said) {
		t.Errorf("the log of a start without it: %s", out)
	}
	out, code := d.ask("spool", "events")
	if code != 0 || strings.Count(out, "evt-") != 2 || strings.Count(out, "does not declare this webhook any more") != 2 || strings.Contains(out, "a secret") {
		t.Errorf("spool events: exit %d: %s", code, out)
	}
	if out, code := d.ask("spool", "retry", "evt-two"); code != 1 || !strings.Contains(out, "orac spool drop evt-two") {
		t.Errorf("retry: exit %d: %s", code, out)
	}
	if out, code := d.ask("spool", "drop", "evt-one", "evt-two"); code != 0 {
		t.Errorf("drop: exit %d: %s", code, out)
	}
	for _, left := range []string{"*.json", "aside/*.json"} {
		if files, _ := filepath.Glob(filepath.Join(queue, left)); len(files) > 0 { // the pattern is fine
			t.Errorf("left: %v", files)
		}
	}
}
