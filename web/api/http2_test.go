package api

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"orac/runbook"
	"orac/web/auth"
	"orac/web/edge"
)

// h2 is a client of HTTP/2 that sends any frames it likes.
type h2 struct {
	*hosted
	conn *tls.Conn
	b    bytes.Buffer
}

// Kinds of frames (RFC 9113, 6).
const (
	dataFrame, headersFrame, priorityFrame, resetFrame, settingsFrame, pingFrame, goAwayFrame, windowFrame, continuationFrame = 0, 1, 2, 3, 4, 6, 7, 8, 9
	endStream, endHeaders                                                                                                     = 1, 4
)

func dialH2(h *hosted) *h2 {
	h.t.Helper()
	conn, err := tls.Dial("tcp", h.app.Book.Web.Listen, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}) // a certificate that was made a moment ago
	h.must(err)
	h.t.Cleanup(func() { conn.Close() })
	if conn.ConnectionState().NegotiatedProtocol != "h2" {
		h.t.Fatal("no HTTP/2")
	}
	c := &h2{hosted: h, conn: conn}
	c.b.WriteString("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	c.frame(settingsFrame, 0, 0, nil)
	return c
}

func (c *h2) frame(kind, flags byte, stream uint32, payload []byte) {
	c.b.Write([]byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags})
	_ = binary.Write(&c.b, binary.BigEndian, stream)
	c.b.Write(payload)
}

// flush sends what was framed; an error is that the server has closed.
func (c *h2) flush() error {
	_ = c.conn.SetWriteDeadline(time.Now().Add(2 * time.Second))
	_, err := c.conn.Write(c.b.Bytes())
	c.b.Reset()
	return err
}

// flood sends a frame again and again, up to a number of bytes, and tells how many went until the server closed.
func (c *h2) flood(bytes int, next func(n uint32)) (sent int, cut bool) {
	for n := uint32(0); sent < bytes; n++ {
		next(n)
		if c.b.Len() < 32<<10 {
			continue
		}
		size := c.b.Len()
		if c.flush() != nil {
			return sent, true
		}
		sent += size
	}
	return sent, false
}

// answers reads what the server sends until it closes or a time is over: the frames by kind, and the status of the first answer
// as its index in the static table (8 is 200).
func (c *h2) answers(within time.Duration) (kinds map[byte]int, closed bool) {
	kinds = map[byte]int{}
	_ = c.conn.SetReadDeadline(time.Now().Add(within))
	for {
		var head [9]byte
		if _, err := io.ReadFull(c.conn, head[:]); err != nil {
			timeout, ok := err.(interface{ Timeout() bool })
			return kinds, !ok || !timeout.Timeout()
		}
		kinds[head[3]]++
		if _, err := io.CopyN(io.Discard, c.conn, int64(head[0])<<16|int64(head[1])<<8|int64(head[2])); err != nil {
			return kinds, true
		}
		if kinds[goAwayFrame] > 0 {
			return kinds, true
		}
	}
}

// getHead is GET / of localhost by https (RFC 7541, appendix A).
var getHead = append([]byte{0x82, 0x84, 0x87, 0x41, 9}, "localhost"...)

// literal is a header that is put into the dynamic table.
func literal(name, value string) []byte {
	b := []byte{0x40}
	for _, s := range []string{name, value} {
		b = append(append(b, integer(len(s))...), s...)
	}
	return b
}

// integer is a length of HPACK, with a prefix of 7 bits (RFC 7541, 5.1).
func integer(n int) []byte {
	if n < 127 {
		return []byte{byte(n)}
	}
	b := []byte{127}
	for n -= 127; n >= 128; n /= 128 {
		b = append(b, byte(n%128)|128)
	}
	return append(b, byte(n))
}

func overTLS(rb *runbook.Runbook) { rb.Web.TLS.SelfSigned = true }

// othersAreServed asks by another connection, and checks that nothing is left of those that attacked.
func (h *hosted) othersAreServed(what string, before int) {
	h.t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}, Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	if res, err := h.get(client, auth.Viewer, "/api/status"); err != nil || res.StatusCode != 200 || res.ProtoMajor != 2 {
		h.t.Errorf("%s: another is not served: %v, %v", what, res, err)
	}
	if n := runtime.NumGoroutine(); n > before+100 {
		h.t.Errorf("%s: %d goroutines, %d before", what, n, before)
	}
}

// TestHTTP2Floods: frames that cost the sender nothing. Go's server bounds each; this holds that our configuration leaves the
// bounds on, and that others are served meanwhile.
func TestHTTP2Floods(t *testing.T) {
	h := listen(t, overTLS)
	before := runtime.NumGoroutine()
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for name, attack := range map[string]struct {
		first func(*h2)
		next  func(c *h2, n uint32)
		cut   bool // it must be closed by the server
	}{
		"CONTINUATION without an end (CVE-2023-45288)": {
			func(c *h2) { c.frame(headersFrame, endStream, 1, getHead) },
			func(c *h2, _ uint32) { c.frame(continuationFrame, 0, 1, literal("x-a", "0123456789abcdef")) }, true,
		},
		"empty CONTINUATION": {
			func(c *h2) { c.frame(headersFrame, endStream, 1, getHead) },
			func(c *h2, _ uint32) { c.frame(continuationFrame, 0, 1, nil) }, false,
		},
		"SETTINGS (CVE-2019-9515)":        {nil, func(c *h2, _ uint32) { c.frame(settingsFrame, 0, 0, nil) }, false},
		"PING (CVE-2019-9512)":            {nil, func(c *h2, _ uint32) { c.frame(pingFrame, 0, 0, make([]byte, 8)) }, false},
		"PRIORITY (CVE-2019-9513)":        {nil, func(c *h2, n uint32) { c.frame(priorityFrame, 0, 2*n%4096+1, []byte{0, 0, 0, 0, 7}) }, false},
		"a stream that depends on itself": {nil, func(c *h2, _ uint32) { c.frame(priorityFrame, 0, 3, []byte{0, 0, 0, 3, 7}) }, false},
		"empty DATA (CVE-2019-9518)": {
			func(c *h2) {
				c.frame(headersFrame, endHeaders, 1, append([]byte{0x83, 0x44, 15}, append([]byte("/api/auth/login"), getHead[2:]...)...))
			},
			func(c *h2, _ uint32) { c.frame(dataFrame, 0, 1, nil) }, false,
		},
		"streams that go backwards":         {nil, func(c *h2, n uint32) { c.frame(headersFrame, endStream|endHeaders, 2001-2*n%1000, getHead) }, true},
		"windows beyond what is possible":   {nil, func(c *h2, _ uint32) { c.frame(windowFrame, 0, 0, []byte{0x7f, 0xff, 0xff, 0xff}) }, true},
		"frames larger than was agreed":     {nil, func(c *h2, _ uint32) { c.frame(dataFrame, 0, 1, make([]byte, 20<<10)) }, true},
		"pushes, which are no client's":     {nil, func(c *h2, _ uint32) { c.frame(5, endHeaders, 1, append([]byte{0, 0, 0, 2}, getHead...)) }, true},
		"frames of kinds that nobody knows": {nil, func(c *h2, _ uint32) { c.frame(0xbe, 0, 1, make([]byte, 64)) }, false},
	} {
		c := dialH2(h)
		if attack.first != nil {
			attack.first(c)
		}
		was := heap()
		sent, cut := c.flood(400<<10, func(n uint32) { attack.next(c, n) })
		if attack.cut && !cut {
			_, cut = c.answers(2 * time.Second)
		}
		if attack.cut && !cut {
			t.Errorf("%s: %d bytes are taken", name, sent)
		}
		if now := heap(); now > was+32<<20 {
			t.Errorf("%s: %d MiB of memory", name, (now-was)>>20)
		}
		h.othersAreServed(name, before)
		c.conn.Close()
	}
}

// TestHeaderBombs: a header of 4 KB that is put into the table once and then named by a byte each time is 4 MB of headers from 1 KB.
// No request is made of it, over HTTP/2 or over HTTP/1.
func TestHeaderBombs(t *testing.T) {
	h := listen(t, overTLS)
	before := runtime.NumGoroutine()
	requests := func() int { return bytes.Count([]byte(h.text()), []byte(`"msg":"request"`)) }
	had := requests()
	c := dialH2(h)
	block := append([]byte{}, getHead...)
	block = append(block, literal("x-bomb", string(bytes.Repeat([]byte("b"), 3000)))...)
	c.frame(headersFrame, endStream|endHeaders, 1, block)
	block = append(append([]byte{}, getHead...), bytes.Repeat([]byte{0x80 | 62}, 10_000)...) // the newest of the dynamic table
	c.frame(headersFrame, endStream|endHeaders, 3, block)
	h.must(c.flush())
	kinds, _ := c.answers(300 * time.Millisecond)
	if n := requests() - had; n > 1 {
		t.Errorf("%d requests are made of the bomb; answers %v", n, kinds)
	}
	h.othersAreServed("HPACK", before)
}

// text is the log so far.
func (h *hosted) text() string { return h.logged.String() }

// TestWhatTheServerSettles: what it tells a client that it takes: 64 requests at a time, and heads that are not much larger than
// those of HTTP/1. A client that asks for more is refused those.
func TestWhatTheServerSettles(t *testing.T) {
	h := listen(t, overTLS)
	c := dialH2(h)
	h.must(c.flush())
	_ = c.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	var head [9]byte
	_, err := io.ReadFull(c.conn, head[:])
	h.must(err)
	payload := make([]byte, int(head[1])<<8|int(head[2]))
	_, err = io.ReadFull(c.conn, payload)
	h.must(err)
	if head[3] != settingsFrame {
		t.Fatalf("the first frame is %v", head)
	}
	settled := map[uint16]uint32{}
	for ; len(payload) >= 6; payload = payload[6:] {
		settled[binary.BigEndian.Uint16(payload)] = binary.BigEndian.Uint32(payload[2:])
	}
	if settled[3] != 64 || settled[6] < 16<<10 || settled[6] > 32<<10 || settled[5] > 1<<20 {
		t.Errorf("streams, header list, frame: %d, %d, %d", settled[3], settled[6], settled[5])
	}
	before := runtime.NumGoroutine()
	for n := range uint32(1000) { // each waits for its body
		c.frame(headersFrame, endHeaders, 2*n+1, slices.Concat([]byte{0x83, 0x44, 15}, []byte("/api/auth/login"), getHead[2:], literal("content-type", "application/json")))
	}
	_ = c.flush() // the server may close before all is sent
	kinds, closed := c.answers(300 * time.Millisecond)
	if !closed && kinds[resetFrame] < 1000-64 {
		t.Errorf("1000 streams are taken: %v", kinds)
	}
	if n := runtime.NumGoroutine(); n > before+200 {
		t.Errorf("%d goroutines, %d before", n, before)
	}
	h.othersAreServed("many streams", before)
}

// TestWhoReadsNothingIsCutOff: an HTTP/2 client opens its windows wide, asks for megabytes, and reads nothing. Its connection ends,
// although it is somebody's.
func TestWhoReadsNothingIsCutOff(t *testing.T) {
	h := listen(t, overTLS, edge.Bounds{Write: time.Second / 5})
	h.must(os.WriteFile(filepath.Join(h.dir, "simulations", "1.html"), bytes.Repeat([]byte("0123456789abcdef"), 1<<19), 0o600))
	c := dialH2(h)
	c.frame(settingsFrame, 0, 0, []byte{0, 4, 0x7f, 0xff, 0xff, 0xff})
	c.frame(windowFrame, 0, 0, []byte{0x7f, 0, 0, 0})
	const path = "/api/simulations/1/report"
	head := append(append([]byte{0x82, 0x44, byte(len(path))}, path...), getHead[2:]...)
	c.frame(headersFrame, endStream|endHeaders, 1, append(head, literal("authorization", "Bearer "+h.tokens[auth.Admin])...))
	h.must(c.flush())
	open := func() bool { // a closed connection accepts nothing more
		c.frame(pingFrame, 0, 0, make([]byte, 8))
		return c.flush() == nil
	}
	for deadline := time.Now().Add(30 * time.Second); open(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the connection is there still")
		}
	}
}
