package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"orac/runbook/language"
	"orac/web/auth"
)

// TestAMicrophoneIsAddedInOnePlan: with its listener, a model that is new, and the service, and nothing else in the file changes.
func TestAMicrophoneIsAddedInOnePlan(t *testing.T) {
	r := newRig(t, Options{})
	page := r.get(auth.Admin, "/runbook/microphone").Body.String()
	for _, want := range []string{`value="alsa testmic"`, `value="model.hey_jarvis" checked`, `value="catalog:alexa" disabled`, "CC-BY-NC-SA-4.0, not for commercial use", "orac models pull alexa", `value="stt.whisper" checked`, "not installed"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(page, "pulse monitor") {
		t.Error("a copy of what a loudspeaker plays is offered as a microphone")
	}
	before := r.file()
	send := func(v url.Values) (int, string) {
		v.Set("base", language.TextHash(before))
		w := r.post(auth.Admin, "/runbook/microphone", v)
		return w.Code, w.Body.String()
	}
	code, body := send(url.Values{"device": {"alsa testmic"}, "word": {"model.hey_jarvis"}, "stt": {"stt.whisper"}, "name": {"office"}})
	if code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	text := carried(t, body)
	for _, want := range []string{
		"device \"microphone\" \"office\" {\n  identity = \"testmic\"\n  backend  = \"alsa\"\n}\n",
		"listener \"office\" {\n  device  = device.microphone.office\n  models  = [model.hey_jarvis]\n  deliver = [stt.whisper]\n}\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks\n%s\nit is\n%s", want, text)
		}
		text = strings.Replace(text, "\n"+want, "", 1)
	}
	if text != before || r.file() != before {
		t.Errorf("beside that the text is\n%s", text)
	}
	for what, v := range map[string]url.Values{
		"no microphone":        {"word": {"model.hey_jarvis"}, "name": {"office"}},
		"one that is not here": {"device": {"pulse nosuch"}, "word": {"model.hey_jarvis"}, "name": {"office"}},
		"no wake word":         {"device": {"alsa testmic"}, "name": {"office"}},
		"not installed":        {"device": {"alsa testmic"}, "word": {"catalog:alexa"}, "name": {"office"}},
		"no name":              {"device": {"alsa testmic"}, "word": {"model.hey_jarvis"}},
		"a name that breaks":   {"device": {"alsa testmic"}, "word": {"model.hey_jarvis"}, "name": {"a\" {}"}},
		"a name that is taken": {"device": {"alsa testmic"}, "word": {"model.hey_jarvis"}, "name": {"kitchen"}},
	} {
		if code, body := send(v); code != http.StatusUnprocessableEntity || !strings.Contains(body, `role="alert"`) {
			t.Errorf("%s: %d %.3000s", what, code, body)
		}
	}
}
