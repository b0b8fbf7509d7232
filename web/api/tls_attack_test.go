package api

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestOldTLSIsRefused: SSL 3.0, TLS 1.0 and 1.1, as a client offers them that has no better, are answered by an alert; and so is
// plain text. The client's hello is written by hand: the library's has no versions as old.
func TestOldTLSIsRefused(t *testing.T) {
	h := listen(t, overTLS)
	for name, c := range map[string]struct {
		version uint16
		good    bool
	}{"SSL 3.0": {0x300, false}, "TLS 1.0": {0x301, false}, "TLS 1.1": {0x302, false}, "TLS 1.2": {0x303, true}, "TLS 9.9, which falls back": {0x999, true}} {
		conn, err := net.Dial("tcp", h.app.Book.Web.Listen)
		h.must(err)
		_, err = conn.Write(helloOf(c.version))
		h.must(err)
		_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
		var head [7]byte
		_, err = io.ReadFull(conn, head[:])
		switch { // 22: a handshake goes on; 21: an alert, 70: of the version
		case c.good && (err != nil || head[0] != 22):
			t.Errorf("%s: %v, %v", name, head, err)
		case !c.good && (err != nil || head[0] != 21 || head[6] != 70):
			t.Errorf("%s is not refused for its version: %v, %v", name, head, err)
		}
		conn.Close()
	}
}

// helloOf is a ClientHello of a version, with ciphers and extensions that are as good as can be.
func helloOf(version uint16) []byte {
	var body bytes.Buffer
	w := func(v any) { _ = binary.Write(&body, binary.BigEndian, v) }
	w(version)
	body.Write(make([]byte, 32)) // random
	w(uint8(0))                  // no session
	ciphers := []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_128_CBC_SHA}
	w(uint16(2 * len(ciphers)))
	w(ciphers)
	w([]uint8{1, 0}) // no compression
	extensions := []uint16{
		10, 4, 2, 23, // groups: P-256
		13, 4, 2, 0x0403, // signatures: ECDSA with P-256 and SHA-256
	}
	w(uint16(2*len(extensions) + 6))
	w(extensions)
	w([]uint8{0, 11, 0, 2, 1, 0}) // points: uncompressed
	return slices.Concat([]byte{22, 3, byte(min(version&0xff, 1)), byte((body.Len() + 4) >> 8), byte(body.Len() + 4)}, []byte{1, 0, byte(body.Len() >> 8), byte(body.Len())}, body.Bytes())
}

// tapped notes what the server sends before anything is encrypted.
type tapped struct {
	net.Conn
	got bytes.Buffer
}

func (c *tapped) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.got.Write(b[:n])
	return n, err
}

// TestRenegotiationIsRefused: a client of TLS 1.2 that begins another handshake inside of the first, as plain injection (CVE-2009-3555)
// and floods of handshakes do, is cut off. Its records are sealed by hand: the library's client never asks for it.
func TestRenegotiationIsRefused(t *testing.T) {
	h := listen(t, overTLS)
	for name, c := range map[string]struct {
		kind byte
		text []byte
		good bool
	}{
		"a request":      {23, []byte("GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n"), true}, // that the records are good
		"a ClientHello":  {22, helloOf(0x303)[5:], false},
		"a HelloRequest": {22, []byte{0, 0, 0, 0}, false},
	} {
		conn, err := net.Dial("tcp", h.app.Book.Web.Listen)
		h.must(err)
		tap, keys := &tapped{Conn: conn}, &bytes.Buffer{}
		client := tls.Client(tap, &tls.Config{
			InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, KeyLogWriter: keys, NextProtos: []string{"http/1.1"},
			CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}, SessionTicketsDisabled: true,
		})
		h.must(client.Handshake())
		if got := client.ConnectionState().NegotiatedProtocol; got != "http/1.1" {
			t.Errorf("ALPN gives %q", got)
		}
		record, err := seal(keys.String(), tap.got.Bytes(), c.kind, c.text)
		h.must(err)
		_, err = conn.Write(record)
		h.must(err)
		_ = conn.SetReadDeadline(time.Now().Add(3 * time.Second))
		if c.good {
			_ = conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		}
		answer, err := io.ReadAll(conn)
		timeout, ok := err.(interface{ Timeout() bool })
		held := ok && timeout.Timeout()
		switch {
		case c.good && (len(answer) == 0 || answer[0] != 23):
			t.Errorf("%s is not answered: %v, %v", name, answer, err)
		case !c.good && held:
			t.Errorf("%s: the connection stays open", name)
		case !c.good && bytes.IndexByte(answer, 22) == 0:
			t.Errorf("%s: another handshake begins", name)
		}
		conn.Close()
	}
}

// seal makes the second record that a client of TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 sends after the first handshake (RFC 5246, RFC
// 5288), from what the library logs for debuggers and from what the server has sent.
func seal(keyLog string, sent []byte, kind byte, text []byte) ([]byte, error) {
	fields := strings.Fields(keyLog) // CLIENT_RANDOM random master
	if len(fields) != 3 || len(sent) < 43 || sent[5] != 2 {
		return nil, fmt.Errorf("no keys or no hello: %q", keyLog)
	}
	clientRandom, err1 := hex.DecodeString(fields[1])
	master, err2 := hex.DecodeString(fields[2])
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	serverRandom := sent[11:43]
	block := prf(master, slices.Concat([]byte("key expansion"), serverRandom, clientRandom), 40)
	key, salt := block[:16], block[32:36]
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(b)
	if err != nil {
		return nil, err
	}
	sequence := []byte{0, 0, 0, 0, 0, 0, 0, 1} // Finished was 0
	with := slices.Concat(sequence, []byte{kind, 3, 3, byte(len(text) >> 8), byte(len(text))})
	sealed := gcm.Seal(nil, slices.Concat(salt, sequence), text, with)
	size := len(sequence) + len(sealed)
	return slices.Concat([]byte{kind, 3, 3, byte(size >> 8), byte(size)}, sequence, sealed), nil
}

// prf is that of TLS 1.2 (RFC 5246, 5).
func prf(secret, seed []byte, n int) (out []byte) {
	sum := func(data []byte) []byte {
		m := hmac.New(sha256.New, secret)
		m.Write(data)
		return m.Sum(nil)
	}
	for a := sum(seed); len(out) < n; a = sum(a) {
		out = append(out, sum(slices.Concat(a, seed))...)
	}
	return out[:n]
}

// TestALPN: h2 and HTTP/1.1 are offered, and who wants neither gets no connection that speaks something else.
func TestALPN(t *testing.T) {
	h := listen(t, overTLS)
	for _, c := range []struct {
		offered []string
		want    string
		good    bool
	}{
		{[]string{"h2", "http/1.1"}, "h2", true}, {[]string{"http/1.1", "h2"}, "h2", true}, {[]string{"http/1.1"}, "http/1.1", true}, {nil, "", true},
		{[]string{"spdy/3"}, "", false}, {[]string{"acme-tls/1"}, "", false}, {[]string{"imap", "ftp"}, "", false}, // ALPACA
	} {
		conn, err := tls.Dial("tcp", h.app.Book.Web.Listen, &tls.Config{InsecureSkipVerify: true, NextProtos: c.offered})
		if (err == nil) != c.good {
			t.Errorf("%v: %v", c.offered, err)
			continue
		}
		if err == nil {
			if got := conn.ConnectionState().NegotiatedProtocol; got != c.want {
				t.Errorf("%v gives %q", c.offered, got)
			}
			conn.Close()
		}
	}
}
