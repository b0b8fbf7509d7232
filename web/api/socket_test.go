package api

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"orac/appliance/event"
	"orac/runbook"
	"orac/runbook/language"
	"orac/web/auth"
	"orac/web/gate"
	"orac/web/schema"
)

func wakeEvent(id string) event.Event {
	return event.Event{Node: "trigger", Body: event.Wake{ID: id}}
}

// raw sends bytes over a socket, and gives the status of each answer until the server closes or says nothing more.
func (h *hosted) raw(text string) (codes []int) {
	const patience = 500 * time.Millisecond // until nothing more comes
	h.t.Helper()
	c, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(h.url, "http://"), "/"))
	h.must(err)
	defer c.Close()
	_, err = io.WriteString(c, text)
	h.must(err)
	_ = c.SetReadDeadline(time.Now().Add(patience))
	r := bufio.NewReader(c)
	for {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			return codes
		}
		codes = append(codes, res.StatusCode)
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			return codes
		}
	}
}

// TestSmuggling: where two readers of one stream of bytes could see different requests, there is one answer and no other.
func TestSmuggling(t *testing.T) {
	h := listen(t, func(*runbook.Runbook) {})
	const host = "Host: localhost\r\n"
	const hidden = "GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
	var ended sync.WaitGroup
	defer ended.Wait()
	post := "POST /api/auth/refresh HTTP/1.1\r\n" + host + "Content-Type: application/json\r\n"
	for name, c := range map[string]struct {
		text string
		want []int
	}{
		"one after another":          {hidden + hidden, []int{200, 200}}, // what is told apart: the socket does take two
		"length twice, different":    {post + "Content-Length: 2\r\nContent-Length: 60\r\n\r\n{}" + hidden, []int{400}},
		"a length with a sign":       {post + "Content-Length: +2\r\n\r\n{}" + hidden, []int{400}},
		"a length that is none":      {post + "Content-Length: 2,2x\r\n\r\n{}" + hidden, []int{400}},
		"an unknown coding":          {post + "Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + hidden, []int{501}},
		"two codings":                {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + hidden, []int{501}},
		"white space before a colon": {"GET /api/health HTTP/1.1\r\n" + host + "Content-Length : 5\r\n\r\n" + hidden, []int{400}},
		"a folded header":            {"GET /api/health HTTP/1.1\r\n" + host + "X-A: b\r\n c: d\r\n\r\n", []int{200}},
		"a line end in a header":     {"GET /api/health HTTP/1.1\r\n" + host + "X-A: b\rX-Evil: 1\r\n\r\n", []int{400}},
		"a zero byte":                {"GET /api/health HTTP/1.1\r\n" + host + "X-A: b\x00c\r\n\r\n", []int{400}},
		"no host":                    {"GET /api/health HTTP/1.1\r\n\r\n", []int{400}},
		"two hosts":                  {"GET /api/health HTTP/1.1\r\n" + host + "Host: evil.test\r\n\r\n", []int{400}},
		"a whole address":            {"GET http://evil.test/api/health HTTP/1.1\r\n" + host + "\r\n", []int{421}},
		"a chunk too long":           {post + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n{}\r\n0\r\n\r\n" + hidden, []int{400}},
		"a large cookie":             {"GET /api/health HTTP/1.1\r\n" + host + "Cookie: orac_session=" + strings.Repeat("a", 32<<10) + "\r\n\r\n", []int{431}},
		"many headers":               {"GET /api/health HTTP/1.1\r\n" + host + strings.Repeat("X-A: b\r\n", 10_000) + "\r\n", []int{431}},
		"TRACE":                      {"TRACE /api/health HTTP/1.1\r\n" + host + "\r\n", []int{405}},
		"CONNECT":                    {"CONNECT localhost:22 HTTP/1.1\r\n" + host + "\r\n", []int{421, 404, 405}},
	} {
		ended.Go(func() { // most wait for an answer that does not come
			got := h.raw(c.text)
			switch {
			case name == "CONNECT":
				if len(got) == 0 || got[0] < 400 {
					t.Errorf("%s: %v", name, got)
				}
			case fmt.Sprint(got) != fmt.Sprint(c.want):
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		})
	}
	// Both a length and chunks: the chunks count (RFC 9112, 6.3), and what follows them is the next request, not part of the body.
	if got := h.raw(post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + hidden); len(got) == 0 || got[0] != 400 || len(got) == 2 && got[1] != 200 || len(got) > 2 {
		t.Errorf("length and chunks: %v", got)
	}
}

// TestARefusedRequestHoldsNothing: who is refused before the body is looked at, and never sends it, is cut off as all are.
func TestARefusedRequestHoldsNothing(t *testing.T) {
	h := listen(t, func(rb *runbook.Runbook) { rb.Web.RequestTimeout = time.Second / 4; rb.Web.Limits.PerAddress = 3 })
	for name, head := range map[string]string{
		"from another origin": "Host: localhost\r\nOrigin: https://evil.test\r\n", "for another host": "Host: evil.test\r\n", "too much": "Host: localhost\r\n", "far too much": "Host: localhost\r\n",
	} {
		c, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(h.url, "http://"), "/"))
		h.must(err)
		_, err = io.WriteString(c, "POST /api/auth/login HTTP/1.1\r\n"+head+"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
		h.must(err)
		start := time.Now()
		_ = c.SetReadDeadline(start.Add(8 * time.Second))
		if _, err := io.ReadAll(c); err != nil {
			t.Errorf("%s: held for %v: %v", name, time.Since(start), err)
		}
		c.Close()
	}
}

// TestDNSRebinding: a page of another site whose name leads here gets nothing, whatever it asks, over plain HTTP and TLS.
func TestDNSRebinding(t *testing.T) {
	h := listen(t, func(rb *runbook.Runbook) { rb.Web.Hosts = []string{"orac.home.test"} })
	_, port, err := net.SplitHostPort(h.app.Book.Web.Listen)
	h.must(err)
	for host, want := range map[string]int{
		"localhost": 200, "LOCALHOST:" + port: 200, "localhost.": 200, "127.0.0.1:" + port: 200, "127.1.2.3": 200, "[::1]:" + port: 200, "192.0.2.7": 200, "orac.home.test": 200, "Orac.Home.Test:443": 200,
		"orac.localhost": 200, "evil.test": 421, "evil.test:" + port: 421, "127.0.0.1.evil.test": 421, "localhost.evil.test": 421, "evillocalhost": 421, "sub.orac.home.test": 421, "orac.home.test.evil.test": 421,
		"0x7f.1": 421, "2130706433": 421, "127.1": 421, "localhost:1:2": 421, "-": 421,
	} {
		for _, path := range []string{"/api/health", "/login", "/static/x", "/nothing"} {
			req, err := http.NewRequest("GET", h.url[:len(h.url)-1]+path, nil)
			h.must(err)
			req.Host = host
			client := plain()
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			res, err := client.Do(req)
			h.must(err)
			if (res.StatusCode == 421) != (want == 421) {
				t.Errorf("%s of %s: %d", path, host, res.StatusCode)
			}
			if text, _ := io.ReadAll(res.Body); want == 421 && !strings.Contains(string(text), `"code":"wrong-host"`) {
				t.Errorf("%s of %s: %s", path, host, text)
			}
			client.CloseIdleConnections()
		}
	}
	if got := h.raw("GET /api/health HTTP/1.0\r\n\r\n"); fmt.Sprint(got) != "[200]" {
		t.Errorf("HTTP/1.0 without a host: %v", got)
	}
}

// TestUploads: nothing takes any: neither archives, nor sound, nor forms with files, by no route of the API.
func TestUploads(t *testing.T) {
	rig := newRigWith(t, func(rb *runbook.Runbook) { rb.Web.Limits.Admin = 100_000 })
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	f, err := m.CreateFormFile("file", "../../bomb.zip")
	rig.must(err)
	_, err = f.Write([]byte("PK\x03\x04"))
	rig.must(err)
	rig.must(m.Close())
	for _, r := range Routes() {
		if r.Body == nil {
			continue
		}
		for kind, body := range map[string]string{
			"application/zip": "PK\x03\x04", "application/gzip": "\x1f\x8b", "audio/wav": "RIFF\xff\xff\xff\xffWAVE", "application/octet-stream": "x", m.FormDataContentType(): form.String(),
		} {
			req := rig.request(auth.Admin, r.Method, pathOf(t, r, rig), body)
			req.Header.Set("Content-Type", kind)
			rig.problem(r.Name+" as "+kind, rig.do(req), schema.WrongType)
		}
		packed := rig.request(auth.Admin, r.Method, pathOf(t, r, rig), "\x1f\x8b\x08")
		packed.Header.Set("Content-Encoding", "gzip")
		rig.problem(r.Name+" packed", rig.do(packed), schema.BadJSON)
	}
}

// TestFormBombs: a form of a page with more than the bound, with ten thousand parts or fields, is refused, and costs little.
func TestFormBombs(t *testing.T) {
	rig := newRig(t)
	var parts bytes.Buffer
	m := multipart.NewWriter(&parts)
	for n := range 10_000 {
		rig.must(m.WriteField(fmt.Sprint("f", n), "x"))
	}
	rig.must(m.Close())
	for name, c := range map[string][2]string{
		"too large":   {"application/x-www-form-urlencoded", "username=" + strings.Repeat("a", 2<<20)},
		"parts":       {m.FormDataContentType(), parts.String()},
		"no end":      {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n" + strings.Repeat("a", 512<<10)},
		"fields":      {"application/x-www-form-urlencoded", strings.Repeat("a=b&", 100_000)},
		"no boundary": {"multipart/form-data", "x"},
	} {
		req := rig.request(auth.Nobody, "POST", "/login", c[1])
		req.Header.Set("Content-Type", c[0])
		start := time.Now()
		w := rig.do(req)
		if want := map[string]int{"too large": 413, "fields": 400}[name]; want != 0 && w.Code != want || want == 0 && w.Code != 415 || len(w.Result().Cookies()) > 0 {
			t.Errorf("%s: %d", name, w.Code)
		}
		if took := time.Since(start); took > 3*time.Second { // nobody's password was compared
			t.Errorf("%s takes %v", name, took)
		}
	}
}

// TestStreamsEndWithWhatTheyCameFrom: with another role, another password, without the user, and with the key that was revoked,
// by Server-Sent Events and by WebSocket alike: both ask still.
func TestStreamsEndWithWhatTheyCameFrom(t *testing.T) {
	for name, end := range map[string]func(*hosted){
		"another role": func(h *hosted) {
			h.users(func(list []runbook.User) []runbook.User { list[0].Role = "operator"; return list })
		},
		"another password": func(h *hosted) {
			h.users(func(list []runbook.User) []runbook.User {
				list[0].PasswordHash = language.NewSecret(strings.Replace(cheapHash(), "$2a$", "$2b$", 1))
				return list
			})
		},
		"no user":                func(h *hosted) { h.users(func(list []runbook.User) []runbook.User { return list[1:] }) },
		"logged out everywhere":  func(h *hosted) { h.must(h.guard.DB.LogOutEverywhere("viewer")) },
		"the key is revoked":     func(h *hosted) { _, err := h.guard.DB.RevokeKey(h.key); h.must(err) },
		"the token has expired":  func(*hosted) {},
		"the session is deleted": func(h *hosted) { h.must(h.guard.DB.LogOutEverywhere("viewer")) },
	} {
		t.Run(name, func(t *testing.T) {
			h := listen(t, func(*runbook.Runbook) {})
			header := http.Header{}
			switch name {
			case "the key is revoked":
				k, text, err := h.guard.DB.CreateKey("k", auth.Viewer, time.Hour)
				h.must(err)
				h.key = k.ID
				header.Set("Authorization", "Bearer "+text)
			case "the token has expired":
				token, err := h.guard.Issue(h.vouch("viewer"), -3*time.Second) // what clocks may differ by is left
				h.must(err)
				header.Set("Authorization", "Bearer "+token.Token)
			case "the session is deleted":
				w := h.call(auth.Nobody, "POST", "/api/auth/login", LoginInput{"viewer", password, true})
				header.Set("Cookie", w.Result().Cookies()[0].Name+"="+w.Result().Cookies()[0].Value)
			default:
				header.Set("Authorization", "Bearer "+h.tokens[auth.Viewer])
			}
			req, err := http.NewRequest("GET", h.url+"api/events?kinds=wake", nil)
			h.must(err)
			req.Header = header
			res, err := (&http.Client{Transport: &http.Transport{}}).Do(req)
			h.must(err)
			defer res.Body.Close()
			if res.StatusCode != 200 {
				t.Fatal(res.StatusCode)
			}
			end(h)
			start := time.Now()
			guard := time.AfterFunc(9*time.Second, func() { res.Body.Close() })
			defer guard.Stop()
			text, _ := io.ReadAll(res.Body)
			if took := time.Since(start); !bytes.Contains(text, []byte("event: end")) || took > 8*time.Second {
				t.Errorf("after %v: %q", took, text)
			}
		})
	}
}

// users puts other users into force.
func (h *hosted) users(change func([]runbook.User) []runbook.User) {
	rb := *h.app.Book
	rb.Users = change(append([]runbook.User{}, rb.Users...))
	h.server.Use(&rb)
}

// TestStreamsAreShared: however many take all that they get, who comes next gets one, and admins have some of their own.
func TestStreamsAreShared(t *testing.T) {
	rig := newRigWith(t, func(rb *runbook.Runbook) { rb.Web.Limits.MaxConnections = 100 })
	enter := func(who auth.Identity) error { return (&Call{Server: rig.server, Call: gate.Call{Who: who}}).enter() }
	viewer := func(n int) auth.Identity {
		return auth.Identity{Kind: auth.User, Name: fmt.Sprint("viewer", n), Role: auth.Viewer}
	}
	var all []auth.Identity
	fill := func(who auth.Identity) (n int) {
		for ; n < 200 && enter(who) == nil; n++ {
			all = append(all, who)
		}
		return n
	}
	most := rig.server.maxStreams()
	for greedy := range 5 {
		if n := fill(viewer(greedy)); n == 0 || n > (most+1)/2 {
			t.Errorf("viewer %d has %d of %d streams", greedy, n, most)
		}
	}
	for n := 5; enter(viewer(n)) == nil; n++ {
		all = append(all, viewer(n))
	}
	if n := len(all); n >= most {
		t.Errorf("viewers have %d of %d", n, most)
	}
	for n := range 3 {
		admin := auth.Identity{Kind: auth.User, Name: fmt.Sprint("admin", n), Role: auth.Admin}
		if fill(admin) == 0 {
			t.Errorf("admin %d has none", n)
		}
	}
	for _, who := range all {
		rig.server.streams.Leave(who)
	}
	if n := rig.server.streams.Taken(); n != 0 {
		t.Errorf("%d are left", n)
	}
}

// TestSoundIsNoPage: what is recorded is sent as sound, is not guessed to be anything else, and is kept nowhere.
func TestSoundIsNoPage(t *testing.T) {
	rig := newRig(t)
	rig.app.Sounds[soundID] = "<html><script>alert(1)</script>"
	h := rig.call(auth.Operator, "GET", "/api/utterances/"+soundID+"/audio", nil).Header()
	for name, want := range map[string]string{
		"Content-Type": "audio/wav", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Content-Disposition": `inline; filename="` + soundID + `.wav"`, "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if h.Get(name) != want {
			t.Errorf("%s is %q", name, h.Get(name))
		}
	}
	for _, path := range []string{"/api/status", "/api/auth/me", "/api/users", "/api/keys", "/login", "/api/audit/export", "/api/openapi.json"} {
		if got := rig.call(auth.Admin, "GET", path, nil).Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s may be kept: %q", path, got)
		}
	}
	var doc map[string]any
	rig.must(json.Unmarshal(rig.call(auth.Nobody, "GET", "/api/openapi.json", nil).Body.Bytes(), &doc))
}

// TestWhatIsOverIsSweptAtTheStart: an appliance that is started anew every day keeps no rows for ever.
func TestWhatIsOverIsSweptAtTheStart(t *testing.T) {
	rig := newRig(t)
	db, err := sql.Open("sqlite", filepath.Join(rig.dir, auth.DBName))
	rig.must(err)
	defer db.Close()
	_, err = db.Exec("INSERT INTO sessions VALUES ('old', 'anna', x'00', 1, -1), ('new', 'anna', x'00', ?, ?)", time.Now().Add(time.Hour).UnixMicro(), time.Hour.Microseconds())
	rig.must(err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); rig.server.Keep(ctx) }()
	defer func() { cancel(); <-ended }()
	for n := 0; ; n++ {
		var left string
		rig.must(db.QueryRow("SELECT group_concat(token) FROM sessions").Scan(&left))
		if left == "new" {
			break
		}
		if n == 500 {
			t.Fatalf("%s are left", left)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestAWebSocketIsHeardAtItsPace: who says more than twenty messages a second waits.
func TestAWebSocketIsHeardAtItsPace(t *testing.T) {
	h := listen(t, func(*runbook.Runbook) {})
	c, _, err := websocket.Dial(t.Context(), strings.Replace(h.url, "http", "ws", 1)+"api/ws?kinds=wake", &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + h.tokens[auth.Viewer]}}})
	h.must(err)
	defer c.CloseNow()
	start := time.Now()
	for range 10 {
		h.must(c.Write(t.Context(), websocket.MessageText, []byte(`{"type":"ping"}`)))
	}
	for range 10 {
		_, _, err := c.Read(t.Context())
		h.must(err)
	}
	if took := time.Since(start); took < 9*messagePace {
		t.Errorf("10 messages were heard within %v", took)
	}
}
