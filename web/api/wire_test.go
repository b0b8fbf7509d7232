package api

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"orac/runbook"
	"orac/web/auth"
)

// escapes are segments that programs have taken for the way out of a folder, as they go over the wire.
var escapes = []string{
	"..", "../..", "../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "..%5c..%5cwindows", "%2e%2e/%2e%2e/etc/passwd", "%2e%2e%2f%2e%2e%2fweb.db", "..%252f..%252fetc%252fpasswd",
	"..;/..;/etc/passwd", "....//....//etc/passwd", "%c0%ae%c0%ae/etc/passwd", "..%00/etc/passwd", "/etc/passwd", "//etc/passwd", "%2fetc%2fpasswd", "secrets/jwt", "..%2fsecrets%2fjwt", ".%2f", "%2e", "~root", "file:%2f%2f%2fetc%2fpasswd", "\\..\\..\\x",
}

// TestPathTraversal goes by the OpenAPI document: in every parameter of every path, over a socket, so that nothing is cleaned on the
// way by whoever sends it. Nothing is found, nothing is told, and no way leads to another route that takes what was sent.
func TestPathTraversal(t *testing.T) {
	h := listen(t, func(*runbook.Runbook) {})
	const sound = "sound-0189" // of letters that no random ID of a request has
	h.app.Sounds["web"] = sound
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	h.must(json.Unmarshal(Document(Routes(), "test"), &doc))
	tried := 0
	for path, operations := range doc.Paths {
		if !strings.Contains(path, "{") {
			continue
		}
		before, rest, _ := strings.Cut(path, "{")
		_, after, _ := strings.Cut(rest, "}")
		for method := range operations {
			method = strings.ToUpper(method)
			for _, evil := range escapes {
				tried++
				got := h.exchange(method + " " + before + evil + after + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer " + h.tokens[auth.Admin] +
					"\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
				code := 0
				_, _ = fmt.Sscanf(got, "HTTP/1.1 %d", &code)
				if code < 300 || code >= 500 || strings.Contains(got, "root:") || strings.Contains(got, sound) || strings.Contains(got, h.dir) {
					t.Errorf("%s %s: %.3000s", method, before+evil+after, got)
				}
				if i := strings.Index(got, "\nLocation: "); i >= 0 && !strings.HasPrefix(got[i:], "\nLocation: /") || strings.Contains(got, "\nLocation: //") {
					t.Errorf("%s %s leads elsewhere: %s", method, before+evil+after, got)
				}
			}
		}
	}
	if tried < 200 || len(h.app.Applied) > 0 {
		t.Errorf("%d were tried, %d were applied", tried, len(h.app.Applied))
	}
}

// exchange sends bytes, and gives all that comes back.
func (h *hosted) exchange(text string) string {
	h.t.Helper()
	c, err := net.Dial("tcp", h.app.Book.Web.Listen)
	h.must(err)
	defer c.Close()
	_, err = io.WriteString(c, text)
	h.must(err)
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	got, _ := io.ReadAll(c) // an end that is no end is what the caller looks at
	return string(got)
}

// TestRapidReset (CVE-2023-44487): over one HTTP/2 connection 50 000 requests that are taken back at once keep no goroutine and no
// memory, and others are served meanwhile.
func TestRapidReset(t *testing.T) {
	h := listen(t, func(rb *runbook.Runbook) { rb.Web.TLS.SelfSigned = true })
	config := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}} // of a certificate that was made a moment ago
	c, err := tls.Dial("tcp", h.app.Book.Web.Listen, config)
	h.must(err)
	defer c.Close()
	if c.ConnectionState().NegotiatedProtocol != "h2" {
		t.Fatal("no HTTP/2")
	}
	frame := func(b *bytes.Buffer, kind, flags byte, stream uint32, payload []byte) {
		b.Write([]byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags})
		_ = binary.Write(b, binary.BigEndian, stream)
		b.Write(payload)
	}
	head := []byte{0x82, 0x84, 0x87, 0x41, 9} // GET, /, https, :authority (RFC 7541, appendix A)
	head = append(head, "localhost"...)
	var b bytes.Buffer
	b.WriteString("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	frame(&b, 4, 0, 0, nil) // SETTINGS
	go func() { _, _ = io.Copy(io.Discard, c) }()
	before := runtime.NumGoroutine()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, Timeout: 10 * time.Second}
	sent, cut := 0, false
	for n := range uint32(50_000) {
		frame(&b, 1, 0x5, 2*n+1, head)             // HEADERS, whole, and the end of the stream
		frame(&b, 3, 0, 2*n+1, []byte{0, 0, 0, 8}) // RST_STREAM, CANCEL
		if b.Len() > 16<<10 {
			_ = c.SetWriteDeadline(time.Now().Add(5 * time.Second))
			if _, err := c.Write(b.Bytes()); err != nil {
				cut = true // the server has had enough
				break
			}
			b.Reset()
			sent = int(n)
		}
	}
	res, err := h.get(client, auth.Viewer, "/api/status")
	if err != nil || res.StatusCode != 200 {
		t.Errorf("another is not served: %v, %v", res, err)
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before+20; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
	t.Logf("%d requests were taken back; cut off: %v", sent, cut)
}

// TestAFloodOfRefusalsPushesNothingOutOfTheLog: what is refused before it is looked at is no line of the log that people read.
func TestAFloodOfRefusalsPushesNothingOutOfTheLog(t *testing.T) {
	rig := newRigWith(t, func(rb *runbook.Runbook) { rb.Web.Limits.PerAddress = 20 })
	for range 1000 {
		rig.call(auth.Nobody, "GET", "/api/health", nil)
	}
	for range 1000 {
		req := rig.request(auth.Nobody, "GET", "/api/health", nil)
		req.Host, req.RemoteAddr = "evil.test", "198.51.100.1:1"
		rig.do(req)
	}
	lines := 0
	for line := range strings.Lines(rig.log.String()) {
		if strings.Contains(line, `"msg":"request"`) && !strings.Contains(line, `"level":"DEBUG"`) {
			lines++
		}
	}
	if lines != 20 {
		t.Errorf("%d lines", lines)
	}
}
