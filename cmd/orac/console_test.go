package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"golang.org/x/crypto/bcrypt"

	"orac/appliance/stt/stttest"
	"orac/runbook/testkit"
)

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	defer l.Close()
	return l.Addr().String()
}

func hashOf(t *testing.T, password string) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(password), 12)
	testkit.Must(t, err)
	return string(h)
}

func awaitServed(t testing.TB, url string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if answer, err := http.Get(url + "/health/live"); err == nil {
			answer.Body.Close()
			return
		}
	}
	t.Fatalf("%s is not served", url)
}

const consoleRunbook = `
# The kitchen's machine.
appliance "kitchen" {
  state_dir = "state"
}

device "microphone" "usb" {
  identity = "testmic" # the one on the shelf
}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5 # found by trying
}

listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
}

stt "whisper" {
  url = %q
}

store {
  keep_audio = true
}

apply {
  health_gate = "1s"
}

web {
  listen = %q
}

user "anna" {
  role          = "admin"
  password_hash = env("ANNA_HASH")
}

user "ben" {
  role          = "viewer"
  password_hash = env("BEN_HASH")
}
`

// TestTheConsoleAsAPersonUsesIt runs the real binary with a real audio server, and a browser before it. Each part goes on where
// the one before it has ended, as a person does. What the pages look like is in .orac/screenshots afterwards.
func TestTheConsoleAsAPersonUsesIt(t *testing.T) {
	audio, mic := microphone(t)
	server := stttest.Start(t)
	server.Transcribe(func(int, []int16) string { return "turn on the kitchen light" })
	dir, listen := t.TempDir(), freePort(t)
	testkit.Must(t, os.MkdirAll(filepath.Join(dir, "scenarios"), 0o755))
	for _, name := range []string{"blocked_read.hcl", "kitchen.hcl", "unplug.hcl"} {
		text, err := os.ReadFile(filepath.Join("../../examples/scenarios", name))
		testkit.Must(t, err)
		short := strings.Replace(string(text), `= "80m"`, `= "14m"`, 1) // of virtual time, by a binary with the race detector
		testkit.Must(t, os.WriteFile(filepath.Join(dir, "scenarios", name), []byte(short), 0o644))
	}
	env := append(audio.Env(), "ANNA_HASH="+hashOf(t, "correct horse battery"), "BEN_HASH="+hashOf(t, "another long password"))
	d := start(t, dir, fmt.Sprintf(consoleRunbook, server.URL(), listen), env)
	url := "http://" + listen
	awaitServed(t, url)
	b := openBrowser(t, url)
	file := filepath.Join(dir, "orac.hcl")
	text := func() string { b, err := os.ReadFile(file); testkit.Must(t, err); return string(b) }

	// Wrongly, then rightly: the login leads to the page that was wanted.
	b.open("/history?verdict=false")
	b.photograph("login")
	b.login("anna", "correct horse")
	b.sees("The name or the password is wrong.")
	b.photograph("login-wrong")
	b.open("/history?verdict=false")
	b.set("#username", "anna")
	b.set("#password", "correct horse battery")
	b.click("button.main")
	b.sees("Nothing matches the filter.")
	if got := ask[string](b, "location.pathname + location.search"); got != "/history?verdict=false" {
		t.Errorf("the login led to %s", got)
	}
	d.kind("listening")

	// A wake, while the sound plays: it flashes, the score is seen, and what was said stands there.
	b.open("/")
	b.sees("Nothing has been heard yet.")
	b.until("document.querySelector('[data-db]').textContent !== '–'") // the level moves
	mic.Play(sound(t, "hey_jarvis_lights_on"))
	b.until("document.querySelector('.listener[data-woke]')")
	b.until("+document.querySelector('[data-now]').textContent > 0.5")
	b.sees("turn on the kitchen light")
	b.until("document.getElementById('say').textContent.includes('turn on the kitchen light')") // for a screen reader
	if jumps := ask[float64](b, "window.jumps"); jumps > 0.1 {
		t.Errorf("the page has jumped: %v", jumps)
	}
	b.photograph("listen")

	// The menu of a phone, by keyboard alone.
	b.narrow()
	ask[bool](b, "document.querySelector('.menu summary').focus(), true")
	b.press(" ")
	b.until("document.querySelector('.menu').open && document.querySelector('.menu nav a').offsetParent")
	b.photograph("menu")
	b.wide()

	// A wake that nobody had said: one alone suggests no threshold, and the page says what is missing.
	b.open("/history")
	b.click("[data-play]")
	b.until("document.querySelector('.player canvas') && document.querySelector('.player audio').duration > 2")
	b.click(".verdict .cross")
	b.until("document.querySelector('.verdict .cross').getAttribute('aria-pressed') === 'true'")
	b.sees("needs 2 more false wakes and 10 more wakes marked as said")
	if !ask[bool](b, "!!document.querySelector('.player audio')") {
		t.Error("the player is gone")
	}
	b.photograph("history")

	// The threshold, by the block's form: plan, diff, apply; every other byte of the file stays.
	before := text()
	b.open("/runbook/blocks")
	b.photograph("blocks")
	b.click("a[href='/runbook/blocks/model.hey_jarvis']")
	b.sees("A wake-word model and when it fires.")
	b.photograph("block")
	b.open("/runbook/blocks/model.hey_jarvis?threshold=0.6") // as a suggestion links to it
	b.sees("is filled in: 0.6 instead of 0.5")
	b.photograph("block-filled")
	b.click("button.main")
	b.sees("update in place")
	b.photograph("plan")
	if text() != before {
		t.Error("a plan has changed the file")
	}
	b.click("button.main")
	b.sees("Generation 2 runs, and the file is saved.")
	b.photograph("applied")
	if want := strings.Replace(before, "threshold = 0.5 #", "threshold = 0.6 #", 1); text() != want {
		t.Errorf("the file is now\n%s", text())
	}

	// A model more, by the form of one that is not there yet; then away again, and not a byte is another one than before.
	before = text()
	b.open("/runbook/blocks")
	b.click("a[href='/runbook/add/model']")
	b.set("#name", "alexa")
	b.set("[id='model.source']", "catalog:alexa")
	b.click("input[value='listener.kitchen.models']")
	b.photograph("block-new")
	b.click("form.block button.main")
	b.sees("[model.hey_jarvis, model.alexa]")
	b.photograph("plan-new")
	b.click("button.main")
	b.sees("Generation 3 runs, and the file is saved.")
	if want := strings.Replace(before, "# found by trying\n}\n", "# found by trying\n}\n\nmodel \"alexa\" {\n  source = \"catalog:alexa\"\n}\n", 1); text() != strings.Replace(want, "[model.hey_jarvis]", "[model.hey_jarvis, model.alexa]", 1) {
		t.Errorf("the file is now\n%s", text())
	}
	b.open("/")
	b.sees("alexa")
	b.open("/runbook/blocks/model.alexa")
	b.click(".removal button")
	b.sees("In listener.kitchen: model.alexa does not exist")
	b.photograph("block-named")
	b.open("/runbook/blocks/listener.kitchen")
	b.click("input[value='model.alexa']")
	b.photograph("block-list")
	b.click("form.block button.main")
	b.click("form[action='/runbook/apply'] button.main")
	b.sees("Generation 4 runs, and the file is saved.")
	b.open("/runbook/blocks/model.alexa")
	b.sees("Nothing else in the file names it.")
	b.click(".removal button")
	b.click("form[action='/runbook/apply'] button.main")
	b.sees("and the file is saved.")
	if text() != before {
		t.Errorf("the file is now\n%s", text())
	}

	// Without scripts, and by keyboard: the form of a new block as far as its plan.
	b.scripts(false)
	b.open("/runbook/add/webhook")
	b.do("fill it in", chromedp.Focus(css("#name")), chromedp.KeyEvent("lamp"), chromedp.KeyEvent("\t"), chromedp.KeyEvent("http://lamp.local/on"), chromedp.KeyEvent("\r"))
	b.sees("Plan")
	b.sees("+webhook \"lamp\" {")
	b.do("go back to the text", chromedp.Click(css("button[formaction='/runbook']")))
	b.until("document.querySelector('#source') && document.querySelector('#source').value.includes('lamp')")
	b.scripts(true)

	// Its text: what is wrong is shown in its place, and cannot be applied.
	b.open("/runbook")
	b.set("#source", strings.Replace(text(), "threshold = 0.6", "threshold = 7", 1))
	b.until("document.querySelector('.finding') && document.querySelector('.paper .e')")
	b.photograph("runbook-wrong")
	b.click("form.editing button.main")
	b.until("document.querySelector('#findings .finding') && location.pathname === '/runbook/plan'")

	// Two people, in different places: the second is shown both, and applies both together.
	b.open("/runbook")
	b.photograph("runbook")
	b.set("#source", strings.Replace(text(), "# found by trying", "# found by listening", 1))
	testkit.Must(t, os.WriteFile(file, []byte(strings.Replace(text(), "the one on the shelf", "the one by the window", 1)), 0o600))
	b.click("form.editing button.main")
	b.sees("both changes fit together")
	b.photograph("conflict")
	b.click("form.merge button.main")
	b.click("form[action='/runbook/apply'] button.main")
	b.sees("the file is saved.")
	if !strings.Contains(text(), "by the window") || !strings.Contains(text(), "found by listening") {
		t.Errorf("one of both is lost:\n%s", text())
	}

	// In the same line: nothing is decided for them. In the text both stand, and it cannot be applied before one is taken.
	b.open("/runbook")
	b.set("#source", strings.Replace(text(), "found by listening", "mine", 1))
	testkit.Must(t, os.WriteFile(file, []byte(strings.Replace(text(), "found by listening", "theirs", 1)), 0o600))
	b.click("form.editing button.main")
	b.sees("You both changed one place")
	b.photograph("conflict-same")
	b.click("form.merge button.main")
	b.until("document.querySelector('.paper .yours') && document.querySelector('.paper .theirs')")
	b.sees("there is an unresolved merge conflict here")
	b.photograph("conflict-text")
	b.click("form.editing button.main")
	b.until("location.pathname === '/runbook/plan' && document.querySelector('#source')")
	marked := ask[string](b, "document.querySelector('#source').value")
	kept := regexp.MustCompile(`(?s)<<<<<<<[^\n]*\n(.*?)=======\n.*?>>>>>>>[^\n]*\n`).ReplaceAllString(marked, "$1")
	b.set("#source", kept)
	b.click("form.editing button.main")
	b.click("form[action='/runbook/apply'] button.main")
	b.sees("the file is saved.")
	if !strings.Contains(text(), "# mine") || strings.Contains(text(), "theirs") {
		t.Errorf("the file is now\n%s", text())
	}

	// Back: its text and what would change first.
	b.open("/runbook/generations")
	b.photograph("generations")
	b.click("a[aria-label='Look at generation 1']")
	b.sees("What rolling back does")
	b.photograph("generation")
	b.click("form[action='/runbook/rollback'] button:not(.main)")
	b.sees("Done")
	b.open("/")
	b.sees("of 0.50")

	// The capture process is killed: an incident, with what was done.
	sendTo(t, child(t, d.cmd.Process.Pid), syscall.SIGKILL)
	d.kind("device_lost")
	b.open("/incidents")
	b.sees("source.usb")
	d.kind("device_opened")
	b.until("document.querySelector('.timeline .over')")
	b.photograph("incidents")
	b.click(".timeline a")
	b.sees("What was done")
	b.photograph("incident")
	b.open("/graph")
	b.until("document.querySelector('tr[data-node=\"source.usb\"] [data-rate]').textContent.startsWith('12')")
	b.photograph("graph")
	b.click("tr[data-node='source.usb'] a")
	b.sees("Only those of source.usb")
	b.open("/system")
	b.until("document.querySelectorAll('.u-wrap').length === 4")
	b.photograph("system")

	// A simulation, watched, and its report; before it one that is stopped.
	b.open("/simulations")
	b.set("#scenario", "unplug")
	b.set("#seeds", "50")
	b.set("#for", "7d")
	b.click("form.run button")
	b.until("document.querySelector('#far progress[value]') && document.querySelector('#far').textContent.includes('of 50 runs')")
	was := ask[float64](b, "document.querySelector('#far progress').value")
	b.until(fmt.Sprintf("document.querySelector('#far progress').value > %v", was)) // it moves by itself
	b.photograph("simulations-runs")
	b.click("#stop")
	b.until("document.querySelector('#past .level') && document.querySelector('#past .level').textContent === 'it was stopped'")
	b.set("#scenario", "blocked_read")
	b.set("#seeds", "1")
	b.set("#for", "") // as the scenario says
	b.click("form.run button")
	b.until("document.querySelector('#past .level') && document.querySelector('#past .level').textContent === 'kept' && !document.querySelector('#go').disabled")
	b.until("document.getElementById('told').textContent === 'blocked read: kept'") // for a screen reader
	b.photograph("simulations")
	report := ask[string](b, "fetch(document.querySelector('#past a.button').href).then(a => a.text().then(t => a.headers.get('content-security-policy') + t))")
	if !strings.Contains(report, "sandbox") || !strings.Contains(report, "blocked_read") {
		t.Errorf("the report is %.300s", report)
	}
	b.click("#past th a")
	b.sees("What it said")
	b.photograph("simulation")

	// Somebody new, who may log in at once: not while the file, since the rollback, is not what runs.
	add := func() {
		b.open("/people")
		b.click(".more summary")
		b.set("#user-name", "carla")
		b.set("#user-password", "a third long password")
		b.click(".more button")
	}
	add()
	b.sees("The runbook's file is not what runs")
	b.open("/runbook")
	b.sees("or an older generation was restored")
	b.click("form.editing button.main")
	b.click("form[action='/runbook/apply'] button.main")
	b.sees("Done")
	add()
	b.until("[...document.querySelectorAll('tbody th')].some(e => e.textContent === 'carla')")
	if !strings.Contains(text(), `user "carla"`) || strings.Contains(text(), "third long") {
		t.Errorf("the file is now\n%s", text())
	}
	b.click("a[href='/people/carla']")
	b.sees("all sessions end at once")
	b.photograph("person")
	b.set("#role", "operator")
	b.click("form[action='/people/carla/role'] button")
	b.until("location.pathname === '/people' && [...document.querySelectorAll('tbody tr')].some(e => e.textContent.startsWith('carlaoperator'))")
	b.open("/password")
	b.photograph("password")

	// A key, shown once.
	b.open("/people")
	b.set("#key-name", "nightly backup")
	b.click("form[action='/keys'] button.main")
	b.sees("Copy it now")
	b.photograph("people")
	b.open("/people")
	if ask[bool](b, "!!document.querySelector('.made')") {
		t.Error("the key is shown again")
	}
	b.click(".sure summary") // it cannot be taken back
	b.click(".sure button.danger")
	b.sees("revoked")
	b.open("/audit")
	b.click("form[action='/audit/verify'] button")
	b.sees("the chain holds")
	b.photograph("audit")
	b.sees("runbook.apply")
	b.sees("utterance.listen")
	b.open("/nowhere")
	b.sees("There is no such address.")
	b.photographTheRest()

	// Logged out, by somebody with a key or from another window: the page says so by itself.
	b.open("/")
	b.until("document.querySelector('[data-db]').textContent !== '–'")
	ask[bool](b, "fetch('/logout-everywhere', {method: 'POST', headers: {'X-CSRF-Token': orac.csrf}}).then(() => true)")
	b.until("location.pathname === '/login'")

	// A viewer sees, and may not change. The password is the own one to change.
	b.login("carla", "a third long password")
	b.sees("Heard")
	b.open("/password")
	b.set("#current", "not the one")
	b.set("#password", "a fourth long password")
	b.click(".stack button")
	b.sees("The present password is wrong.")
	b.set("#current", "a third long password")
	b.set("#password", "a fourth long password")
	b.click(".stack button")
	b.until("location.pathname === '/login'")
	b.login("ben", "another long password")
	b.sees("Heard")
	for _, forbidden := range []string{"Runbook", "People", "Audit"} {
		if ask[bool](b, fmt.Sprintf("[...document.querySelectorAll('.rail a')].some(a => a.textContent === %q)", forbidden)) {
			t.Errorf("a viewer's menu has %s", forbidden)
		}
	}
	b.open("/history")
	if ask[bool](b, "!!document.querySelector('.verdict button, [data-play]')") {
		t.Error("a viewer may judge or listen")
	}
	b.open("/runbook")
	b.sees("You need the role admin.")
	b.photograph("refused")
	if got := ask[int](b, "fetch('/runbook/rollback', {method: 'POST', headers: {'X-CSRF-Token': orac.csrf}, body: new URLSearchParams({generation: 1})}).then(a => a.status)"); got != 403 {
		t.Errorf("a viewer rolls back: %d", got)
	}
	b.open("/")
	b.click(".rail form[action='/logout'] button")
	b.sees("Log in")

	// Somebody goes: the page that says what will happen is the question.
	b.login("anna", "correct horse battery")
	b.sees("Heard")
	b.open("/people/carla")
	b.click("form[action='/people/carla/remove'] button")
	b.until("location.pathname === '/people' && ![...document.querySelectorAll('tbody th')].some(e => e.textContent === 'carla')")
	if strings.Contains(text(), "carla") {
		t.Errorf("carla is still in the file\n%s", text())
	}
	b.open("/")
	b.click(".rail form[action='/logout'] button")
	b.sees("Log in")
	b.open("/history")
	b.until("location.pathname === '/login'")
	d.stop()
	b.silent()
}

const hallRunbook = `
appliance "hall" {
  state_dir = "state"
}

device "wav" "silence" {
  path = %q
  end  = "loop"
}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

listener "hall" {
  device = device.wav.silence
  models = [model.hey_jarvis]
}

web {
  listen = %q
}
`

// TestTheConsoleMakesTheFirstAdmin: with the code of the terminal, once.
func TestTheConsoleMakesTheFirstAdmin(t *testing.T) {
	dir, listen := t.TempDir(), freePort(t)
	d := start(t, dir, fmt.Sprintf(hallRunbook, filepath.Join(need(t, ".orac/sounds"), "silence.wav"), listen), nil)
	awaitServed(t, "http://"+listen)
	b := openBrowser(t, "http://"+listen)
	b.open("/history")
	b.sees("Nobody can log in yet.")
	b.photograph("setup")
	fill := func(code string) {
		b.set("#code", code)
		b.set("#name", "anna")
		b.set("#password", "correct horse battery")
		b.click("button.main")
	}
	fill("AAAA-BBBB-CCCC")
	b.sees("The code is wrong, already used, or older than 15 minutes.")
	fill(setupCode(t, d))
	b.sees("anna is the first admin")
	b.sees("password_hash = secret(")
	b.photograph("setup-done")
	b.click("form[action='/people/anna/declare'] button") // one click writes the lines, and applies them
	b.sees("anna is in the runbook's file now.")
	b.photograph("people-declared")
	if file, err := os.ReadFile(filepath.Join(dir, "orac.hcl")); err != nil || !strings.Contains(string(file), "user \"anna\" {\n  role          = \"admin\"\n  password_hash = secret(\"anna_password_hash\")\n}\n") {
		t.Errorf("%v, and the file is\n%s", err, file)
	}
	b.open("/")
	b.sees("Nothing has been heard yet.")
	b.photograph("listen-nothing")
	b.silent()
	d.stop()
}

// said is what a process says, which may be read while it says more.
type said struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (t *said) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *said) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// setupCode is what the terminal shows.
func setupCode(t *testing.T, d *daemon) string {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if m := regexp.MustCompile(`code ([A-Z0-9-]{14}) `).FindStringSubmatch(d.stderr.String()); m != nil {
			return m[1]
		}
	}
	t.Fatal("no code was shown")
	return ""
}
