package console

import (
	"crypto/sha256"
	"encoding/hex"
	"html"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"orac/web/auth"
)

func hashText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func (r *rig) file() string {
	r.t.Helper()
	text, err := os.ReadFile(r.app.file)
	r.must(err)
	return string(text)
}

var (
	area   = regexp.MustCompile(`(?s)<textarea[^>]*name="source"[^>]*>\n(.*?)</textarea>`)
	hidden = regexp.MustCompile(`<input type="hidden" name="(base|plan)" value="([^"]*)">`)
)

// form is the text, base and plan that a page carries on.
func formIn(t *testing.T, page string) url.Values {
	t.Helper()
	v := url.Values{}
	m := area.FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no text is carried on: %.2000s", page)
	}
	v.Set("source", strings.ReplaceAll(html.UnescapeString(m[1]), "\r\n", "\n")) // as a browser has it
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		v.Set(m[1], html.UnescapeString(m[2]))
	}
	return v
}

// crlf is what browsers make of a text area's line ends.
func crlf(v url.Values) url.Values {
	v.Set("source", strings.ReplaceAll(v.Get("source"), "\n", "\r\n"))
	return v
}

// TestATextComesBackByteForByte: shown, sent, planned and applied without an edit, it is the same; with one, all else is.
func TestATextComesBackByteForByte(t *testing.T) {
	for name, text := range map[string]string{
		"as it is": evilRunbook(), "lines of CR LF": strings.ReplaceAll(evilRunbook(), "\n", "\r\n"), "a first line that is empty": "\n\n" + evilRunbook(), "no last line end": strings.TrimRight(evilRunbook(), "\n"),
	} {
		r := newRig(t, Options{})
		r.must(os.WriteFile(r.app.file, []byte(text), 0o640))
		v := formIn(t, r.get(auth.Admin, "/runbook").Body.String())
		v.Set("source", strings.Replace(v.Get("source"), "threshold = 0.5 # tuned", "threshold = 0.7 # tuned", 1))
		plan := r.post(auth.Admin, "/runbook/plan", crlf(v))
		if plan.Code != 200 {
			t.Fatalf("%s: %d %.2000s", name, plan.Code, plan.Body)
		}
		if r.file() != text {
			t.Errorf("%s: a plan has changed the file", name)
		}
		w := r.post(auth.Admin, "/runbook/apply", crlf(formIn(t, plan.Body.String())))
		if w.Code != 200 || !strings.Contains(w.Body.String(), "Generation 4 runs, and the file is saved") {
			t.Errorf("%s: %d %.2000s", name, w.Code, w.Body)
		}
		if want := strings.Replace(text, "threshold = 0.5 # tuned", "threshold = 0.7 # tuned", 1); r.file() != want {
			t.Errorf("%s: the file is now\n%q\nwant\n%q", name, r.file(), want)
		}
	}
}

// TestAFormChangesItsAttributeAlone: the block's form gives a plan in which every other byte is as it was.
func TestAFormChangesItsAttributeAlone(t *testing.T) {
	r := newRig(t, Options{})
	page := r.get(auth.Admin, "/runbook/blocks/model.hey_jarvis").Body.String()
	for _, want := range []string{`name="model.hey_jarvis.threshold" value="0.5"`, `placeholder="2s"`, "From 0 to 1."} {
		if !strings.Contains(page, want) {
			t.Errorf("the form has no %s", want)
		}
	}
	send := func(address string, v url.Values) string {
		t.Helper()
		v.Set("base", hashText(r.file()))
		w := r.post(auth.Admin, "/runbook/blocks/"+address, v)
		if w.Code != 200 {
			return ""
		}
		return formIn(t, w.Body.String()).Get("source")
	}
	before := r.file()
	got := send("model.hey_jarvis", url.Values{"model.hey_jarvis.threshold": {"0.75"}, "was.model.hey_jarvis.threshold": {"0.5"}, "model.hey_jarvis.cooldown": {""}, "was.model.hey_jarvis.cooldown": {""}})
	if want := strings.Replace(before, "threshold = 0.5 #", "threshold = 0.75 #", 1); got != want {
		t.Errorf("the text is now\n%s", got)
	}
	got = send("device.microphone.usb", url.Values{"device.microphone.usb.match": {`say "${x}"`}, "was.device.microphone.usb.match": {evil}})
	if !strings.Contains(got, `match = "say \"$${x}\""`) {
		t.Errorf("a text is not quoted:\n%s", got)
	}
	got = send("listener.kitchen", url.Values{"listener.kitchen.record.silence": {"500ms"}, "was.listener.kitchen.record.silence": {""}})
	if !strings.Contains(got, `silence = "500ms"`) || !strings.Contains(got, "record {") {
		t.Errorf("a nested block is not added:\n%s", got)
	}
	for what, v := range map[string]url.Values{
		"out of range": {"model.hey_jarvis.threshold": {"7"}, "was.model.hey_jarvis.threshold": {"0.5"}},
		"two at once":  {"model.hey_jarvis.threshold": {"0.7\n  topic = \"x\""}, "was.model.hey_jarvis.threshold": {"0.5"}},
		"nothing":      {"model.hey_jarvis.threshold": {"0.5"}, "was.model.hey_jarvis.threshold": {"0.5"}},
	} {
		v.Set("base", hashText(r.file()))
		if w := r.post(auth.Admin, "/runbook/blocks/model.hey_jarvis", v); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `role="alert"`) {
			t.Errorf("%s: %d", what, w.Code)
		}
	}
	if r.file() != before {
		t.Error("a form has changed the file")
	}
}

// TestTwoEditsAtOnce: whoever comes second is shown the difference, at the plan and at the apply, and loses nothing.
func TestTwoEditsAtOnce(t *testing.T) {
	r := newRig(t, Options{})
	v := formIn(t, r.get(auth.Admin, "/runbook").Body.String())
	v.Set("source", strings.Replace(v.Get("source"), "# tuned", "# mine", 1))
	plan := formIn(t, r.post(auth.Admin, "/runbook/plan", v).Body.String())
	theirs := r.file() + "# theirs\n"
	r.must(os.WriteFile(r.app.file, []byte(theirs), 0o640))
	for path, form := range map[string]url.Values{"/runbook/plan": v, "/runbook/apply": plan} {
		w := r.post(auth.Admin, path, form)
		if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "# theirs") || !strings.Contains(w.Body.String(), "# mine") {
			t.Errorf("%s: %d", path, w.Code)
		}
		again := formIn(t, w.Body.String())
		if again.Get("base") != hashText(theirs) || !strings.Contains(again.Get("source"), "# mine") {
			t.Errorf("%s: the edit does not go on from theirs", path)
		}
	}
	if r.file() != theirs {
		t.Error("theirs was changed")
	}
	stale := url.Values{"source": {theirs + "# more\n"}, "base": {hashText(theirs)}, "plan": {"another"}}
	if w := r.post(auth.Admin, "/runbook/apply", stale); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "another plan") || r.file() != theirs {
		t.Errorf("a plan that was not shown is applied: %d", w.Code)
	}
}
