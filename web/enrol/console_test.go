package enrol

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"orac/appliance/house"
	"orac/runbook/testkit"
)

// TestTheIssuerKnowsAMembersConsole by its certificate of the house, which names the member and no other one.
func TestTheIssuerKnowsAMembersConsole(t *testing.T) {
	i := newIssuer(t)
	own, err := i.Own(i.rb)
	testkit.Must(t, err)
	h := house.In(t.TempDir())
	testkit.Must(t, h.Keep(own))
	console := func(b *house.Bundle) string {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "here") }))
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{b.Leaf.Raw}, PrivateKey: b.Key}}}
		s.StartTLS()
		t.Cleanup(s.Close)
		return s.URL
	}
	hall := console(i.joined(t, "hall"))
	stranger := newIssuer(t)
	for _, c := range []struct {
		at, member string
		good       bool
	}{{hall, "hall", true}, {hall, "kitchen", false}, {console(stranger.joined(t, "hall")), "hall", false}, {i.url, "hall", false}} {
		dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, strings.TrimPrefix(c.at, "https://"))
		}
		answer, err := (&http.Client{Transport: &http.Transport{DialTLSContext: h.DialerTo(c.member, dial, time.Minute)}}).Get("https://kitchen.local:7171")
		if err == nil {
			_ = answer.Body.Close()
		}
		if (err == nil) != c.good {
			t.Errorf("%s of %s: %v", c.at, c.member, err)
		}
	}
}
