package veil

import (
	"testing"

	"orac/runbook"
	"orac/runbook/language"
)

const kitchen = `appliance "test" {}

device "microphone" "usb" {}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

listener "kitchen" {
  device = device.microphone.usb
  models = [model.hey_jarvis]
}
`

func TestVeil(t *testing.T) {
	rb, problems := runbook.Parse([]byte(kitchen), "/home/ann/orac.hcl", language.Options{})
	if rb == nil {
		t.Fatal(problems)
	}
	v := New(rb)
	for text, want := range map[string]string{
		"open /var/lib/orac/spool/1.wav: permission denied": "open 1.wav: permission denied",
		"catalog:hey_jarvis":                            "catalog:hey_jarvis",
		"48 kHz, 3/4, and/or, application/json":         "48 kHz, 3/4, and/or, application/json",
		"wss://anna:word@stt.local:1/key?x=y is closed": "wss://stt.local:1 is closed",
		"(/usr/bin/a:/usr/bin/b)":                       "(a:b)",
		"/one":                                          "/one",
	} {
		if got := v.Text("error", text); got != want {
			t.Errorf("%q becomes %q, not %q", text, got, want)
		}
	}
	if got := v.Text("topic", "/home/kitchen"); got != "/home/kitchen" {
		t.Errorf("a topic becomes %q", got)
	}
	number := string(v.Event([]byte(`{"hop":9007199254740993,"model":"x"}`)))
	if number != `{"hop":9007199254740993,"model":"x"}` {
		t.Errorf("a number becomes %s", number)
	}
}
