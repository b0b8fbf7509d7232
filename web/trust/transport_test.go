package trust

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestTheTransportShowsACertificate to a server that asks for one, and asks anew for it at each connection.
func TestTheTransportShowsACertificate(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.String())
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	s.StartTLS()
	defer s.Close()
	sum := sha256.Sum256(s.Certificate().Raw)
	pin := hex.EncodeToString(sum[:])
	asked := 0
	show := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		asked++
		return &s.TLS.Certificates[0], nil
	}
	for _, c := range []struct {
		pin  string
		show Show
		good bool
	}{{pin, show, true}, {pin, nil, false}} {
		tr, err := Transport("", c.pin, c.show)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			answer, err := (&http.Client{Transport: tr}).Get(s.URL)
			if good := err == nil; good != c.good {
				t.Errorf("%v", err)
			}
			if err == nil {
				answer.Body.Close()
			}
			tr.CloseIdleConnections()
		}
	}
	if asked != 2 {
		t.Errorf("asked for the certificate %d times", asked)
	}
	if _, err := Transport("ca.pem", pin, nil); err == nil || !strings.Contains(err.Error(), "only one") {
		t.Errorf("both ca and fingerprint: %v", err)
	}
}
