package stt

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
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

	"orac/appliance/account"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
)

// peer is a service that lets tokens in as it is told, and remembers them.
type peer struct {
	mu     sync.Mutex // guards tokens
	tokens []string
	refuse func(n int, token string) bool
}

func (p *peer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	p.mu.Lock()
	p.tokens = append(p.tokens, token)
	n := len(p.tokens)
	p.mu.Unlock()
	if p.refuse(n, token) {
		http.Error(w, "the token "+token+" is not good", http.StatusUnauthorized)
		return
	}
	if strings.Contains(r.URL.Path, "/ws/") {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			_, text, err := c.Read(r.Context())
			if err != nil {
				return
			}
			if strings.Contains(string(text), `"end"`) {
				_ = c.Write(r.Context(), websocket.MessageText, []byte(`{"type":"transcription","text":"hello","is_final":true}`))
			}
		}
	}
	if strings.HasSuffix(r.URL.Path, "health") {
		_, _ = w.Write([]byte(`{"status":"healthy"}`))
		return
	}
	_, _ = w.Write([]byte(`{"text":"hello","duration":1.0}`))
}

func accountTokens(t *testing.T) *account.Tokens {
	t.Helper()
	tokens, err := account.New(account.Config{
		Name: "hey_orac", Secret: secret("a-secret-that-both-sides-know-0123456789"), Issuer: "orac", Audience: "orac-stt", Lifetime: 15 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// ways are all that goes out to a speech-to-text service.
var ways = map[string]func(*rt.Task, *Orac) error{
	"http":   func(t *rt.Task, o *Orac) error { _, err := o.Transcribe(t, said, voice(16000)); return err },
	"health": func(t *rt.Task, o *Orac) error { _, err := o.Health(t); return err },
	"stream": func(t *rt.Task, o *Orac) error {
		chunks := rt.NewMailbox[Chunk]("chunks", 4)
		chunks.Push(t, Chunk{N: 1280})
		chunks.Close(t)
		_, err := o.Stream(t, said, chunks)
		return err
	},
}

// TestTheAccountsTokenGoesOut: with every request; a refused one is followed by another one, once; then the error names the peer.
func TestTheAccountsTokenGoesOut(t *testing.T) {
	for way, call := range ways {
		for name, c := range map[string]struct {
			refuse func(n int, token string) bool
			tries  int
			kind   Kind
		}{
			"good":           {func(int, string) bool { return false }, 1, 0},
			"refused once":   {func(n int, _ string) bool { return n == 1 }, 2, 0},
			"always refused": {func(int, string) bool { return true }, 2, Unauthorised},
		} {
			p := &peer{refuse: c.refuse}
			s := httptest.NewServer(p)
			o := newOrac(t, OracConfig{URL: s.URL, Tokens: accountTokens(t)})
			_, err := do(t, func(task *rt.Task) (struct{}, error) { return struct{}{}, call(task, o) })
			e, failed := errors.AsType[*Error](err)
			switch {
			case c.kind == 0 && err != nil, c.kind != 0 && (!failed || e.Kind != c.kind):
				t.Errorf("%s, %s: %v", way, name, err)
			case failed && !strings.Contains(err.Error(), s.URL[len("http://"):]):
				t.Errorf("%s, %s: %v does not name the peer", way, name, err)
			}
			if len(p.tokens) != c.tries || p.tokens[0] == "" || c.tries == 2 && p.tokens[0] == p.tokens[1] {
				t.Errorf("%s, %s: %d tries, the same token: %v", way, name, len(p.tokens), c.tries == 2 && p.tokens[0] == p.tokens[1])
			}
			for _, token := range p.tokens {
				if err != nil && strings.Contains(err.Error(), token) {
					t.Errorf("%s, %s: the error shows the token: %v", way, name, err)
				}
			}
			s.Close()
		}
	}
}

// authority makes certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	dir  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{t, cert, key, t.TempDir()}
	a.write("ca.pem", "CERTIFICATE", der)
	return a
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

func (a *authority) write(name, kind string, der []byte) {
	a.t.Helper()
	if err := os.WriteFile(a.path(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// issue makes NAME.pem and NAME.key.
func (a *authority) issue(name string) tls.Certificate {
	a.t.Helper()
	return a.issueAs(name, func(*x509.Certificate) {})
}

// issueAs is issue; what the certificate says is changed before it is signed.
func (a *authority) issueAs(name string, change func(*x509.Certificate)) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	change(template)
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	pkcs, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write(name+".pem", "CERTIFICATE", der)
	a.write(name+".key", "PRIVATE KEY", pkcs)
	pair, err := tls.LoadX509KeyPair(a.path(name+".pem"), a.path(name+".key"))
	if err != nil {
		a.t.Fatal(err)
	}
	return pair
}

// TestTLS: only who an authority of ours has signed is talked to, and who wants to see a certificate sees ours.
func TestTLS(t *testing.T) {
	ours, others := newAuthority(t), newAuthority(t)
	ours.issue("client")
	others.issue("client")
	pool := x509.NewCertPool()
	pool.AddCert(ours.cert)
	p := &peer{refuse: func(int, string) bool { return false }}
	s := httptest.NewUnstartedServer(p)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{ours.issue("server")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
	s.Config.ErrorLog = nil
	s.StartTLS()
	defer s.Close()
	for way, call := range ways {
		for name, c := range map[string]struct {
			tls  wire.TLS
			good bool
		}{
			"ours":              {wire.TLS{CA: ours.path("ca.pem"), Cert: ours.path("client.pem"), Key: ours.path("client.key")}, true},
			"the system's":      {wire.TLS{Cert: ours.path("client.pem"), Key: ours.path("client.key")}, false},
			"another authority": {wire.TLS{CA: others.path("ca.pem"), Cert: ours.path("client.pem"), Key: ours.path("client.key")}, false},
			"no certificate":    {wire.TLS{CA: ours.path("ca.pem")}, false},
			"a stranger's":      {wire.TLS{CA: ours.path("ca.pem"), Cert: others.path("client.pem"), Key: others.path("client.key")}, false},
		} {
			before := len(p.tokens)
			o := newOrac(t, OracConfig{URL: s.URL, Tokens: accountTokens(t), TLS: c.tls, Timeout: 5 * time.Second})
			_, err := do(t, func(task *rt.Task) (struct{}, error) { return struct{}{}, call(task, o) })
			if (err == nil) != c.good {
				t.Errorf("%s, %s: %v", way, name, err)
			}
			if !c.good && len(p.tokens) != before {
				t.Errorf("%s, %s: the token went out all the same", way, name)
			}
		}
	}
	for name, c := range map[string]wire.TLS{"no file": {CA: "/nowhere"}, "no certificate": {CA: ours.path("client.key")}, "no key": {Cert: ours.path("client.pem"), Key: "/nowhere"}} {
		if _, err := NewOrac(OracConfig{URL: s.URL, TLS: c}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// moody gives a first token, and says of a second what it is told to say.
type moody struct{ first, second error }

func (m moody) Token(_ *rt.Task, refused string) (string, error) {
	if refused != "" {
		return "second", m.second
	}
	return "first", m.first
}

// TestWithoutAToken: nothing is sent, and the error says that it is not the service; what a service says of a token counts where there is
// no other.
func TestWithoutAToken(t *testing.T) {
	none := &Error{Op: "token", Kind: wire.NoToken, Cause: errors.New("its issuer is away")}
	for way, call := range ways {
		for name, c := range map[string]struct {
			tokens moody
			tries  int
			kind   Kind
		}{
			"none":         {moody{first: none}, 0, wire.NoToken},
			"no other yet": {moody{second: wire.ErrSame}, 1, Unauthorised},
			"no other":     {moody{second: none}, 1, wire.NoToken},
		} {
			p := &peer{refuse: func(int, string) bool { return true }}
			s := httptest.NewServer(p)
			o := newOrac(t, OracConfig{URL: s.URL, Tokens: c.tokens})
			_, err := do(t, func(task *rt.Task) (struct{}, error) { return struct{}{}, call(task, o) })
			e, failed := errors.AsType[*Error](err)
			if !failed || e.Kind != c.kind || len(p.tokens) != c.tries || RetryOf(err) != RetryForever || c.kind == Unauthorised && e.Status != 401 {
				t.Errorf("%s, %s: %v after %d tries", way, name, err, len(p.tokens))
			}
			s.Close()
		}
	}
}
