package api

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"orac/appliance/event"
	"orac/runbook"
	"orac/web/auth"
	"orac/web/edge"
	"orac/web/schema"
)

// hosted is a rig that listens.
type hosted struct {
	*rig
	host *edge.Host
	url  string
	said *lines
}

// often is how soon a stream looks again at its login: more often than a person could wait for.
const often = 50 * time.Millisecond

// lines is what was said to the terminal.
type lines struct {
	mu   sync.Mutex // guards list
	list []string
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, line)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.list, "\n")
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func listen(t *testing.T, change func(*runbook.Runbook), bounds ...edge.Bounds) *hosted {
	t.Helper()
	h := &hosted{said: &lines{}}
	h.rig = newRigWith(t, func(rb *runbook.Runbook) {
		rb.Web.Listen = freePort(t)
		l := &rb.Web.Limits
		l.Anonymous, l.Viewer, l.Admin, l.PerAddress = 100_000, 100_000, 100_000, 1_000_000
		change(rb)
	})
	opened := make(chan string, 8)
	h.host = &edge.Host{StateDir: h.dir, Log: slog.New(slog.DiscardHandler), Say: h.said.add, Opened: func(url string) { opened <- url }}
	for _, b := range bounds {
		h.host.Bounds = b
	}
	h.server.recheck = often
	h.server.o.Say = h.said.add
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); h.host.Run(ctx, h.server, h.app.Runbook) }()
	t.Cleanup(func() { cancel(); h.cancel(); <-ended })
	select {
	case h.url = <-opened:
	case <-time.After(5 * time.Second):
		t.Fatal("it does not listen")
	}
	return h
}

// get asks over the network.
func (h *hosted) get(client *http.Client, role auth.Role, path string) (*http.Response, error) {
	req, err := http.NewRequest(http.MethodGet, strings.TrimSuffix(h.url, "/")+path, nil)
	h.must(err)
	if h.tokens[role] != "" {
		req.Header.Set("Authorization", "Bearer "+h.tokens[role])
	}
	return client.Do(req)
}

func plain() *http.Client {
	return &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}
}

// keptAlive opens a connection. The result tells whether it is open still.
func keptAlive(t *testing.T, h *hosted) func() bool {
	t.Helper()
	conn, err := net.Dial("tcp", h.app.Book.Web.Listen)
	h.must(err)
	t.Cleanup(func() { conn.Close() })
	return func() bool {
		h.must(conn.SetDeadline(time.Now().Add(5 * time.Second)))
		if _, err := io.WriteString(conn, "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			return false
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err == nil {
			res.Body.Close()
		}
		return err == nil && res.StatusCode == http.StatusOK
	}
}

// TestListenMoves: a change of listen moves the server and nothing else; one of a limit does not touch it.
func TestListenMoves(t *testing.T) {
	h := listen(t, func(*runbook.Runbook) {})
	if res, err := h.get(plain(), auth.Viewer, "/api/status"); err != nil || res.StatusCode != 200 {
		t.Fatal(res, err)
	}
	before := keptAlive(t, h)
	limits := *h.app.Book
	limits.Web.Limits.Viewer = 77
	h.host.Use(&limits)
	if !before() {
		t.Error("another limit restarts the server")
	}
	if res, err := h.get(plain(), auth.Viewer, "/api/status"); err != nil || res.Header.Get("RateLimit-Limit") != "77" {
		t.Errorf("the limit is not in force: %v, %v", res.Header, err)
	}
	moved := limits
	moved.Web.Listen = freePort(t)
	if err := h.host.Check(&moved); err != nil {
		t.Fatal(err)
	}
	old := h.url
	h.host.Use(&moved)
	h.url = "http://" + moved.Web.Listen + "/"
	if res, err := h.get(plain(), auth.Viewer, "/api/status"); err != nil || res.StatusCode != 200 {
		t.Errorf("at the new address: %v, %v", res, err)
	}
	if _, err := plain().Get(old); err == nil {
		t.Error("the old address still answers")
	}
	// Another name of the same port is no port that is taken: the server makes room for itself.
	_, port, err := net.SplitHostPort(moved.Web.Listen)
	h.must(err)
	moved.Web.Listen = "localhost:" + port
	h.must(h.host.Check(&moved))
	h.host.Use(&moved)
	if res, err := h.get(plain(), auth.Viewer, "/api/status"); err != nil || res.StatusCode != 200 {
		t.Errorf("at another name of the port: %v, %v", res, err)
	}
	signed := moved
	signed.Web.TLS.SelfSigned = true
	if err := h.host.Check(&signed); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(h.dir, "tls")); err == nil {
		t.Error("a plan makes a certificate")
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	h.must(err)
	defer taken.Close()
	bad := moved
	bad.Web.Listen = taken.Addr().String()
	if err := h.host.Check(&bad); err == nil || !strings.HasPrefix(err.Error(), "web: ") {
		t.Errorf("an address that is taken: %v", err)
	}
	none := moved
	none.Web.Listen = ""
	h.host.Use(&none)
	if _, err := plain().Get(h.url); err == nil {
		t.Error("without a web block it still answers")
	}
}

// TestSelfSigned: made once, private, its fingerprint printed; 1.2 at least; HSTS; and the same after a restart.
func TestSelfSigned(t *testing.T) {
	h := listen(t, func(rb *runbook.Runbook) { rb.Web.TLS.SelfSigned = true })
	pem, err := os.ReadFile(filepath.Join(h.dir, "tls", "cert.pem"))
	h.must(err)
	if info, err := os.Stat(filepath.Join(h.dir, "tls", "key.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	res, err := h.get(client, auth.Viewer, "/api/status")
	if err != nil || res.StatusCode != 200 || res.TLS.Version != tls.VersionTLS13 || res.Proto != "HTTP/2.0" {
		t.Fatalf("%+v, %v", res, err)
	}
	if res.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS under TLS")
	}
	sum := sha256.Sum256(res.TLS.PeerCertificates[0].Raw)
	if !strings.Contains(h.said.String(), fmt.Sprintf("%02X:%02X:%02X", sum[0], sum[1], sum[2])) {
		t.Errorf("the fingerprint is not printed: %s", h.said)
	}
	for version, good := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true} {
		c, err := tls.Dial("tcp", h.app.Book.Web.Listen, &tls.Config{RootCAs: pool, MinVersion: version, MaxVersion: version})
		if (err == nil) != good {
			t.Errorf("TLS %x: %v", version, err)
		}
		if err == nil {
			c.Close()
		}
	}
	weak, err := tls.Dial("tcp", h.app.Book.Web.Listen, &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_128_GCM_SHA256}})
	if err == nil {
		weak.Close()
		t.Error("a weak cipher is taken")
	}
	if _, err := plain().Get("http://" + h.app.Book.Web.Listen + "/api/health"); err == nil {
		if res, _ := plain().Get("http://" + h.app.Book.Web.Listen + "/api/health"); res != nil && res.StatusCode == 200 {
			t.Error("plain HTTP is answered on a TLS port")
		}
	}
	elsewhere := *h.app.Book
	elsewhere.Web.Listen = freePort(t)
	h.host.Use(&elsewhere)
	if again, err := os.ReadFile(filepath.Join(h.dir, "tls", "cert.pem")); err != nil || string(again) != string(pem) {
		t.Errorf("it is made twice: %v", err)
	}
}

// TestSetupOverTheNetwork: the code is said once, and who has it makes the first admin.
func TestSetupOverTheNetwork(t *testing.T) {
	h := listen(t, func(rb *runbook.Runbook) { rb.Users = nil })
	res, err := h.get(plain(), auth.Nobody, "/")
	h.must(err)
	if res.Request.URL.Path != "/setup" {
		t.Errorf("without a user / leads to %s", res.Request.URL)
	}
	_, rest, _ := strings.Cut(h.said.String(), "with the code ")
	code, _, _ := strings.Cut(rest, " ")
	jar := map[string]string{}
	post := func(code string) (*http.Response, string) {
		res, err := plain().PostForm(h.url+"setup", map[string][]string{"code": {code}, "name": {"anna"}, "password": {password}})
		h.must(err)
		body, _ := io.ReadAll(res.Body)
		for _, c := range res.Cookies() {
			jar[c.Name] = c.Value
		}
		return res, string(body)
	}
	if res, _ := post("AAAA-AAAA-AAAA"); res.StatusCode != 401 || len(jar) > 0 {
		t.Errorf("a wrong code: %d", res.StatusCode)
	}
	res, body := post(code)
	if res.StatusCode != 200 || !strings.Contains(body, "anna_password_hash") || jar[h.cookieOf("anna")] == "" {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	clear(jar)
	if res, _ := post(code); res.Request.URL.Path != "/login" || len(jar) > 0 {
		t.Errorf("the code works twice: %d at %s", res.StatusCode, res.Request.URL)
	}
	if list := h.records("setup"); len(list) < 3 || list[0].Outcome == "" {
		t.Errorf("%+v", list)
	}
}

// TestSetupByTheAPI: the same for programs: the code, once, and never when there is a user.
func TestSetupByTheAPI(t *testing.T) {
	h := listen(t, func(rb *runbook.Runbook) { rb.Users = nil })
	needed := func() bool {
		return get[SetupState](h.rig, h.rig.call(auth.Nobody, "GET", "/api/auth/setup", nil), 200).Needed
	}
	if !needed() {
		t.Error("there is nobody, and no set-up")
	}
	h.rig.problem("before", h.rig.call(auth.Nobody, "GET", "/api/status", nil), schema.NeedsSetup)
	_, rest, _ := strings.Cut(h.said.String(), "with the code ")
	code, _, _ := strings.Cut(rest, " ")
	post := func(code, name, word string) *httptest.ResponseRecorder {
		return h.rig.call(auth.Nobody, "POST", "/api/auth/setup", SetupInput{code, name, word, false})
	}
	h.rig.problem("a wrong code", post("AAAA-AAAA-AAAA", "anna", password), schema.Unauthenticated)
	h.rig.problem("a name that is none", post(code, "Anna", password), schema.InvalidInput)
	h.rig.problem("a short password", post(code, "anna", "short"), schema.InvalidInput)
	out := get[SetupOut](h.rig, post(code, "anna", password), 200)
	if out.Secret != "anna_password_hash" || !strings.Contains(out.Lines, `user "anna"`) || out.Token.Token == "" || out.Identity.Role != auth.Admin {
		t.Errorf("%+v", out)
	}
	h.rig.tokens[auth.Admin] = out.Token.Token
	if w := h.rig.call(auth.Admin, "GET", "/api/audit", nil); w.Code != 200 {
		t.Errorf("its token: %d %s", w.Code, w.Body)
	}
	h.rig.problem("a second one", post(code, "ben", password), schema.Forbidden)
	if needed() {
		t.Error("it is needed still")
	}
	if strings.Contains(h.rig.log.String(), code) {
		t.Error("the code is in the log")
	}
	if list := h.records("setup"); len(list) < 3 || list[0].Outcome == "" || list[0].Target != "anna" {
		t.Errorf("%+v", list)
	}
}

// TestConnectionsAreBounded: one more is refused, cheaply, in words where it can be; and room comes back.
func TestConnectionsAreBounded(t *testing.T) {
	h := listen(t, func(rb *runbook.Runbook) { rb.Web.Limits.MaxConnections = 8 })
	address := strings.TrimSuffix(strings.TrimPrefix(h.url, "http://"), "/")
	var held []net.Conn
	for range 8 { // under way: a request that is not complete
		c, err := net.Dial("tcp", address)
		h.must(err)
		_, err = io.WriteString(c, "GET /api/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+h.tokens[auth.Viewer]+"\r\n\r\n")
		h.must(err)
		if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || !strings.Contains(line, " 200 ") && !strings.Contains(line, " 503 ") {
			t.Fatalf("%q, %v", line, err)
		}
		held = append(held, c)
	}
	c, err := net.Dial("tcp", address)
	h.must(err)
	_ = c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	text, _ := io.ReadAll(c)
	if !strings.HasPrefix(string(text), "HTTP/1.1 503") || !strings.Contains(string(text), `"code":"unavailable"`) {
		// Those streams that were refused are idle connections by now, and one has given way.
		if len(text) > 0 {
			t.Errorf("one more is told %q", text)
		}
	}
	for _, c := range held {
		c.Close()
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		res, err := h.get(plain(), auth.Viewer, "/api/status")
		if err == nil && res.StatusCode == 200 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no room comes back: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// TestSlowloris: a head or a body that comes a byte at a time is cut off, and others are served meanwhile.
func TestSlowloris(t *testing.T) {
	h := listen(t, func(rb *runbook.Runbook) { rb.Web.RequestTimeout = time.Second / 2 }, edge.Bounds{Head: time.Second / 2})
	address := strings.TrimSuffix(strings.TrimPrefix(h.url, "http://"), "/")
	for name, begin := range map[string]string{
		"a slow body": "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n",
		"a slow head": "GET /api/health HTTP/1.1\r\nHost: x\r\n",
	} {
		c, err := net.Dial("tcp", address)
		h.must(err)
		_, err = io.WriteString(c, begin)
		h.must(err)
		go func() {
			for range 200 {
				if _, err := io.WriteString(c, "X"); err != nil {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
		}()
		start := time.Now()
		_ = c.SetReadDeadline(start.Add(9 * time.Second))
		_, err = io.ReadAll(c)
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("%s goes on for %v (%v)", name, took, err)
		}
		c.Close()
		if res, err := h.get(plain(), auth.Viewer, "/api/status"); err != nil || res.StatusCode != 200 {
			t.Errorf("others are kept out: %v", err)
		}
	}
	big, err := net.Dial("tcp", address)
	h.must(err)
	defer big.Close()
	_, _ = io.WriteString(big, "GET /api/health HTTP/1.1\r\nHost: x\r\nX-Big: "+strings.Repeat("a", 64<<10)+"\r\n\r\n")
	line, _ := bufio.NewReader(big).ReadString('\n')
	if !strings.Contains(line, "431") {
		t.Errorf("a head of 64 KiB: %q", line)
	}
}

// TestEventsOverSSE: what happens comes, in the kinds that are wanted; who comes back goes on where it was; nobody without a
// login has it, and nobody after it.
func TestEventsOverSSE(t *testing.T) {
	h := listen(t, func(*runbook.Runbook) {})
	for path, code := range map[string]int{"/api/events": 401, "/api/events?kinds=nothing": 401} {
		if res, err := h.get(plain(), auth.Nobody, path); err != nil || res.StatusCode != code {
			t.Errorf("%s without a login: %v, %v", path, res, err)
		}
	}
	if res, err := h.get(plain(), auth.Viewer, "/api/events?kinds=nothing"); err != nil || res.StatusCode != 400 {
		t.Errorf("a kind that there is not: %v, %v", res, err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	res, err := h.get(client, auth.Viewer, "/api/events?kinds=wake")
	h.must(err)
	defer res.Body.Close()
	r := bufio.NewReader(res.Body)
	next := func(want string) string {
		t.Helper()
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				t.Fatalf("%q is not there: %v", want, err)
			}
			if strings.HasPrefix(line, want) {
				return strings.TrimSpace(line)
			}
		}
	}
	next("retry:")
	h.server.o.Events.Publish(event.Event{Node: "source.usb", Body: event.Level{Device: "usb", RMS: 5}})
	evil := "</script><script>alert(1)</script>\n\nevent: end"
	h.server.o.Events.Publish(event.Event{Node: "trigger", Body: event.Wake{ID: "w1", Model: evil}})
	if got := next("event:"); got != "event: wake" {
		t.Errorf("%q comes first", got)
	}
	data := next("data:")
	var wake struct{ ID, Model string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(data, "data: ")), &wake); err != nil || wake.Model != evil || strings.Contains(data, "<script>") {
		t.Errorf("%s, %v", data, err)
	}
	h.server.o.Events.Publish(event.Event{Node: "trigger", Body: event.Wake{ID: "w2"}})
	req, err := http.NewRequest("GET", h.url+"api/events?kinds=wake", nil)
	h.must(err)
	req.Header.Set("Authorization", "Bearer "+h.tokens[auth.Viewer])
	req.Header.Set("Last-Event-ID", "2")
	again, err := client.Do(req)
	h.must(err)
	defer again.Body.Close()
	r2 := r
	r = bufio.NewReader(again.Body)
	if got := next("data:"); !strings.Contains(got, `"w2"`) {
		t.Errorf("who comes back gets %q", got)
	}
	r = r2
	who, err := h.guard.Token(h.tokens[auth.Viewer])
	h.must(err)
	h.must(h.guard.LogOut(who))
	start := time.Now()
	next("event: end")
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("the stream goes on for %v after the logout", took)
	}
}

// TestEventsOverWebSocket: the same, and what a client may say.
func TestEventsOverWebSocket(t *testing.T) {
	h := listen(t, func(rb *runbook.Runbook) { rb.Web.Origins = []string{"https://home.test"} })
	dial := func(role auth.Role, origin string) (*websocket.Conn, int) {
		header := http.Header{}
		if h.tokens[role] != "" {
			header.Set("Authorization", "Bearer "+h.tokens[role])
		}
		if origin != "" {
			header.Set("Origin", origin)
		}
		c, res, err := websocket.Dial(t.Context(), strings.Replace(h.url, "http", "ws", 1)+"api/ws?kinds=wake", &websocket.DialOptions{HTTPHeader: header})
		if err != nil {
			if res == nil {
				t.Fatal(err)
			}
			return nil, res.StatusCode
		}
		return c, 101
	}
	if _, code := dial(auth.Nobody, ""); code != 401 {
		t.Errorf("without a login: %d", code)
	}
	if _, code := dial(auth.Viewer, "https://evil.test"); code != 403 {
		t.Errorf("from another origin: %d", code)
	}
	if c, code := dial(auth.Viewer, "https://home.test"); code != 101 {
		t.Errorf("from an origin of the runbook: %d", code)
	} else {
		c.CloseNow()
	}
	c, code := dial(auth.Viewer, "")
	if code != 101 {
		t.Fatal(code)
	}
	defer c.CloseNow()
	say := func(c *websocket.Conn, text string) string {
		t.Helper()
		h.must(c.Write(t.Context(), websocket.MessageText, []byte(text)))
		_, reply, err := c.Read(t.Context())
		if err != nil {
			return "closed " + websocket.CloseStatus(err).String()
		}
		return string(reply)
	}
	if got := say(c, `{"type":"ping"}`); got != `{"type":"pong"}` {
		t.Error(got)
	}
	h.server.o.Events.Publish(event.Event{Node: "trigger", Body: event.Wake{ID: "w1"}})
	if _, text, err := c.Read(t.Context()); err != nil || !strings.Contains(string(text), `"id":"w1"`) {
		t.Errorf("%s, %v", text, err)
	}
	if got := say(c, `{"type":"subscribe","kinds":["level"]}`); got != `{"type":"subscribed"}` {
		t.Error(got)
	}
	for _, bad := range []string{"x", `{"type":"evil"}`, `{"type":"ping","more":1}`, `{"type":"subscribe","kinds":["nothing"]}`, strings.Repeat("[", 1000), `{"type":"` + strings.Repeat("x", 5000) + `"}`} {
		c, _ := dial(auth.Viewer, "")
		if got := say(c, bad); !strings.HasPrefix(got, "closed ") {
			t.Errorf("%.40q is answered with %q", bad, got)
		}
		c.CloseNow()
	}
	who, err := h.guard.Token(h.tokens[auth.Viewer])
	h.must(err)
	h.must(h.guard.LogOut(who))
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	if _, _, err := c.Read(ctx); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("after the logout: %v", err)
	}
}

// TestASlowStreamHoldsUpNobody: it loses frames and is told so.
func TestASlowStreamHoldsUpNobody(t *testing.T) {
	hub := NewHub()
	slow, quick := hub.Open(nil, 0), hub.Open(nil, 0)
	got := 0
	for n := range 10 * frameRoom {
		hub.Publish(event.Event{Body: event.Wake{ID: fmt.Sprint(n)}})
		<-quick.C
		got++
	}
	if got != 10*frameRoom || quick.Lost() != 0 {
		t.Errorf("the quick one has %d and lost %d", got, quick.Lost())
	}
	if n := slow.Lost(); n != 9*frameRoom || len(slow.C) != frameRoom {
		t.Errorf("the slow one lost %d and holds %d", n, len(slow.C))
	}
	slow.Close()
	quick.Close()
	if len(hub.streams) != 0 || len(hub.past) > history {
		t.Errorf("%d streams, %d past frames", len(hub.streams), len(hub.past))
	}
}
