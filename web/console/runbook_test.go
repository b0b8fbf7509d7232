package console

import (
	"html"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"orac/runbook/language"
	"orac/web/auth"
)

func (r *rig) file() string {
	r.t.Helper()
	text, err := os.ReadFile(r.app.File)
	r.must(err)
	return string(text)
}

var (
	area   = regexp.MustCompile(`(?s)<textarea[^>]*name="source"[^>]*>\n(.*?)</textarea>`)
	hidden = regexp.MustCompile(`<input type="hidden" name="(base|began|plan|packed|onto|running|generation|write)" value="([^"]*)">`)
)

// formIn is what the page's form carries on: the last one that carries a text.
func formIn(t *testing.T, page string) url.Values {
	t.Helper()
	v := url.Values{}
	if m := area.FindStringSubmatch(page); m != nil {
		v.Set("source", strings.ReplaceAll(html.UnescapeString(m[1]), "\r\n", "\n")) // as a browser has it
	}
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		v.Set(m[1], html.UnescapeString(m[2]))
	}
	if v.Get("source") == "" && v.Get("packed") == "" {
		t.Fatalf("no text is carried on: %.2000s", page)
	}
	return v
}

// sentBy is what the form with a button of that text carries.
func sentBy(t *testing.T, page, button string) url.Values {
	t.Helper()
	at := strings.Index(page, ">"+button+"<")
	if at < 0 {
		t.Fatalf("the page has no button %q", button)
	}
	v := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(page[strings.LastIndex(page[:at], "<form"):at], -1) {
		v.Set(m[1], html.UnescapeString(m[2]))
	}
	return v
}

// carried is the text that a page carries on, byte for byte.
func carried(t *testing.T, page string) string {
	t.Helper()
	text, err := unpack(formIn(t, page).Get("packed"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// crlf is what browsers make of a text area's line ends.
func crlf(v url.Values) url.Values {
	if !v.Has("source") {
		return v
	}
	v.Set("source", strings.ReplaceAll(v.Get("source"), "\n", "\r\n"))
	return v
}

// TestATextComesBackByteForByte: shown, sent, planned and applied without an edit, it is the same; with one, all else is.
func TestATextComesBackByteForByte(t *testing.T) {
	for name, text := range map[string]string{
		"as it is": evilRunbook(), "lines of CR LF": strings.ReplaceAll(evilRunbook(), "\n", "\r\n"), "a first line that is empty": "\n\n" + evilRunbook(), "no last line end": strings.TrimRight(evilRunbook(), "\n"),
		"lines of both kinds": strings.Replace(strings.Replace(evilRunbook(), "{\n", "{\r\n", 3), "tuned\n", "tuned\r\n", 1),
	} {
		r := newRig(t, Options{})
		r.must(os.WriteFile(r.app.File, []byte(text), 0o640))
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
	for _, want := range []string{`name="model.hey_jarvis.threshold" value="0.5"`, `placeholder="2s"`, "From 0.001 to 1."} {
		if !strings.Contains(page, want) {
			t.Errorf("the form has no %s", want)
		}
	}
	send := func(address string, v url.Values) string {
		t.Helper()
		v.Set("base", language.TextHash(r.file()))
		w := r.post(auth.Admin, "/runbook/blocks/"+address, v)
		if w.Code != 200 {
			return ""
		}
		return carried(t, w.Body.String())
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
		v.Set("base", language.TextHash(r.file()))
		if w := r.post(auth.Admin, "/runbook/blocks/model.hey_jarvis", v); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `role="alert"`) {
			t.Errorf("%s: %d", what, w.Code)
		}
	}
	if r.file() != before {
		t.Error("a form has changed the file")
	}
}

// TestTwoEditsAtOnce: whoever comes second is shown both, at the plan and at the apply, and loses nothing: what does not touch goes
// together, what does is chosen, or stands in the text in both versions.
func TestTwoEditsAtOnce(t *testing.T) {
	r := newRig(t, Options{})
	v := formIn(t, r.get(auth.Admin, "/runbook").Body.String())
	v.Set("source", strings.Replace(v.Get("source"), "# tuned", "# mine", 1))
	plan := formIn(t, r.post(auth.Admin, "/runbook/plan", crlf(v)).Body.String())
	theirs := strings.Replace(r.file(), "web {\n", "web {\r\n", 1) + "# theirs\n"
	r.must(os.WriteFile(r.app.File, []byte(theirs), 0o640))
	both := strings.Replace(theirs, "# tuned", "# mine", 1)
	for path, form := range map[string]url.Values{"/runbook/plan": v, "/runbook/apply": plan} {
		w := r.post(auth.Admin, path, form)
		if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "# theirs") || !strings.Contains(w.Body.String(), "# mine") || !strings.Contains(w.Body.String(), "both changes fit together") {
			t.Errorf("%s: %d", path, w.Code)
		}
		together := r.post(auth.Admin, "/runbook/merge", formIn(t, w.Body.String()))
		if again := formIn(t, together.Body.String()); together.Code != 200 || again.Get("base") != language.TextHash(theirs) || carried(t, together.Body.String()) != both {
			t.Errorf("%s: both together are %d\n%s", path, together.Code, carried(t, together.Body.String()))
		}
		text := r.post(auth.Admin, "/runbook/merge?text=1", formIn(t, w.Body.String()))
		if again := formIn(t, text.Body.String()); again.Get("source") != strings.ReplaceAll(both, "\r\n", "\n") || again.Get("base") != language.TextHash(theirs) {
			t.Errorf("%s: the text of both is\n%s", path, again.Get("source"))
		}
	}
	if r.file() != theirs {
		t.Error("theirs was changed")
	}
	stale := url.Values{"source": {theirs + "# more\n"}, "base": {language.TextHash(theirs)}, "plan": {"another"}}
	if w := r.post(auth.Admin, "/runbook/apply", stale); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "another plan") || r.file() != theirs {
		t.Errorf("a plan that was not shown is applied: %d", w.Code)
	}
}

// TestTwoEditsOfOneLine: each choice, none, and a file that changes once more meanwhile.
func TestTwoEditsOfOneLine(t *testing.T) {
	r := newRig(t, Options{})
	before := r.file()
	v := formIn(t, r.get(auth.Admin, "/runbook").Body.String())
	mine := strings.Replace(before, "threshold = 0.5 # tuned", "threshold = 0.7 # mine", 1)
	theirs := strings.Replace(before, "threshold = 0.5 # tuned", "threshold = 0.3 # theirs", 1)
	v.Set("source", mine)
	r.must(os.WriteFile(r.app.File, []byte(theirs), 0o640))
	page := r.post(auth.Admin, "/runbook/plan", crlf(v)).Body.String()
	if !strings.Contains(page, `name="choice.0" value="mine"`) || !strings.Contains(page, "threshold = 0.3 # theirs") || !strings.Contains(page, "threshold = 0.7 # mine") {
		t.Errorf("the conflict is not shown: %s", page)
	}
	choose := func(choice string) string {
		form := formIn(t, page)
		form.Set("choice.0", choice)
		w := r.post(auth.Admin, "/runbook/merge", form)
		if w.Code != 200 {
			t.Errorf("%s: %d", choice, w.Code)
		}
		return w.Body.String()
	}
	if got := carried(t, choose("mine")); got != mine {
		t.Errorf("mine: %s", got)
	}
	open := choose("open")
	text := formIn(t, open).Get("source")
	if want := "<<<<<<< your edit\n  threshold = 0.7 # mine\n=======\n  threshold = 0.3 # theirs\n>>>>>>> the file as it is now\n"; !strings.Contains(text, want) || !strings.Contains(open, "there is an unresolved merge conflict here") {
		t.Errorf("what nobody decided is\n%s", text)
	}
	if w := r.post(auth.Admin, "/runbook/plan", crlf(formIn(t, open))); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a text with marks is planned: %d", w.Code)
	}
	if w := r.post(auth.Admin, "/runbook/merge", formIn(t, page)); w.Code != 200 || !strings.Contains(w.Body.String(), "&lt;&lt;&lt;&lt;&lt;&lt;&lt;") {
		t.Errorf("nothing chosen: %d", w.Code)
	}
	r.must(os.WriteFile(r.app.File, []byte(theirs+"# once more\n"), 0o640))
	form := formIn(t, page)
	form.Set("choice.0", "mine")
	if w := r.post(auth.Admin, "/runbook/merge", form); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "once more") {
		t.Errorf("a choice of what is another file by now: %d", w.Code)
	}
	// A form that does not say what it began with: all that differs is a conflict, and both are there.
	w := r.post(auth.Admin, "/runbook/plan", url.Values{"source": {mine}, "base": {language.TextHash(before)}})
	if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "no longer knows the text that you began with") || !strings.Contains(w.Body.String(), "# once more") || !strings.Contains(w.Body.String(), "# mine") {
		t.Errorf("without what it began with: %d", w.Code)
	}
}

// TestBlocksAreAddedAndRemoved: by forms, with every other byte as it was, and never without the plan.
func TestBlocksAreAddedAndRemoved(t *testing.T) {
	r := newRig(t, Options{})
	before := r.file()
	page := r.get(auth.Admin, "/runbook/add/model").Body.String()
	for _, want := range []string{`name="name"`, `id="model.source" name="model.source" value="" spellcheck="false" aria-describedby="doc-model.source" required`, "More settings", `name="base" value="` + language.TextHash(before)} {
		if !strings.Contains(page, want) {
			t.Errorf("the form has no %s", want)
		}
	}
	send := func(path string, v url.Values) (int, string) {
		t.Helper()
		v.Set("base", language.TextHash(before))
		w := r.post(auth.Admin, path, v)
		return w.Code, w.Body.String()
	}
	code, answer := send("/runbook/add/model", url.Values{"name": {"alexa"}, "model.source": {"catalog:alexa"}, "was.model.source": {""}, "model.threshold": {"0.4"}, "was.model.threshold": {""}})
	if want := strings.Replace(before, "onx=1>\"\n}\n", "onx=1>\"\n}\n\nmodel \"alexa\" {\n  source    = \"catalog:alexa\"\n  threshold = 0.4\n}\n", 1); code != 200 || carried(t, answer) != want {
		t.Errorf("%d\n%s", code, answer)
	}
	code, answer = send("/runbook/add/model", url.Values{"name": {"alexa"}, "model.source": {"catalog:alexa"}, "was.model.source": {""}, "join": {"listener.kitchen.models", "stt.none.x"}})
	if code != 200 || !strings.Contains(carried(t, answer), "models  = [model.hey_jarvis, model.alexa]\n") {
		t.Errorf("it is not named where it was to be: %d\n%s", code, answer)
	}
	for what, v := range map[string]url.Values{
		"a bad name":   {"name": {"Alexa!"}, "model.source": {"catalog:alexa"}, "was.model.source": {""}},
		"a taken name": {"name": {"hey_jarvis"}, "model.source": {"catalog:alexa"}, "was.model.source": {""}},
		"no source":    {"name": {"alexa"}, "model.source": {""}, "was.model.source": {""}},
		"out of range": {"name": {"alexa"}, "model.source": {"catalog:alexa"}, "was.model.source": {""}, "model.threshold": {"7"}, "was.model.threshold": {""}},
	} {
		code, answer := send("/runbook/add/model", v)
		if code != http.StatusUnprocessableEntity || !strings.Contains(answer, `role="alert"`) || !strings.Contains(answer, `value="`+v.Get("name")+`"`) {
			t.Errorf("%s: %d, or what was typed is gone", what, code)
		}
	}
	// A list is chosen, and a nested block comes and goes. A formatted file stays formatted.
	code, answer = send("/runbook/blocks/listener.kitchen", url.Values{"was.listener.kitchen.deliver": {"stt.whisper"}, "was.listener.kitchen.models": {"model.hey_jarvis"}, "listener.kitchen.models": {"model.hey_jarvis"},
		"was.listener.kitchen.record.silence": {""}, "listener.kitchen.record.silence": {"1s"}})
	if want := strings.NewReplacer("  deliver = [stt.whisper]\n", "\n  record {\n    silence = \"1s\"\n  }\n", "device  =", "device =", "models  =", "models =").Replace(before); code != 200 || carried(t, answer) != want {
		t.Errorf("%d\n%s", code, carried(t, answer))
	}
	// Back to the default.
	code, answer = send("/runbook/blocks/model.hey_jarvis", url.Values{"was.model.hey_jarvis.threshold": {"0.5"}, "model.hey_jarvis.threshold": {""}})
	if want := strings.NewReplacer("source    =", "source =", "threshold = 0.5 # tuned", "# tuned").Replace(before); code != 200 || carried(t, answer) != want {
		t.Errorf("%d\n%s", code, carried(t, answer))
	}
	// What others name is not removed; who they are is said before and after.
	if page := r.get(auth.Admin, "/runbook/blocks/model.hey_jarvis").Body.String(); !strings.Contains(page, "<code>listener.kitchen.models</code>") {
		t.Error("who names it is not said")
	}
	code, answer = send("/runbook/blocks/model.hey_jarvis/remove", url.Values{})
	if code != http.StatusUnprocessableEntity || !strings.Contains(answer, "In listener.kitchen: model.hey_jarvis does not exist") || !strings.Contains(answer, "Continue in the text") {
		t.Errorf("%d %s", code, answer)
	}
	r.must(os.WriteFile(r.app.File, []byte(before+"\n# a spare\nstt \"spare\" {\n  url = \"http://x\"\n}\n"), 0o640))
	v := formIn(t, r.post(auth.Admin, "/runbook/blocks/stt.spare/remove", formIn(t, r.get(auth.Admin, "/runbook").Body.String())).Body.String())
	if got, err := unpack(v.Get("packed")); err != nil || got != before+"\n# a spare\n" {
		t.Errorf("%v\n%s", err, got)
	}
	for _, path := range []string{"/runbook/blocks/stt.none/remove", "/runbook/blocks/none/remove"} {
		if w := r.post(auth.Admin, path, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := r.get(auth.Admin, "/runbook/add/watchdog"); w.Code != http.StatusSeeOther {
		t.Errorf("what exists once is added: %d", w.Code)
	}
}

// TestAFormOfAFileThatHasChanged: what both filled in is a conflict, what each did alone goes together.
func TestAFormOfAFileThatHasChanged(t *testing.T) {
	r := newRig(t, Options{})
	form := formIn(t, r.get(auth.Admin, "/runbook").Body.String())
	form.Del("source")
	theirs := strings.Replace(r.file(), "deliver = [stt.whisper]", "deliver = [stt.whisper]\n  vad_threshold = 0.4", 1)
	r.must(os.WriteFile(r.app.File, []byte(theirs), 0o640))
	form.Set("was.model.hey_jarvis.threshold", "0.5")
	form.Set("model.hey_jarvis.threshold", "0.6")
	w := r.post(auth.Admin, "/runbook/blocks/model.hey_jarvis", form)
	if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "both changes fit together") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w = r.post(auth.Admin, "/runbook/merge", formIn(t, w.Body.String()))
	if want := strings.Replace(theirs, "threshold = 0.5", "threshold = 0.6", 1); w.Code != 200 || carried(t, w.Body.String()) != want {
		t.Errorf("%d\n%s", w.Code, carried(t, w.Body.String()))
	}
}

// TestARollbackIsPlanned: its text, what would change, and then exactly that.
func TestARollbackIsPlanned(t *testing.T) {
	r := newRig(t, Options{})
	page := r.get(auth.Admin, "/runbook/generations/1").Body.String()
	for _, want := range []string{"Roll back and write the file", "Roll back until the next start", "threshold = 0.3", "-  threshold = 0.5 # tuned", "What rolling back does"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if v := sentBy(t, page, "Roll back and write the file"); v.Get("plan") != "plan-hash" || v.Get("write") != "yes" || v.Get("base") != hashOfFile(t, r.app.File) {
		t.Errorf("a rollback that writes the file sends %v", v)
	}
	v := sentBy(t, page, "Roll back until the next start")
	if v.Get("plan") != "plan-of-rollback" || v.Get("write") != "" || v.Get("running") != "3" || !strings.Contains(carried(t, page), "threshold = 0.3") {
		t.Errorf("%v", v)
	}
	if w := r.post(auth.Admin, "/runbook/rollback", v); w.Code != 200 {
		t.Errorf("%d", w.Code)
	}
	for what, change := range map[string][2]string{"another plan": {"plan", "x"}, "another runs": {"running", "2"}, "no plan": {"plan", ""}} {
		form := sentBy(t, page, "Roll back until the next start")
		form.Set(change[0], change[1])
		if w := r.post(auth.Admin, "/runbook/rollback", form); w.Code < 400 || w.Code >= 500 || !strings.Contains(w.Body.String(), `role="alert"`) {
			t.Errorf("%s: %d", what, w.Code)
		}
	}
	if now := r.get(auth.Admin, "/runbook/generations/3").Body.String(); strings.Contains(now, "Roll back") || !strings.Contains(now, "It runs now") {
		t.Error("what runs can be returned to")
	}
	r.must(os.WriteFile(r.app.File, []byte("# another\n"+r.file()), 0o640))
	if now := r.get(auth.Admin, "/runbook/generations/3").Body.String(); !strings.Contains(now, "Write it into the file") || !strings.Contains(now, "the next start runs what the file says") {
		t.Error("what runs cannot be written into a file that says something else")
	}
	for _, path := range []string{"/runbook/generations/9", "/runbook/generations/x"} {
		if w := r.get(auth.Admin, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestARollbackWritesTheFile: by one click, and what runs then is what the next start runs.
func TestARollbackWritesTheFile(t *testing.T) {
	r := newRig(t, Options{})
	form := sentBy(t, r.get(auth.Admin, "/runbook/generations/1").Body.String(), "Roll back and write the file")
	if w := r.post(auth.Admin, "/runbook/rollback", form); w.Code != 200 || !strings.Contains(w.Body.String(), "the file is saved") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	want, err := r.app.Text(1)
	r.must(err)
	if r.file() != want {
		t.Errorf("the file is now\n%s", r.file())
	}
	if w := r.post(auth.Admin, "/runbook/rollback", form); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), `role="alert"`) {
		t.Errorf("over a file that has changed since: %d", w.Code)
	}
}

// FuzzUnpack: what a form carries is a text, as long as a runbook may be, or refused.
func FuzzUnpack(f *testing.F) {
	f.Add(pack(evilRunbook()))
	f.Add(pack(strings.Repeat("#", 10<<20)))
	f.Add("!")
	f.Fuzz(func(t *testing.T, packed string) {
		text, err := unpack(packed)
		if err != nil {
			return
		}
		if again, err := unpack(pack(text)); err != nil || again != text || len(text) > language.MaxFileSize {
			t.Fatalf("%v, %d bytes", err, len(text))
		}
	})
}
