package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"orac/runbook/testkit"
	"orac/web/auth"
	"orac/web/console"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

type css = chromedp.CSS

// browser is Debian's Chromium, as a person has it before them. Every wait of it ends after patience.
type browser struct {
	t    *testing.T
	ctx  context.Context
	url  string
	shot string          // folder of screenshots
	took map[string]bool // the screenshots that were taken

	mu         sync.Mutex // guards complaints
	complaints []string   // of the pages' scripts, and of what the Content-Security-Policy has stopped
}

func openBrowser(t *testing.T, url string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("%v: run make deps", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(patience))
	for _, flag := range []string{"no-sandbox", "disable-gpu", "disable-quic", "disable-component-update", "hide-scrollbars", "mute-audio"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx, url: url, took: map[string]bool{}}
	b.shot, err = filepath.Abs("../../.orac/screenshots")
	testkit.Must(t, err)
	testkit.Must(t, os.MkdirAll(b.shot, 0o755))
	t.Cleanup(func() { testkit.Must(t, gallery(b.shot)) })
	testkit.Must(t, chromedp.Do(ctx, chromedp.EmulateViewport(1280, 860))) // the browser lives as long as the context of its first action
	// What moves after the first paint is counted from the beginning of each page.
	_, err = chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: "window.jumps = 0; new PerformanceObserver((l) => { for (const e of l.getEntries()) if (!e.hadRecentInput) window.jumps += e.value; }).observe({type: 'layout-shift', buffered: true});" + watchLabels,
	})
	testkit.Must(t, err)
	messages := chromedp.Console(ctx)
	go func() { // ends with the browser
		for m, err := range messages {
			if err != nil {
				return
			}
			// A page that is answered with 401 is what a wrong login looks like.
			if (m.Type == chromedp.ConsoleError || m.Type == chromedp.ConsoleException) && !strings.Contains(m.Text, "Failed to load resource") {
				b.mu.Lock()
				b.complaints = append(b.complaints, m.Text)
				b.mu.Unlock()
			}
		}
	}()
	return b
}

// do does what a person would, one thing after the other.
func (b *browser) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.lost(what, err)
	}
}

// lost ends the test with what the person sees.
func (b *browser) lost(what string, err error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	at, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	b.t.Fatalf("%s: %v\nat %s:\n%.1500s", what, err, at, text)
}

// ask evaluates an expression on the page, and waits if it is a promise.
func ask[T any](b *browser, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.lost(expression, err)
	}
	return v
}

// until waits for an expression to be true on the page that there is then. The pages' policy forbids chromedp.Poll.
func (b *browser) until(expression string) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(40 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(b.ctx, patience)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		cancel()
		if ok && err == nil { // a page that is being left has errors
			return
		}
		if time.Now().After(deadline) {
			b.lost("wait for "+expression, err)
		}
	}
}

// sees waits until the page says something.
func (b *browser) sees(text string) {
	b.t.Helper()
	b.until(fmt.Sprintf("document.body && document.body.innerText.includes(%q)", text))
}

func (b *browser) open(path string) {
	b.t.Helper()
	b.do("open "+path, chromedp.Navigate(b.url+path), chromedp.WaitReady(css("main")))
}

func (b *browser) click(selector string) {
	b.t.Helper()
	b.do("click "+selector, chromedp.WaitVisible(css(selector)), chromedp.Click(css(selector)))
}

// set writes into a control as a person does: what listens to input hears of it.
func (b *browser) set(selector, value string) {
	b.t.Helper()
	b.do("set "+selector, chromedp.WaitVisible(css(selector)), chromedp.SetValue(css(selector), value))
	ask[bool](b, fmt.Sprintf("document.querySelector(%q).dispatchEvent(new Event('input', {bubbles: true}))", selector))
}

func (b *browser) login(name, password string) {
	b.t.Helper()
	b.open("/login")
	b.set("#username", name)
	b.set("#password", password)
	b.click("button.main")
}

// photograph takes the page light and dark, on a desktop and on a phone.
func (b *browser) photograph(name string) {
	b.t.Helper()
	b.took[name] = true
	for _, device := range []struct {
		name          string
		width, height int64
	}{{"phone", 390, 844}, {"desktop", 1280, 860}} {
		b.do("turn to the "+device.name, chromedp.EmulateViewport(device.width, device.height))
		b.fits(name + " on a " + device.name)
		for _, scheme := range []string{"light", "dark"} {
			features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
			ctx, cancel := context.WithTimeout(b.ctx, patience)
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
			testkit.Must(b.t, err)
			if faults := ask[[]string](b, faultsOfPage); len(faults) > 0 {
				b.t.Errorf("%s, %s, %s: %s", name, device.name, scheme, strings.Join(faults, "; "))
			}
			png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
			testkit.Must(b.t, err)
			cancel()
			testkit.Must(b.t, os.WriteFile(filepath.Join(b.shot, fmt.Sprintf("%s-%s-%s.png", name, device.name, scheme)), png, 0o644))
		}
	}
}

// photographTheRest takes the pages of the console that were not photographed on the way.
func (b *browser) photographTheRest() {
	b.t.Helper()
	for _, p := range console.Pages() {
		if p.Role != auth.Nobody && !b.took[p.Template] {
			b.open(p.Path)
			b.photograph(p.Template)
		}
	}
}

// gallery writes the page on which all screenshots of a folder are looked at.
func gallery(dir string) error {
	pictures, err := filepath.Glob(filepath.Join(dir, "*.png"))
	if err != nil {
		return err
	}
	var page strings.Builder
	page.WriteString("<!doctype html><meta charset=utf-8><title>Pages of the console</title><style>body{font:14px sans-serif;background:#888;display:flex;flex-wrap:wrap;gap:16px}figure{margin:0}img{height:430px}</style>\n")
	for _, p := range pictures {
		name := filepath.Base(p)
		fmt.Fprintf(&page, "<figure><a href=%q><img loading=lazy src=%q alt=%q></a><figcaption>%s</figcaption></figure>\n", name, name, name, strings.TrimSuffix(name, ".png"))
	}
	return os.WriteFile(filepath.Join(dir, "index.html"), []byte(page.String()), 0o644)
}

// narrow and wide turn from a desktop to a phone and back.
func (b *browser) narrow() { b.do("turn to the phone", chromedp.EmulateViewport(390, 844)) }

func (b *browser) wide() { b.do("turn to the desktop", chromedp.EmulateViewport(1280, 860)) }

// scripts turns the pages' scripts on or off, as a person may.
func (b *browser) scripts(on bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
	testkit.Must(b.t, err)
}

// press presses a key.
func (b *browser) press(key string) { b.do("press "+key, chromedp.KeyEvent(key)) }

// silent checks that no page has complained of an error, or of something that its policy forbids.
func (b *browser) silent() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		b.t.Errorf("a page complains: %s", c)
	}
}

// faultsOfPage finds what a person with a screen reader, a keyboard or weak eyes would stumble over: a control without a name, a
// page without one heading of the first rank, an ID that two elements have, text with less contrast than 4.5 (3 if it is large).
const faultsOfPage = `(() => {
	const faults = [], seen = (e) => e.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true });
	for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a[href], summary")) {
		if (!seen(e)) continue;
		const name = e.getAttribute("aria-label") || (e.labels && [...e.labels].map((l) => l.textContent).join("")) || e.textContent;
		if (!name.trim() || (e.matches("input, select, textarea") && !e.labels.length && !e.getAttribute("aria-label"))) faults.push("no name: " + e.outerHTML.slice(0, 80));
		if (e.tabIndex < 0) faults.push("out of reach of a keyboard: " + e.outerHTML.slice(0, 80));
	}
	const heads = document.querySelectorAll("h1").length;
	if (heads !== 1) faults.push(heads + " headings of the first rank");
	const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
	for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) faults.push("twice the ID " + id);
	const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
	const rgba = (css) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = css; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
	const light = (c) => c.slice(0, 3).map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((n, v, i) => n + v * [0.2126, 0.7152, 0.0722][i], 0);
	const under = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] > 250) return c; } return rgba("white"); };
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), said = new Set();
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement, s = getComputedStyle(e);
		if (!walk.currentNode.data.trim() || !seen(e) || e.closest("svg, textarea, .unseen, .skip, [disabled]")) continue;
		const a = light(rgba(s.color)), b = light(under(e)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		const large = parseFloat(s.fontSize) >= 24 || parseFloat(s.fontSize) >= 18.6 && +s.fontWeight >= 700;
		const what = e.tagName + "." + e.className + " " + ratio.toFixed(1) + " " + walk.currentNode.data.trim().slice(0, 20);
		if (ratio < (large ? 3 : 4.5) && !said.has(what)) { said.add(what); faults.push("contrast: " + what); }
	}
	return faults.slice(0, 8);
})()`
