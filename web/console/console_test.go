package console

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"orac/runbook/language"
	"orac/web/auth"
)

// pages are the addresses of all pages that are read, with values for what stands in braces.
func (r *rig) pages() (list []route) {
	for _, p := range r.console.pages {
		p.path = strings.NewReplacer("{$}", "", "{address}", "model.hey_jarvis", "{number}", "1", "{type}", "model", "{name}", "viewer", "{topic}", "install").Replace(p.path)
		if strings.HasPrefix(p.path, "/incidents/") {
			p.path = "/incidents/i1"
		}
		p.path = strings.ReplaceAll(p.path, "{id}", "d1")
		list = append(list, p)
	}
	return list
}

// runs finds what a browser would run: an address that is a script, and an attribute that a text has made.
var runs = regexp.MustCompile(`(?i)\b(href|src|action|formaction|data|poster|xlink:href|hx-[a-z-]+)\s*=\s*["']?\s*javascript:|<[^>"']*(("[^"]*"|'[^']*')[^>"']*)*\sonx\b`)

// TestNoTextIsTakenForHTML: a model's wake word, devices, topics, transcripts, names of files, causes, notes, who tried to log in.
func TestNoTextIsTakenForHTML(t *testing.T) {
	r := newRig(t, simulated(t, "/bin/true"))
	r.scenarioIn("storm")
	r.wake("d1", "hey_jarvis", 0.9, evil)
	r.send(auth.Nobody, "POST", "/login", url.Values{"username": {evil}, "password": {evil}})
	source := url.Values{"source": {evilRunbook() + "\n# more\n"}, "base": {hashOfFile(t, r.app.File)}, "plan": {"plan-hash"}}
	answers := map[string]*httptest.ResponseRecorder{
		"login":      r.send(auth.Nobody, "POST", "/login", url.Values{"username": {evil}, "password": {"x"}, "next": {evil}}),
		"plan":       r.post(auth.Admin, "/runbook/plan", source),
		"edit again": r.post(auth.Admin, "/runbook", source),
		"wrong":      r.post(auth.Admin, "/runbook/plan", url.Values{"source": {evilRunbook() + evil}, "base": source["base"]}),
		"check":      r.post(auth.Admin, "/runbook/check", url.Values{"source": {`model "` + evil + `" {}`}}),
		"conflict":   r.post(auth.Admin, "/runbook/plan", url.Values{"source": source["source"], "base": {strings.Repeat("0", 64)}}),
		"apply":      r.post(auth.Admin, "/runbook/apply", source),
		"rollback":   r.post(auth.Admin, "/runbook/rollback", url.Values{"generation": {"1"}, "plan": {"plan-of-rollback"}, "running": {"3"}}),
		"unplanned":  r.post(auth.Admin, "/runbook/rollback", url.Values{"generation": {"1"}}),
		"added":      r.post(auth.Admin, "/runbook/add/model", url.Values{"name": {"x"}, "model.source": {evil}, "was.model.source": {""}}),
		"added as":   r.post(auth.Admin, "/runbook/add/model", url.Values{"name": {evil}}),
		"removed":    r.post(auth.Admin, "/runbook/blocks/stt.whisper/remove", nil),
		"form":       r.post(auth.Admin, "/runbook/blocks/device.microphone.usb", url.Values{"device.microphone.usb.match": {evil}, "was.device.microphone.usb.match": {""}, "device.microphone.usb.channels": {evil}, "was.device.microphone.usb.channels": {""}}),
		"key":        r.post(auth.Admin, "/keys", url.Values{"name": {evil}, "role": {evil}, "days": {"3"}}),
		"filter":     r.get(auth.Admin, "/history?text="+url.QueryEscape(evil)+"&model="+url.QueryEscape(evil)),
		"audit":      r.get(auth.Admin, "/audit?who="+url.QueryEscape(evil)),
		"component":  r.get(auth.Admin, "/incidents?component="+url.QueryEscape(evil)),
		"nowhere":    r.get(auth.Admin, "/"+url.PathEscape(evil)),
		"chaos":      r.post(auth.Admin, "/simulations/run", url.Values{"scenario": {evil}, "seeds": {"1"}}),
		"judged":     r.post(auth.Admin, "/history/d1/verdict", url.Values{"false_wake": {"true"}}),
	}
	for _, p := range r.pages() {
		if p.method == "GET" {
			answers[p.path] = r.get(auth.Admin, p.path)
		}
	}
	said := 0
	for what, w := range answers {
		body := w.Body.String()
		if w.Code >= 500 {
			t.Errorf("%s: %d: %.300s", what, w.Code, body)
		}
		if i := strings.Index(body, "<evil"); i >= 0 {
			t.Errorf("%s is taken for HTML: …%s…", what, body[max(0, i-120):min(len(body), i+20)])
		}
		if link := runs.FindString(body); link != "" || strings.ContainsRune(body, 0) {
			t.Errorf("%s has a link that runs, an attribute of somebody else's, or a NUL: %q", what, link)
		}
		if strings.Contains(body, "49") && strings.Contains(body, "onx='1'>${x}`49") {
			t.Errorf("%s is evaluated", what)
		}
		said += strings.Count(body, "&lt;evil")
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s has the policy %q", what, csp)
		}
	}
	if said < 60 {
		t.Errorf("evil is shown only %d times: the test looks at too little", said)
	}
}

// TestScriptsMakeNoHTMLOfTexts: they write texts as texts, and evaluate nothing; templates have nothing inline.
func TestScriptsMakeNoHTMLOfTexts(t *testing.T) {
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|setTimeout\("`)
	inline := regexp.MustCompile(`\sstyle=|\son[a-z]+=|<style|javascript:|<script(>| [^>]*>[^<])|\| *safe|https?://`)
	for _, dir := range []struct {
		from fs.FS
		name string
		must *regexp.Regexp
	}{{ownFiles, "static", forbidden}, {templateFiles, "templates", inline}} {
		list, err := fs.ReadDir(dir.from, dir.name)
		if err != nil || len(list) == 0 {
			t.Fatal(err)
		}
		for _, f := range list {
			text, err := fs.ReadFile(dir.from, dir.name+"/"+f.Name())
			if err != nil {
				t.Fatal(err)
			}
			if m := dir.must.Find(text); m != nil {
				t.Errorf("%s has %q", f.Name(), m)
			}
		}
	}
}

var linked = regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`)

// TestAPageIsLight: what a browser loads before and for the first paint is less than 100 KB, and comes from here.
func TestAPageIsLight(t *testing.T) {
	r := newRig(t, Options{})
	for _, p := range r.pages() {
		if p.method != "GET" || strings.HasSuffix(p.path, "/report") {
			continue
		}
		w := r.get(auth.Admin, p.path)
		total := w.Body.Len()
		for _, m := range linked.FindAllStringSubmatch(w.Body.String(), -1) {
			req := httptest.NewRequest("GET", strings.ReplaceAll(m[1], "&amp;", "&"), nil)
			req.Header.Set("Accept-Encoding", "gzip")
			file := httptest.NewRecorder()
			r.server.ServeHTTP(file, req)
			if file.Code != 200 || !strings.Contains(file.Header().Get("Cache-Control"), "immutable") {
				t.Errorf("%s: %d, %s", m[1], file.Code, file.Header().Get("Cache-Control"))
			}
			total += file.Body.Len()
		}
		if total > 100_000 {
			t.Errorf("%s is %d bytes", p.path, total)
		}
	}
}

// TestFilesOfPagesComePackedAndPlain, and nothing but them.
func TestFilesOfPagesComePackedAndPlain(t *testing.T) {
	r := newRig(t, Options{})
	for name, a := range assets() {
		req := httptest.NewRequest("GET", "/static/"+name, nil)
		plain := httptest.NewRecorder()
		r.server.ServeHTTP(plain, req)
		req.Header.Set("Accept-Encoding", "gzip")
		packed := httptest.NewRecorder()
		r.server.ServeHTTP(packed, req)
		z, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil || string(text) != plain.Body.String() || string(text) != string(a.plain) || a.kind == "" {
			t.Errorf("%s is not the same packed: %v", name, err)
		}
		req.Header.Set("If-None-Match", plain.Header().Get("ETag"))
		again := httptest.NewRecorder()
		if r.server.ServeHTTP(again, req); again.Code != http.StatusNotModified {
			t.Errorf("%s is sent again: %d", name, again.Code)
		}
	}
	for _, path := range []string{"/static/", "/static/../console.go", "/static/%2e%2e/console.go", "/static/nothing.js"} {
		if w := r.get(auth.Nobody, path); w.Code == 200 {
			t.Errorf("%s is served", path)
		}
	}
}

// TestWhoMayOpenWhat: every page, as everybody; and no change without the session's token.
func TestWhoMayOpenWhat(t *testing.T) {
	r := newRig(t, Options{})
	for _, p := range r.pages() {
		for _, role := range append(auth.Roles(), auth.Nobody) {
			if p.role == auth.Nobody {
				continue
			}
			if p.method == "POST" && role.Includes(p.role) {
				if w := r.send(role, p.method, p.path, url.Values{"x": {"y"}}); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "token") {
					t.Errorf("%s %s as %s without a token: %d", p.method, p.path, role, w.Code)
				}
				continue
			}
			w := r.send(role, p.method, p.path, map[string]url.Values{"POST": {"csrf": {r.csrf[role]}}}[p.method])
			switch {
			case role == auth.Nobody && p.method == "GET":
				if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/login?next=") {
					t.Errorf("GET %s as nobody: %d %s", p.path, w.Code, w.Header().Get("Location"))
				}
			case role == auth.Nobody:
				if w.Code != http.StatusUnauthorized {
					t.Errorf("%s %s as nobody: %d", p.method, p.path, w.Code)
				}
			case !role.Includes(p.role):
				if w.Code != http.StatusForbidden {
					t.Errorf("%s %s as %s: %d", p.method, p.path, role, w.Code)
				}
			case w.Code >= 500 || w.Code == http.StatusForbidden:
				t.Errorf("%s %s as %s: %d", p.method, p.path, role, w.Code)
			}
		}
	}
}

// TestALoginLeadsNowhereElse: not to another host, whatever next says.
func TestALoginLeadsNowhereElse(t *testing.T) {
	r := newRig(t, Options{})
	for next, want := range map[string]string{
		"/history?text=a": "/history?text=a", "https://evil.example/": "/", "//evil.example/": "/", `/\evil.example`: "/", "": "/", "javascript:alert(1)": "/",
	} {
		w := r.send(auth.Nobody, "POST", "/login", url.Values{"username": {"viewer"}, "password": {password}, "next": {next}})
		if got := w.Header().Get("Location"); got != want {
			t.Errorf("%q leads to %q", next, got)
		}
	}
}

func hashOfFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return language.TextHash(string(text))
}
