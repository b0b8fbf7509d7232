package api

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"orac/appliance/record"
	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/enrol"
	"orac/web/schema"
)

// hostile are texts that have broken programs before.
var hostile = []string{
	"../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e%2f%2e%2e%2f", `..\..\windows`, "/etc/passwd", "u1/../../orac.db", "u1\x00.wav",
	"' OR 1=1 --", `"; DROP TABLE keys; --`, "1; ATTACH DATABASE '/tmp/x' AS y", "%", "_", "<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`,
	"{{.}}", "${jndi:ldap://x}", "%00", "%0d%0aSet-Cookie:%20a=b", "a\r\nX-Evil: 1", "\x1b[2J", "\u202egnp.exe", strings.Repeat("A", 10_000), "-1", "0x10", "NaN", "1e999", "💥",
}

// parameter is what the OpenAPI document tells about a parameter of a route.
type parameter struct {
	Name, In string
	Schema   struct{ Pattern string }
}

// documented is the part of the OpenAPI document that tells the parameters, by path and method.
var documented = sync.OnceValue(func() (doc struct {
	Paths map[string]map[string]struct{ Parameters []parameter }
}) {
	if err := json.Unmarshal(Document(Routes(), "test"), &doc); err != nil {
		panic(err)
	}
	return doc
})

func parameters(r *Route) []parameter {
	return documented().Paths[r.Path][strings.ToLower(r.Method)].Parameters
}

// TestHostilePathsAndQueries: in every parameter of every route nothing is found, made or told.
func TestHostilePathsAndQueries(t *testing.T) {
	rig := newRigWith(t, func(rb *runbook.Runbook) {
		l := &rb.Web.Limits
		l.Admin, l.PerAddress = 1_000_000, 10_000_000
	})
	for _, r := range Routes() {
		if r.Long && r.Produces != "" {
			continue
		}
		for _, evil := range hostile {
			for _, p := range parameters(r) {
				path := pathOf(t, r, rig)
				if p.In == "path" {
					path = strings.NewReplacer("{id}", url.PathEscape(evil), "{name}", url.PathEscape(evil), "{number}", url.PathEscape(evil), "{component}", url.PathEscape(evil)).Replace(r.Path)
				} else {
					path += "?" + p.Name + "=" + url.QueryEscape(evil)
				}
				req, err := http.NewRequest(r.Method, "http://example.com"+path, nil)
				if err != nil {
					continue // it cannot even be sent
				}
				body := rig.request(auth.Admin, r.Method, "/", inputs[r.Name])
				body.URL, body.RequestURI = req.URL, path
				w := rig.do(body)
				if w.Code >= 500 {
					t.Errorf("%s %s with %q: %d %s", r.Method, r.Path, evil, w.Code, w.Body)
				}
				harmless(t, r.Method+" "+r.Path, w)
				if w.Code < 300 && p.In == "path" {
					t.Errorf("%s %s takes %q", r.Method, r.Path, evil)
				}
			}
		}
	}
	if len(rig.app.Applied) > 0 {
		t.Error("something was applied")
	}
}

// harmless checks what every answer must keep to, whatever was sent.
func harmless(t *testing.T, what string, w *httptest.ResponseRecorder) {
	t.Helper()
	for _, leak := range []string{"goroutine ", ".go:", "/home/", "/tmp/", "root:x:", "SQL logic", "no such table", "canary-s3cret", password} {
		if strings.Contains(w.Body.String(), leak) {
			t.Errorf("%s leaks %q: %.300s", what, leak, w.Body)
		}
	}
	if w.Header().Get("X-Evil") != "" || strings.Contains(w.Header().Get("Set-Cookie"), "a=b") {
		t.Errorf("%s lets a header in: %v", what, w.Header())
	}
	if ct := w.Header().Get("Content-Type"); strings.Contains(ct, "html") && strings.Contains(w.Body.String(), "<script>alert") {
		t.Errorf("%s reflects a script", what)
	}
}

// TestHostileBodies: of every route that takes a body.
func TestHostileBodies(t *testing.T) {
	rig := newRigWith(t, func(rb *runbook.Runbook) { rb.Web.Limits.Admin = 1_000_000; rb.Web.Limits.Anonymous = 1_000_000 })
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	for _, r := range Routes() {
		if r.Body == nil {
			continue
		}
		good, err := json.Marshal(inputs[r.Name])
		rig.must(err)
		var o map[string]any
		rig.must(json.Unmarshal(good, &o))
		o["unknown_field"] = 1
		unknown, err := json.Marshal(o)
		rig.must(err)
		twice := bytes.TrimSuffix(good, []byte("}"))
		if len(o) > 1 {
			for name := range o {
				if name != "unknown_field" {
					twice = fmt.Appendf(bytes.Clone(twice), `,%q:null}`, name)
					break
				}
			}
		}
		for name, c := range map[string]struct {
			body, contentType string
			code              schema.Code
		}{
			"unknown field":    {string(unknown), "application/json", schema.InvalidInput},
			"a name twice":     {string(twice), "application/json", schema.BadJSON},
			"two values":       {string(good) + string(good), "application/json", schema.BadJSON},
			"nothing":          {"", "application/json", schema.BadJSON},
			"null":             {"null", "application/json", schema.InvalidInput},
			"a list":           {"[]", "application/json", schema.InvalidInput},
			"half":             {string(good[:len(good)-1]), "application/json", schema.BadJSON},
			"17 deep":          {deep(17), "application/json", schema.BadJSON},
			"100 000 deep":     {deep(100_000), "application/json", schema.BadJSON},
			"100 000 brackets": {strings.Repeat("[", 100_000), "application/json", schema.BadJSON},
			"no UTF-8":         {"{\"a\":\"\xff\"}", "application/json", schema.BadJSON},
			"too large":        {`{"source":"` + strings.Repeat("x", 2<<20) + `"}`, "application/json", schema.TooLarge},
			"a form":           {"username=admin", "application/x-www-form-urlencoded", schema.WrongType},
			"text":             {string(good), "text/plain", schema.WrongType},
			"no type":          {string(good), "", schema.WrongType},
		} {
			if name == "a name twice" && len(o) < 2 {
				continue
			}
			if strings.HasPrefix(r.Path, "/enrol/") && len(c.body) > enrol.MaxBody {
				c.code = schema.TooLarge
			}
			req := rig.request(auth.Admin, r.Method, pathOf(t, r, rig), c.body)
			req.Header.Set("Content-Type", c.contentType)
			w := rig.do(req)
			rig.problem(r.Name+": "+name, w, c.code)
			harmless(t, r.Name, w)
		}
	}
	if len(rig.app.Applied) > 0 {
		t.Error("something was applied")
	}
}

// TestFieldsAreBounded: words, lengths, ranges and control characters in fields.
func TestFieldsAreBounded(t *testing.T) {
	rig := newRig(t)
	for name, c := range map[string]struct {
		method, path string
		body         any
		field        string
	}{
		"a long name":     {"POST", "/api/keys", map[string]any{"name": strings.Repeat("a", 64), "role": "viewer", "days": 1}, "name"},
		"a script":        {"POST", "/api/keys", map[string]any{"name": "<script>", "role": "viewer", "days": 1}, "name"},
		"a line end":      {"POST", "/api/keys", map[string]any{"name": "a\nb", "role": "viewer", "days": 1}, "name"},
		"no such role":    {"POST", "/api/keys", map[string]any{"name": "a", "role": "root", "days": 1}, "role"},
		"upper case":      {"POST", "/api/keys", map[string]any{"name": "a", "Role": "viewer", "days": 1}, "Role"},
		"too long a life": {"POST", "/api/keys", map[string]any{"name": "a", "role": "viewer", "days": 367}, "days"},
		"a huge number":   {"POST", "/api/keys", json.RawMessage(`{"name":"a","role":"viewer","days":1e400}`), "days"},
		"text as number":  {"POST", "/api/keys", map[string]any{"name": "a", "role": "viewer", "days": "1"}, "days"},
		"missing":         {"POST", "/api/keys", map[string]any{"name": "a", "role": "viewer"}, "days"},
		"above one":       {"PUT", "/api/config/models/hey_jarvis", map[string]any{"threshold": 1.01}, "threshold"},
		"HCL in a topic":  {"PUT", "/api/config/models/hey_jarvis", map[string]any{"topic": "x\" }\nlocals {"}, "topic"},
		"an escape":       {"POST", "/api/runbook/validate", map[string]any{"source": "appliance \"x\" {}\x00"}, "source"},
		"a fraction":      {"POST", "/api/runbook/rollback", map[string]any{"generation": 1.5}, "generation"},
		"negative":        {"POST", "/api/runbook/rollback", map[string]any{"generation": -1}, "generation"},
		"an unknown":      {"GET", "/api/audit?evil=1", nil, "evil"},
		"twice":           {"GET", "/api/audit?limit=1&limit=2", nil, "limit"},
		"beyond":          {"GET", "/api/audit?limit=1001", nil, "limit"},
	} {
		p := rig.problem(name, rig.call(auth.Admin, c.method, c.path, c.body), schema.InvalidInput)
		if len(p.Errors) != 1 && name != "upper case" || len(p.Errors) > 0 && !strings.Contains(fmt.Sprint(p.Errors), c.field) {
			t.Errorf("%s: %+v", name, p.Errors)
		}
	}
}

// TestHeaderAndLogInjection: what a client calls itself or asks for makes no header and no line of the log.
func TestHeaderAndLogInjection(t *testing.T) {
	rig := newRig(t)
	for _, evil := range hostile {
		req := rig.request(auth.Admin, "GET", "/api/status", nil)
		req.Header["X-Request-Id"] = []string{evil}
		req.Header["User-Agent"] = []string{evil}
		req.Header["X-Forwarded-For"] = []string{"203.0.113.9"}
		req.URL.Path = "/api/" + evil
		w := rig.do(req)
		if id := w.Header().Get("X-Request-Id"); id == evil && !wellFormed.MatchString(evil) {
			t.Errorf("%q is taken for an ID", evil)
		}
		harmless(t, evil, w)
	}
	for line := range strings.Lines(rig.log.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Errorf("a line of the log is broken: %q", line)
		}
		if path, _ := entry["path"].(string); strings.ContainsAny(path, "\r\n\x1b\x00") || len(path) > 300 {
			t.Errorf("the log takes the path %q", path)
		}
		if from, ok := entry["from"].(string); ok && from == "203.0.113.9" {
			t.Error("a forwarded header is believed")
		}
	}
	good := rig.request(auth.Viewer, "GET", "/api/status", nil)
	good.Header.Set("X-Request-ID", "trace-0123456789")
	if w := rig.do(good); w.Header().Get("X-Request-ID") != "trace-0123456789" {
		t.Error("a good ID is not taken")
	}
}

// TestSecretsAppearNowhere: canaries through every path, crashes included: neither log, nor answer, nor audit log has one.
func TestSecretsAppearNowhere(t *testing.T) {
	rig := newRig(t)
	token := rig.tokens[auth.Admin]
	canaries := []string{password, "wr0ng-canary-s3cret", token, "core-secret-", "orac_key_0123456789ab_canary-s3cret", "canary-cookie-s3cret", "canary-query-s3cret", "canary-refresh-s3cret"}
	rig.call(auth.Nobody, "POST", "/api/auth/login", LoginInput{"admin", password, false})
	rig.call(auth.Nobody, "POST", "/api/auth/login", LoginInput{"admin", "wr0ng-canary-s3cret", false})
	rig.call(auth.Nobody, "POST", "/api/auth/login", `{"username":"admin","password":"wr0ng-canary-s3cret"`)
	rig.call(auth.Nobody, "POST", "/api/auth/login", map[string]string{"username": "admin", "passwrd": "wr0ng-canary-s3cret"})
	rig.call(auth.Nobody, "POST", "/api/auth/refresh", RefreshInput{"canary-refresh-s3cret"})
	rig.call(auth.Nobody, "POST", "/api/auth/service-token", ServiceTokenInput{"core", "core-secret-wrong"})
	for _, bearer := range []string{token, token + "x", "orac_key_0123456789ab_canary-s3cret"} {
		req := rig.request(auth.Nobody, "GET", "/api/status?token=canary-query-s3cret", nil)
		req.Header.Set("Authorization", "Bearer "+bearer)
		req.Header.Set("Cookie", rig.cookieOf("viewer")+"=canary-cookie-s3cret")
		rig.do(req)
	}
	req := rig.request(auth.Nobody, "GET", "/api/status", nil)
	req.Header.Set("Authorization", "Basic d3Iwbmc=")
	rig.do(req)
	rig.app.Explodes = true
	for _, path := range []string{"/api/status", "/api/health"} {
		w := rig.call(auth.Admin, "GET", path, nil)
		rig.problem("a crash", w, schema.Internal)
		harmless(t, "a crash", w)
	}
	rig.app.Explodes = false
	var export bytes.Buffer
	rig.must(rig.audit.Export(&export))
	for _, secret := range canaries {
		if strings.Contains(export.String(), secret) {
			t.Errorf("the audit log holds %q", secret)
		}
		if strings.Contains(rig.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if !strings.Contains(rig.log.String(), "a handler has panicked") {
		t.Error("a crash is not in the log")
	}
}

// TestReplayAfterLogout: token and session, at the API.
func TestReplayAfterLogout(t *testing.T) {
	rig := newRig(t)
	out := get[LoginOut](rig, rig.call(auth.Nobody, "POST", "/api/auth/login", LoginInput{"admin", password, false}), 200)
	rig.tokens["mine"] = out.Token.Token
	if w := rig.call("mine", "GET", "/api/auth/me", nil); w.Code != 200 {
		t.Fatal(w.Code)
	}
	if w := rig.call("mine", "POST", "/api/auth/logout", nil); w.Code != 204 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	rig.problem("the token", rig.call("mine", "GET", "/api/auth/me", nil), schema.Unauthenticated)
	rig.problem("its refresh token", rig.call(auth.Nobody, "POST", "/api/auth/refresh", RefreshInput{out.Refresh}), schema.Unauthenticated)

	w := rig.call(auth.Nobody, "POST", "/api/auth/login", LoginInput{"admin", password, true})
	in := get[LoginOut](rig, w, 200)
	cookie := w.Result().Cookies()[0]
	with := func(method, path, csrf string) *httptest.ResponseRecorder {
		req := rig.request(auth.Nobody, method, path, nil)
		req.AddCookie(cookie)
		req.Header.Set("X-CSRF-Token", csrf)
		return rig.do(req)
	}
	if w := with("GET", "/api/auth/me", ""); w.Code != 200 {
		t.Fatal(w.Code)
	}
	rig.problem("without the session's token", with("POST", "/api/auth/logout", ""), schema.NoCSRF)
	rig.problem("with another's", with("POST", "/api/auth/logout", "x"), schema.NoCSRF)
	if w := with("POST", "/api/auth/logout", in.CSRF); w.Code != 204 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	rig.problem("the session", with("GET", "/api/auth/me", ""), schema.Unauthenticated)
}

// TestCSRF: a change by a browser from a page of another origin is refused, whatever it carries.
func TestCSRF(t *testing.T) {
	rig := newRigWith(t, func(rb *runbook.Runbook) { rb.Web.Origins = []string{"https://home.test"} })
	for _, c := range []struct {
		headers map[string]string
		refused bool
	}{
		{map[string]string{"Sec-Fetch-Site": "cross-site"}, true},
		{map[string]string{"Sec-Fetch-Site": "same-site"}, true},
		{map[string]string{"Origin": "https://evil.test"}, true},
		{map[string]string{"Origin": "null"}, true},
		{map[string]string{"Origin": "https://example.com.evil.test"}, true},
		{map[string]string{"Origin": "https://home.test", "Sec-Fetch-Site": "cross-site"}, false},
		{map[string]string{"Sec-Fetch-Site": "same-origin"}, false},
		{map[string]string{"Sec-Fetch-Site": "none"}, false},
		{map[string]string{}, false}, // no browser
	} {
		for _, r := range Routes() {
			if safe(r.Method) || !c.refused && r.Name != "rollback" && r.Name != "judge" && r.Name != "logout" { // hashes take their time
				continue
			}
			req := rig.request(auth.Admin, r.Method, pathOf(t, r, rig), inputs[r.Name])
			for k, v := range c.headers {
				req.Header.Set(k, v)
			}
			before := len(rig.app.Applied)
			w := rig.do(req)
			if c.refused {
				rig.problem(fmt.Sprint(r.Name, c.headers), w, schema.CrossOrigin)
				if len(rig.app.Applied) != before {
					t.Errorf("%s was done", r.Name)
				}
			} else if w.Code == 403 {
				t.Errorf("%s %v: %s", r.Name, c.headers, w.Body)
			}
			token, err := rig.guard.Issue(rig.vouch("admin"), time.Hour)
			rig.must(err)
			rig.tokens[auth.Admin] = token.Token
		}
	}
}

// TestCORS: off by default; exactly the origins of the runbook; never with cookies.
func TestCORS(t *testing.T) {
	rig := newRigWith(t, func(rb *runbook.Runbook) { rb.Web.Origins = []string{"https://home.test"} })
	for origin, allowed := range map[string]bool{
		"https://home.test": true, "http://home.test": false, "https://home.test:8443": false, "https://sub.home.test": false, "https://home.test.evil.test": false,
		"https://evilhome.test": false, "null": false, "*": false, "HTTPS://HOME.TEST": false,
	} {
		for _, method := range []string{"GET", "OPTIONS"} {
			req := rig.request(auth.Viewer, method, "/api/status", nil)
			req.Header.Set("Origin", origin)
			if method == "OPTIONS" {
				req.Header.Set("Access-Control-Request-Method", "PUT")
			}
			h := rig.do(req).Header()
			if got := h.Get("Access-Control-Allow-Origin"); (got == origin) != allowed || !allowed && got != "" || h.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s %s: %q, credentials %q", method, origin, got, h.Get("Access-Control-Allow-Credentials"))
			}
		}
	}
}

// TestHeaders: on every answer, errors and pages included.
func TestHeaders(t *testing.T) {
	rig := newRig(t)
	for _, path := range []string{"/api/health", "/api/status", "/nothing", "/login", "/api/../etc"} {
		h := rig.call(auth.Nobody, "GET", path, nil).Header()
		csp := h.Get("Content-Security-Policy")
		if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("%s: %s", path, csp)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Strict-Transport-Security": ""} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if h.Get("Permissions-Policy") == "" || h.Get("X-Request-Id") == "" || h.Get("Server") != "" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

// TestRateLimit: counted over a sliding minute, by who asks and by address; told in headers; a new connection changes nothing.
func TestRateLimit(t *testing.T) {
	rb := func(rb *runbook.Runbook) {
		l := &rb.Web.Limits
		l.Anonymous, l.Viewer, l.Admin, l.PerAddress = 5, 10, 20, 1000
	}
	rig := newRigWith(t, rb)
	ask := func(role auth.Role, from string) *httptest.ResponseRecorder {
		req := rig.request(role, "GET", "/api/health", nil)
		req.RemoteAddr = from
		return rig.do(req)
	}
	passed := func(role auth.Role, from func(int) string) (n int) {
		for i := range 50 {
			if ask(role, from(i)).Code == 200 {
				n++
			}
		}
		return n
	}
	if n := passed(auth.Nobody, func(i int) string { return fmt.Sprintf("192.0.2.1:%d", 1000+i) }); n != 5 {
		t.Errorf("an address without a login had %d answers over new connections", n)
	}
	if n := passed(auth.Nobody, func(i int) string { return fmt.Sprintf("[2001:db8::%x]:1000", i+1) }); n != 5 {
		t.Errorf("a network of IPv6 had %d answers", n)
	}
	if n := passed(auth.Viewer, func(i int) string { return fmt.Sprintf("198.51.100.%d:1000", i) }); n != 10 {
		t.Errorf("a viewer had %d answers from many addresses", n)
	}
	w := ask(auth.Nobody, "192.0.2.1:9")
	rig.problem("one more", w, schema.Slower)
	if h := w.Header(); h.Get("RateLimit-Limit") != "5" || h.Get("RateLimit-Remaining") != "0" || h.Get("Retry-After") == "" || h.Get("RateLimit-Reset") == "" {
		t.Errorf("%v", h)
	}
	address := newRigWith(t, func(rb *runbook.Runbook) { rb.Web.Limits.PerAddress = 7 })
	n := 0
	for range 20 {
		if address.call(auth.Admin, "GET", "/api/health", nil).Code == 200 {
			n++
		}
	}
	if n != 7 {
		t.Errorf("an address with a login had %d answers", n)
	}
}

// TestLoginThrottling: 200 attempts side by side at the API, and a flood is no flood of records.
func TestLoginThrottling(t *testing.T) {
	rig := newRigWith(t, func(rb *runbook.Runbook) { rb.Web.Limits.Anonymous = 100_000; rb.Web.Limits.PerAddress = 100_000 })
	var wg sync.WaitGroup
	var looked, slowed atomic.Int64
	for n := range 200 {
		wg.Go(func() {
			w := rig.call(auth.Nobody, "POST", "/api/auth/login", LoginInput{"admin", fmt.Sprint("guess number ", n), false})
			switch w.Code {
			case 401:
				looked.Add(1)
			case 429:
				if slowed.Add(1); w.Header().Get("Retry-After") == "" {
					t.Errorf("it is not told how long to wait: %s", w.Body)
				}
			default:
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	wg.Wait()
	if looked.Load() > 4 || looked.Load()+slowed.Load() != 200 {
		t.Errorf("%d were looked at, %d slowed down", looked.Load(), slowed.Load())
	}
	if n := len(rig.records("login")); n > 5 {
		t.Errorf("%d records", n)
	}
	known := rig.call(auth.Nobody, "POST", "/api/auth/login", LoginInput{"viewer", "wrong password", false})
	unknown := rig.call(auth.Nobody, "POST", "/api/auth/login", LoginInput{"nobody", "wrong password", false})
	strip := func(w *httptest.ResponseRecorder) string {
		var p schema.Problem
		rig.must(json.Unmarshal(w.Body.Bytes(), &p))
		p.Request = ""
		return fmt.Sprintf("%d %+v", w.Code, p)
	}
	if strip(known) != strip(unknown) && known.Code == 401 && unknown.Code == 401 {
		t.Errorf("a wrong name and a wrong password look different:\n%s\n%s", strip(known), strip(unknown))
	}
}

// TestSQLMetacharacters: in every text that reaches a database.
func TestSQLMetacharacters(t *testing.T) {
	rig := newRigWith(t, func(rb *runbook.Runbook) { rb.Web.Limits.Anonymous = 100_000; rb.Web.Limits.Admin = 100_000 })
	for _, evil := range hostile {
		if strings.ContainsRune(evil, 0) {
			continue
		}
		id := "d-" + fmt.Sprint(len(evil))
		rig.must(rig.app.Store.AddDetection(record.Detection{ID: id, At: time.Now(), Model: evil, Device: evil, WakeWord: evil}))
		if strings.Contains(evil, "'") { // a hash takes its time
			_, _ = rig.guard.Login(evil, evil, netip.MustParseAddr("192.0.2.7"))
		}
		_, _ = rig.guard.Refresh(evil)
		rig.must(rig.guard.DB.LogOutEverywhere(evil))
	}
	w := rig.call(auth.Viewer, "GET", "/api/detections", nil)
	page := get[DetectionPage](rig, w, 200)
	if len(page.Detections) == 0 {
		t.Error("the detections are gone")
	}
	if strings.Contains(w.Body.String(), "<script>") {
		t.Error("JSON carries a script as it is")
	}
	if _, err := rig.guard.DB.Keys(); err != nil {
		t.Error(err)
	}
}

// TestWhatIsAppliedIsSavedAndConflictsAreTold: two people who edit get a conflict, and no loss.
func TestWhatIsAppliedIsSavedAndConflictsAreTold(t *testing.T) {
	rig := newRig(t)
	first := get[RunbookText](rig, rig.call(auth.Admin, "GET", "/api/runbook", nil), 200)
	if first.Source != testRunbook || !first.Applied || strings.Contains(first.File, "/") {
		t.Errorf("%+v", first)
	}
	edit := func(base, text string) *httptest.ResponseRecorder {
		plan := get[status.Plan](rig, rig.call(auth.Admin, "POST", "/api/runbook/plan", SourceInput{text}), 200)
		return rig.call(auth.Admin, "POST", "/api/runbook/apply", ApplyInput{text, base, plan.Hash})
	}
	mine := strings.Replace(testRunbook, "0.5", "0.6", 1)
	out := get[Applied](rig, edit(first.Hash, mine), 200)
	now := get[RunbookText](rig, rig.call(auth.Admin, "GET", "/api/runbook", nil), 200)
	if !out.Saved || now.Source != mine || out.Hash != now.Hash {
		t.Errorf("%+v, %+v", out, now)
	}
	rig.problem("the other's edit", edit(first.Hash, strings.Replace(testRunbook, "0.5", "0.7", 1)), schema.Conflict)
	if again := get[RunbookText](rig, rig.call(auth.Admin, "GET", "/api/runbook", nil), 200); again.Source != mine {
		t.Error("an edit is lost")
	}
	rig.app.Apply = func(status.ApplyRequest) (status.Applied, error) {
		return status.Applied{RolledBack: true, Why: "not well"}, nil
	}
	out = get[Applied](rig, edit(now.Hash, strings.Replace(testRunbook, "0.5", "0.8", 1)), 200)
	if kept := get[RunbookText](rig, rig.call(auth.Admin, "GET", "/api/runbook", nil), 200); out.Saved || kept.Source != mine {
		t.Errorf("what was rolled back is saved: %+v", out)
	}
	rig.problem("a broken text", rig.call(auth.Admin, "POST", "/api/runbook/plan", SourceInput{"broken"}), schema.InvalidRunbook)
	found := get[Findings](rig, rig.call(auth.Admin, "POST", "/api/runbook/validate", SourceInput{"appliance \"x\" {}\nmodle \"a\" {}\n"}), 200)
	if found.OK || len(found.Problems) != 1 || found.Problems[0].Line != 2 {
		t.Errorf("%+v", found)
	}
	rig.app.Apply = nil
	rig.problem("one thing, with an edit along that nobody has seen", rig.call(auth.Admin, "PUT", "/api/config/models/hey_jarvis", map[string]float64{"threshold": 0.65}), schema.OutOfStep)
	rig.must(os.WriteFile(rig.app.File, []byte(testRunbook), 0o640))
	get[Applied](rig, rig.call(auth.Admin, "PUT", "/api/config/models/hey_jarvis", map[string]float64{"threshold": 0.65}), 200)
	text := get[RunbookText](rig, rig.call(auth.Admin, "GET", "/api/runbook", nil), 200).Source
	if want := strings.Replace(testRunbook, "0.5", "0.65", 1); text != want {
		t.Errorf("%s", language.Diff("orac.hcl", []byte(want), []byte(text)))
	}
}

// TestListeningIsRecorded: who hears a recording is on record before the first byte.
func TestListeningIsRecorded(t *testing.T) {
	rig := newRig(t)
	w := rig.call(auth.Operator, "GET", "/api/utterances/"+soundID+"/audio", nil)
	if w.Code != 200 || w.Body.String() != "RIFF" || w.Header().Get("Content-Type") != "audio/wav" {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
	if list := rig.records("utterance.listen"); len(list) != 2 || list[1].Target != soundID || list[1].Who != "operator" || list[1].Outcome != audit.Attempt {
		t.Errorf("%+v", list)
	}
	rig.problem("a viewer", rig.call(auth.Viewer, "GET", "/api/utterances/"+soundID+"/audio", nil), schema.Forbidden)
}

// TestOpenRoutesTellLittle: what nobody may know without a login is not in what is open.
func TestOpenRoutesTellLittle(t *testing.T) {
	rig := newRig(t)
	rig.app.Health.Components = nil
	rig.app.Health.Components = append(rig.app.Health.Components, healthPart("stt.whisper", "unhealthy", "http://10.0.0.7:7272 refused"))
	rig.app.Health.Level = "unhealthy"
	for path, status := range map[string]int{"/health/system": 503, "/health/stt.whisper": 503, "/api/health": 503, "/health/ready": 503, "/health/live": 200} {
		w := rig.call(auth.Nobody, "GET", path, nil)
		if w.Code != status || strings.Contains(w.Body.String(), "10.0.0.7") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if w := rig.call(auth.Viewer, "GET", "/health/system", nil); !strings.Contains(w.Body.String(), "10.0.0.7") {
		t.Errorf("a viewer does not see why: %s", w.Body)
	}
	rig.problem("metrics", rig.call(auth.Nobody, "GET", "/metrics", nil), schema.Unauthenticated)
	if w := rig.call(auth.Viewer, "GET", "/metrics", nil); w.Code != 200 || !strings.Contains(w.Body.String(), `orac_component_health{component="stt.whisper"} 0`) {
		t.Errorf("%d %.500s", w.Code, w.Body)
	}
	open := newRigWith(t, func(rb *runbook.Runbook) { rb.Web.Metrics = "open" })
	if w := open.call(auth.Nobody, "GET", "/metrics", nil); w.Code != 200 {
		t.Errorf("open metrics: %d", w.Code)
	}
}

// TestUnknownRoutes: 404 and 405 as problems, for the caller.
func TestUnknownRoutes(t *testing.T) {
	rig := newRig(t)
	rig.problem("no route", rig.call(auth.Admin, "GET", "/api/nothing", nil), schema.NotFound)
	w := rig.call(auth.Admin, "DELETE", "/api/status", nil)
	rig.problem("another method", w, schema.WrongMethod)
	if w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("Allow is %q", w.Header().Get("Allow"))
	}
	for _, path := range []string{"/api//status", "/api/./status", "/api/x/../status"} {
		if w := rig.call(auth.Nobody, "GET", path, nil); w.Code < 300 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestPeople: a user is added through plan and apply; passwords are changed by who has them, or by an admin, and by nobody else.
func TestPeople(t *testing.T) {
	dearly(t)
	rig := declaring(t)
	out := get[Applied](rig, rig.call(auth.Admin, "POST", "/api/users", NewUserInput{"bert", "operator", "another password"}), 200)
	text := get[RunbookText](rig, rig.call(auth.Admin, "GET", "/api/runbook", nil), 200).Source
	block := "user \"bert\" {\n  role          = \"operator\"\n  password_hash = secret(\"bert_password_hash\")\n}\n"
	if !out.Saved || text != testRunbook+declaredUsers+"\n"+block || len(rig.app.Applied) != 1 {
		t.Errorf("%+v\n%s", out, text)
	}
	if hash, err := rig.guard.Secrets.Get("bert_password_hash"); err != nil || !strings.HasPrefix(hash, "$2a$12$") {
		t.Errorf("%q, %v", hash, err)
	}
	rig.problem("one that there is", rig.call(auth.Admin, "POST", "/api/users", NewUserInput{"viewer", "operator", "another password"}), schema.InvalidInput)

	change := func(role auth.Role, name, current, fresh string) *httptest.ResponseRecorder {
		return rig.call(role, "PUT", "/api/users/"+name+"/password", map[string]string{"current_password": current, "password": fresh})
	}
	rig.problem("somebody else's", change(auth.Viewer, "admin", password, "a new password"), schema.Forbidden)
	rig.problem("without the present one", change(auth.Viewer, "viewer", "wrong password", "a new password"), schema.Forbidden)
	rig.problem("too short", change(auth.Viewer, "viewer", password, "short"), schema.InvalidInput)
	if w := change(auth.Viewer, "viewer", password, "a new password"); w.Code != 204 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	hash, err := rig.guard.Secrets.Get("viewer_password_hash")
	rig.must(err)
	if hash == dearHash || len(rig.app.Applied) != 2 {
		t.Error("the password is the old one, or not in force")
	}
	rig.problem("a token of before", rig.call(auth.Viewer, "GET", "/api/auth/me", nil), schema.Unauthenticated)
	if _, err := rig.guard.Login("viewer", "a new password", netip.MustParseAddr("192.0.2.9")); err != nil {
		t.Error(err, auth.Reason(err))
	}
	for _, c := range []struct {
		by   auth.Role
		left int
	}{{auth.Viewer, 1}, {auth.Admin, 0}} { // whoever knew the old password may have added a passkey
		db, err := sql.Open("sqlite", filepath.Join(rig.dir, auth.DBName))
		rig.must(err)
		_, err = db.Exec("INSERT INTO passkeys VALUES ('k1', 'viewer', 'phone', 'localhost', '{}', 0, 0, 0) ON CONFLICT DO NOTHING")
		rig.must(errors.Join(err, db.Close()))
		token, err := rig.guard.Issue(rig.vouch("viewer"), time.Hour)
		rig.must(err)
		rig.tokens[auth.Viewer] = token.Token
		if w := change(c.by, "viewer", "a new password", "a new password"); w.Code != 204 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if list, err := rig.guard.Passkeys("viewer"); err != nil || len(list) != c.left {
			t.Errorf("after a new password by %s: %+v, %v", c.by, list, err)
		}
	}
	rig.problem("no such user", change(auth.Admin, "nobody", "", "a new password"), schema.NotFound)
	records, err := json.Marshal(rig.records("user.password"))
	rig.must(err)
	if strings.Contains(string(records), "new password") || strings.Contains(string(records), "$2a$") {
		t.Errorf("a record holds a password: %s", records)
	}
}

// wellFormed is the pattern of the IDs of requests.
var wellFormed = regexp.MustCompile(`^[A-Za-z0-9_.-]{8,64}$`)
