package stt

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"orac/appliance/rt"
	"orac/appliance/stt/stttest"
	"orac/appliance/stt/wire"
)

// TestAHostileServiceOverTLS: a service that cannot show that it is the one of the address gets neither token nor sound. No side
// renegotiates: Go's client refuses to, unless it is configured to.
func TestAHostileServiceOverTLS(t *testing.T) {
	ours, others := newAuthority(t), newAuthority(t)
	good := ours.issue("server")
	like := func(name string, change func(*x509.Certificate)) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{ours.issueAs(name, change)}}
	}
	for name, c := range map[string]struct {
		tls   *tls.Config
		words string
	}{
		"expired": {like("expired", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), "expired"},
		"not yet": {like("early", func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }), "not yet valid"},
		"another name": {like("other", func(c *x509.Certificate) {
			c.IPAddresses, c.DNSNames = nil, []string{"elsewhere.example"}
		}), "certificate"},
		"many names": {like("many", func(c *x509.Certificate) {
			c.IPAddresses, c.DNSNames = nil, strings.Split(strings.Repeat("x.example,", 300)+"x", ",")
		}), "certificate"},
		"no name":           {like("none", func(c *x509.Certificate) { c.IPAddresses = nil }), "certificate"},
		"for clients only":  {like("client", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), "certificate"},
		"another authority": {&tls.Config{Certificates: []tls.Certificate{others.issue("server")}}, "unknown authority"},
		"TLS 1.0":           {&tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, "protocol version"},
		"TLS 1.1":           {&tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, "protocol version"},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was given something") }))
			s.TLS, s.Config.ErrorLog = c.tls, log.New(io.Discard, "", 0)
			s.StartTLS()
			defer s.Close()
			o := newOrac(t, OracConfig{URL: s.URL, Timeout: DefaultTimeout, Token: secret("hush"), TLS: wire.TLS{CA: ours.path("ca.pem")}})
			got, err := transcribe(t, o, voice(16000))
			wantHeld(t, got, err, Unreachable)
			if !strings.Contains(err.Error(), c.words) {
				t.Errorf("%v, which says nothing of %s", err, c.words)
			}
			got, err = streamAll(t, o, voice(12800))
			wantHeld(t, got, err, Unreachable)
		})
	}
	for name, bytes := range map[string]string{"silence": "", "no TLS": "HTTP/1.1 200 OK\r\n\r\nhush", "an alert": "\x15\x03\x03\x00\x02\x02\x28", "a record too long": "\x16\x03\x03\xff\xff" + strings.Repeat("x", 1<<16)} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				for c, err := l.Accept(); err == nil; c, err = l.Accept() {
					go stttest.Holds(bytes)(c, bufio.NewReader(c), nil)
				}
			}()
			o := newOrac(t, OracConfig{URL: "https://" + l.Addr().String(), Timeout: patience, Token: secret("hush"), TLS: wire.TLS{CA: ours.path("ca.pem")}})
			got, err := alone(t, func(task *rt.Task) (Result, error) { return o.Transcribe(task, said, voice(16000)) })
			wantHeld(t, got, err, Unreachable, Timeout)
		})
	}
}
