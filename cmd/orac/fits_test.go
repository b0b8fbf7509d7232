package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"orac/appliance/stt/stttest"
	"orac/runbook/testkit"
)

// misfits finds what does not fit: a page that scrolls sideways, text that leaves its box or its drawing, a label of a curve that is cut
// at the rim, a button that is narrower than its words, a table whose columns a phone cannot show.
const misfits = `(() => {
	const out = [], phone = innerWidth < 500, main = document.querySelector("main");
	if (document.documentElement.scrollWidth > innerWidth + 1) out.push("the page is " + document.documentElement.scrollWidth + " pixels wide");
	const seen = (e) => e.checkVisibility({ checkVisibilityCSS: true });
	const inside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
	for (const g of document.querySelectorAll("svg .node")) {
		if (!seen(g)) continue;
		const box = g.querySelector("rect").getBBox();
		const texts = [...g.querySelectorAll("text")].map((t) => [t, t.getBBox()]);
		for (const [t, b] of texts) {
			if (b.x < box.x || b.x + b.width > box.x + box.width || b.y < box.y || b.y + b.height > box.y + box.height) out.push("beyond its box: " + t.textContent);
			for (const [other, c] of texts) if (other !== t && t.textContent && other.textContent && b.x < c.x + c.width && c.x < b.x + b.width && b.y < c.y + c.height && c.y < b.y + b.height) out.push(t.textContent + " lies on " + other.textContent);
		}
		if (g.querySelector("text.title").getBoundingClientRect().height < 11) out.push("too small to be read: " + g.querySelector("text.title").textContent);
	}
	for (const t of document.querySelectorAll("svg text")) {
		if (seen(t) && t.textContent && !inside(t.getBoundingClientRect(), t.closest("svg").getBoundingClientRect())) out.push("beyond its drawing: " + t.textContent);
	}
	for (const b of document.querySelectorAll("button, .button, .tag")) {
		if (seen(b) && b.scrollWidth > b.clientWidth + 1) out.push("narrower than its words: " + b.textContent);
	}
	for (const t of document.querySelectorAll("main table")) {
		if (phone && seen(t) && !t.closest(".docs") && t.scrollWidth > t.closest("main").clientWidth + 1) out.push("a table of " + t.scrollWidth + " pixels on a phone");
	}
	for (const e of main.querySelectorAll("h1, h2, p, li, td, th, dd, dt, label, legend, a, strong, summary")) {
		const r = e.getBoundingClientRect();
		if (seen(e) && r.width && !e.closest("svg, .canvas, .scroll, pre, .docs table, .unseen, .gauge") && r.right > innerWidth + 1) out.push("beyond the screen: " + e.textContent.trim().slice(0, 40));
	}
	const name = document.querySelector(".where"), pulse = document.querySelector(".pulse");
	if (name && seen(name)) {
		const range = document.createRange();
		range.selectNodeContents(name);
		const a = range.getBoundingClientRect(), b = pulse.getBoundingClientRect();
		if (a.right > b.left + 1 && a.top < b.bottom && b.top < a.bottom) out.push("the appliance's name lies on its health");
	}
	for (const cut of new Set(window.cutLabels || [])) out.push("a label of a curve is cut: " + cut);
	return [...new Set(out)].slice(0, 12);
})()`

// watchLabels notes, from the beginning of each page, what curves write beyond the rim of their canvas.
const watchLabels = `window.cutLabels = []; {
	const write = CanvasRenderingContext2D.prototype.fillText;
	CanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...rest) {
		const m = this.measureText(text), t = this.getTransform();
		for (const [dx, dy] of [[-m.actualBoundingBoxLeft, -m.actualBoundingBoxAscent], [m.actualBoundingBoxRight, m.actualBoundingBoxDescent]]) {
			const p = t.transformPoint(new DOMPoint(x + dx, y + dy));
			if (p.x < -0.5 || p.y < -0.5 || p.x > this.canvas.width + 0.5 || p.y > this.canvas.height + 0.5) window.cutLabels.push(text);
		}
		return write.call(this, text, x, y, ...rest);
	};
}`

// fits checks the page that is open at the present size.
func (b *browser) fits(what string) {
	b.t.Helper()
	// Two frames: what a script draws has been drawn.
	ask[bool](b, "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
	if found := ask[[]string](b, misfits); len(found) > 0 {
		b.t.Errorf("%s: %s", what, strings.Join(found, "; "))
	}
}

// longName is the longest that a block may have, of wide letters.
func longName(head string) string { return head + strings.Repeat("w_mw", 16)[:62-len(head)] }

// longRunbook has the longest names, and more models side by side than a phone is wide.
func longRunbook(sound, stt, listen string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "appliance %q {\n  state_dir = \"state\"\n}\n", longName("a"))
	var names []string
	for _, m := range []string{longName("m"), "alexa", "hey_mycroft", "hey_rhasspy"} {
		source := m
		if m == longName("m") {
			source = "hey_jarvis"
		}
		fmt.Fprintf(&b, "model %q {\n  source = \"catalog:%s\"\n}\n", m, source)
		names = append(names, "model."+m)
	}
	fmt.Fprintf(&b, "device \"wav\" %[1]q {\n  path = %[2]q\n  end  = \"silence\"\n}\n\nlistener %[3]q {\n  device  = device.wav.%[1]s\n  models  = [%[4]s]\n  deliver = [stt.%[5]s]\n}\n\nstt %[5]q {\n  url = %[6]q\n}\n",
		longName("d"), sound, longName("l"), strings.Join(names, ", "), longName("s"), stt)
	fmt.Fprintf(&b, "store {\n  keep_audio = true\n}\n\nweb {\n  listen = %q\n}\n\nuser %q {\n  role          = \"admin\"\n  password_hash = env(\"ANNA_HASH\")\n}\n", listen, longName("u"))
	return b.String()
}

// TestThePagesFit: with the longest names that there can be, every page, on a phone and on a desktop.
func TestThePagesFit(t *testing.T) {
	server := stttest.Start(t)
	server.Transcribe(func(int, []int16) string {
		return strings.Repeat("turn on the kitchen light and ", 12) + strings.Repeat("x", 200)
	})
	dir, listen := t.TempDir(), freePort(t)
	d := start(t, dir, longRunbook(filepath.Join(need(t, ".orac/sounds"), "hey_jarvis_lights_on.wav"), server.URL(), listen), []string{"ANNA_HASH=" + hashOf(t, "correct horse battery")})
	awaitServed(t, "http://"+listen)
	d.kind("delivered")
	b := openBrowser(t, "http://"+listen)
	b.open("/login")
	b.fits("/login")
	b.login(longName("u"), "correct horse battery")
	b.sees("kitchen light")
	b.open("/people")
	b.set("#key-name", longName("k"))
	b.click("form[action='/keys'] button.main")
	b.sees("Copy it now")
	b.until("document.querySelectorAll('.copy button').length === 2")
	b.narrow()
	b.fits("a new key")
	b.photograph("fits-key")

	// The clipboard needs a permission that this browser has not given: the text is selected and copied as by hand.
	b.click(".made .copy button")
	b.until("['Copied', 'Press Ctrl-C'].includes(document.querySelector('.made .copy button').textContent)")

	// A score has the digits that it is written with: 0.55, not 0.550000011920929.
	long := ask[[]string](b, `Promise.all(["status", "detections", "utterances", "thresholds", "models", "listeners", "system/samples", "spool", "logs"].map(async (p) => [p, await (await fetch("/api/" + p)).text()])).then((all) => all.flatMap(([p, t]) => (t.match(/"[a-z_]+":-?\d+\.\d{9,}/g) || []).map((n) => p + " " + n)))`)
	if len(long) > 0 {
		t.Errorf("numbers that nobody can read: %s", strings.Join(long, ", "))
	}

	pages := []string{
		"/", "/history", "/graph", "/incidents", "/spool", "/system", "/runbook", "/runbook/blocks", "/runbook/blocks/model." + longName("m"), "/runbook/blocks/listener." + longName("l"),
		"/runbook/add/stt", "/runbook/microphone", "/runbook/generations", "/runbook/generations/1", "/simulations", "/people", "/people/" + longName("u"), "/password", "/audit", "/docs", "/docs/install", "/docs/reference", "/nowhere",
	}
	for _, page := range pages {
		b.open(page)
		name := "fits-" + strings.Trim(strings.NewReplacer("/", "-", longName("m"), "long", longName("l"), "long", longName("u"), "long").Replace(page), "-")
		if page == "/system" {
			b.until("document.querySelectorAll('.u-wrap').length === 4")
		}
		if page == "/audit" {
			b.do("open what changed", chromedp.Click(css("td details summary")))
		}
		b.photograph(name)
		b.narrow()
	}

	// A plan, and a file that says something else.
	b.open("/runbook/blocks/model." + longName("m"))
	b.set("[id='model."+longName("m")+".threshold']", "0.6")
	b.click("form.block button.main")
	b.sees("update in place")
	b.photograph("fits-plan")
	file := filepath.Join(dir, "orac.hcl")
	text, err := os.ReadFile(file)
	testkit.Must(t, err)
	testkit.Must(t, os.WriteFile(file, []byte("# "+strings.Repeat("long ", 60)+"\n"+string(text)), 0o600))
	b.narrow()
	b.open("/runbook/generations/1")
	b.sees("the next start runs what the file says")
	b.photograph("fits-generation-file")
	b.silent()
	d.stop()
}
