package language_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"orac/runbook"
	"orac/runbook/hook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
)

func webhookOf(t *testing.T, text string) runbook.Webhook {
	t.Helper()
	rb, ds := runbook.Parse([]byte("appliance \"a\" {}\nwebhook \"w\" {\n"+text+"\n}\n"), "x.hcl", runbooktest.World())
	if ds.HasErrors() {
		t.Fatal(ds.Error())
	}
	return rb.Webhooks[0]
}

func saying(text string) map[string]cty.Value {
	e := &hook.Transcript{Text: text, Empty: text == ""}
	e.Listener = "living/room"
	return map[string]cty.Value{"event": hook.Value(e)}
}

func TestTemplatesEscapeForTheirPlace(t *testing.T) {
	const nasty = "a/b?c&d=\"e\" #%20\n${x} é"
	w := webhookOf(t, `url = "http://lights.local/${event.listener}/x?key=${secret("token")}&text=${event.text}"
  events = ["transcript"]
  body = "${event.text}!"`)
	made, err := w.URL.Eval(saying(nasty))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(made)
	if err != nil || u.EscapedPath() != "/living%2Froom/x" || u.Query().Get("text") != nasty || u.Query().Get("key") != runbooktest.StoredSecret || len(u.Query()) != 2 {
		t.Errorf("%s: %v", made, err)
	}
	if body, err := w.Body.Eval(saying(nasty)); err != nil || body != nasty+"!" {
		t.Errorf("%q, %v", body, err)
	}
	for _, shown := range []string{fmt.Sprint(w), fmt.Sprintf("%+v", w), fmt.Sprintf("%#v", w), fmt.Sprintf("%q %x %s", w.URL, w.URL, w.Body)} {
		runbooktest.MustHide(t, shown)
	}
}

func TestAnEventLeadsNowhereElse(t *testing.T) {
	w := webhookOf(t, `url = "http://lights.local/a/${event.text}/b"
  events = ["transcript"]`)
	for _, text := range []string{".", "..", "../..", "x/../..", "/..", `..\admin`, "./x"} {
		if made, err := w.URL.Eval(saying(text)); err == nil {
			t.Errorf("%q leads to %s", text, made)
		}
	}
	for _, text := range []string{"...", "..x/y..", "//other.example", "@other.example", "", strings.Repeat("x", hook.MaxText)} {
		made, err := w.URL.Eval(saying(text))
		if u, perr := url.Parse(made); err != nil || perr != nil || u.Host != "lights.local" || strings.Count(u.EscapedPath(), "/") != 3 {
			t.Errorf("%.30q: %.80s, %v", text, made, err)
		}
	}
}

// TestATemplateIsWhatItIsMadeOf: it is another when its text, or what it was made of, is another.
func TestATemplateIsWhatItIsMadeOf(t *testing.T) {
	block := func(text string, secret string) language.Attr {
		opts := runbooktest.World()
		opts.Secret = func(string) (string, error) { return secret, nil }
		rb, ds := runbook.Parse([]byte("appliance \"a\" {}\nlocals {\n  x = \"1\"\n}\nwebhook \"w\" {\n  events = [\"wake\"]\n  url = "+text+"\n}\n"), "x.hcl", opts)
		if ds.HasErrors() {
			t.Fatal(ds.Error())
		}
		b, _ := rb.Block("webhook.w")
		return b.Attrs["url"]
	}
	const text = `"http://a.local/${secret("k")}/${event.model}"`
	if !block(text, "one-secret").Equal(block(text, "one-secret")) {
		t.Error("the same is another")
	}
	if block(text, "one-secret").Equal(block(text, "two-secret")) || block(text, "a").Equal(block(`"http://a.local/${secret("k")}/${event.topic}"`, "a")) {
		t.Error("another is the same")
	}
}

func TestSigningKeys(t *testing.T) {
	key := func(text string) (string, bool) {
		opts := runbooktest.World()
		opts.Secret = func(string) (string, error) { return text, nil }
		rb, ds := runbook.Parse([]byte("appliance \"a\" {}\nwebhook \"w\" {\n  url = \"http://a.local\"\n  secret = secret(\"k\")\n}\n"), "x.hcl", opts)
		if ds.HasErrors() {
			return "", false
		}
		return string(rb.Webhooks[0].SigningKey()), true
	}
	for text, want := range map[string]string{
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw":  "1\xf2\x90\xf6\xbf\x06)\x8a\xabO\x08\xd4<?\b,\xf6H\xa3b\xda-\xa4\xb0",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw=": "",
		"whsec_short":                            "",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa!w": "",
		"whsecret-and-more-than-24-characters":   "whsecret-and-more-than-24-characters",
		"too short":                              "",
		strings.Repeat("k", 24):                  strings.Repeat("k", 24),
		strings.Repeat("k", 513):                 "",
		"a line\n" + strings.Repeat("k", 24):     "",
		"whse\u00e9 " + strings.Repeat("k", 24):  "",
	} {
		if got, ok := key(text); ok != (want != "") || got != want {
			t.Errorf("%q: %q, %v", text, got, ok)
		}
	}
}

// FuzzTemplate: whatever an event says, a text is made or refused, and a URL stays on its host and keeps its other parts.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"", "hello", "..", "a/b?c#d", "\x00\xff", "${event.text}", "%2e%2e", strings.Repeat("é", 5000)} {
		f.Add(s, "kitchen")
	}
	rb, ds := runbook.Parse([]byte(`appliance "a" {}
webhook "w" {
  url    = "http://lights.local/a/${event.listener}/b?x=1&text=${event.text}"
  events = ["wake", "transcript"]
  body   = jsonencode({ text = event.text, all = [for name, score in event.scores : name], long = "${event.text}${event.text}" })
}
`), "x.hcl", runbooktest.World())
	if ds.HasErrors() {
		f.Fatal(ds.Error())
	}
	w := rb.Webhooks[0]
	f.Fuzz(func(t *testing.T, text, listener string) {
		e := &hook.Transcript{Text: text}
		e.Listener = listener
		hook.Clean(e)
		words := map[string]cty.Value{"event": hook.Value(e)}
		made, err := w.URL.Eval(words)
		if err == nil {
			u, perr := url.Parse(made)
			if perr != nil || u.Host != "lights.local" || !strings.HasSuffix(u.EscapedPath(), "/b") || u.Query().Get("x") != "1" || u.Query().Get("text") != cty.StringVal(e.Text).AsString() { // a value is in normal form C
				t.Errorf("%q: %v", made, perr)
			}
		}
		if body, err := w.Body.Eval(words); err == nil && len(body) > language.MaxTemplateText {
			t.Errorf("%d bytes", len(body))
		}
	})
}
