package peers

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"orac/appliance/house"
	"orac/web/auth"
)

// TestATokenIsOfItsMember: that of member A is good for nobody who shows the certificate of B, and a person is no machine.
func TestATokenIsOfItsMember(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{NotAfter: time.Now().Add(time.Hour), URIs: []*url.URL{house.Member{Issuer: "core.local", Name: "hall"}.URI()}}}}
	for _, c := range []struct {
		who  auth.Identity
		good bool
	}{
		{auth.Identity{}, true}, {auth.Identity{Kind: auth.Service, Name: "hall"}, true}, {auth.Identity{Kind: auth.CoreService, Name: "hall"}, true},
		{auth.Identity{Kind: auth.Key, Name: "hall"}, true}, {auth.Identity{Kind: auth.Peer, Name: "hall"}, true},
		{auth.Identity{Kind: auth.Service, Name: "cellar"}, false}, {auth.Identity{Kind: auth.CoreService, Name: "cellar"}, false}, {auth.Identity{Kind: auth.Key, Name: "cellar"}, false},
		{auth.Identity{Kind: auth.Peer, Name: "cellar"}, false}, {auth.Identity{Kind: auth.User, Name: "hall"}, false}, {auth.Identity{Kind: auth.CoreUser, Name: "hall"}, false},
	} {
		who, err := ofMember(c.who, r, nil)
		if good := err == nil; good != c.good || good && who.Subject() != c.who.Subject() || !good && who.Known() {
			t.Errorf("%s: %v, %v", c.who.Subject(), who.Subject(), err)
		}
	}
	gone := func(house.Member, *x509.Certificate) error { return errors.New("removed") }
	if _, err := ofMember(auth.Identity{Kind: auth.Service, Name: "hall"}, r, gone); err == nil {
		t.Error("a member that has left")
	}
	r.TLS.PeerCertificates[0].NotAfter = time.Now().Add(-time.Second)
	if _, err := ofMember(auth.Identity{Kind: auth.Service, Name: "hall"}, r, nil); err == nil {
		t.Error("a certificate that has expired since the connection was made")
	}
	r.TLS.PeerCertificates = nil
	if _, err := ofMember(auth.Identity{Kind: auth.Service, Name: "hall"}, r, nil); err == nil {
		t.Error("without a certificate")
	}
}
