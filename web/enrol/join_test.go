package enrol

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"orac/appliance/house"
	"orac/runbook"
	"orac/runbook/testkit"
)

// joined lets a member join, from end to end.
func (i *issuer) joined(t testing.TB, name string) *house.Bundle {
	t.Helper()
	b, err := i.join(t.Context(), i.url, i.invite(t, name), name)
	testkit.Must(t, err)
	i.declare(name)
	return b
}

func (i *issuer) join(ctx context.Context, at string, code Code, name string) (*house.Bundle, error) {
	j, err := Join(ctx, at, code)
	if err != nil {
		return nil, err
	}
	defer j.Close()
	key, err := NewKey()
	if err != nil {
		return nil, err
	}
	return j.Certificate(ctx, key, name, "")
}

// TestACertificateIsForTheDeclaredHost: what the runbook says when the code is used counts, not what it said when the code was made. The
// address of then may be another machine's by now.
func TestACertificateIsForTheDeclaredHost(t *testing.T) {
	i := newIssuer(t)
	code := i.invite(t, "kitchen")
	for _, at := range []string{"https://moved.local:7171", ""} {
		i.rb.Members = []runbook.Member{{Address: "member.kitchen", Name: "kitchen", URL: at}}
		j, err := Join(t.Context(), i.url, code)
		testkit.Must(t, err)
		if told, err := j.Look(t.Context()); err != nil || told.URL != at {
			t.Errorf("%q: told %q, %v", at, told.URL, err)
		}
		j.Close()
	}
	b, err := i.join(t.Context(), i.url, code, "kitchen")
	testkit.Must(t, err)
	if len(b.Leaf.DNSNames)+len(b.Leaf.IPAddresses) > 0 {
		t.Errorf("it is good for a server at %v", b.Leaf.DNSNames)
	}
}

// TestAnApplianceJoins with a code as a person types it, and nothing else. A code is good once.
func TestAnApplianceJoins(t *testing.T) {
	i := newIssuer(t)
	code, err := ParseCode(strings.ToLower(strings.ReplaceAll(i.invite(t, "kitchen").Text(), "-", " ")))
	testkit.Must(t, err)
	j, err := Join(t.Context(), i.url, code)
	testkit.Must(t, err)
	told, err := j.Look(t.Context())
	testkit.Must(t, err)
	if told.Issuer != i.url || told.Member != "kitchen" || told.URL != "https://kitchen.local:7171" || told.Certificate != nil {
		t.Errorf("told %+v", told)
	}
	if member, fingerprint := j.Proof(told, told.Issuer); member || fingerprint == "" {
		t.Errorf("the certificate of the issuer is known to nobody else: %v, %q", member, fingerprint)
	}
	j.Close()
	b, err := i.join(t.Context(), i.url, code, "kitchen")
	testkit.Must(t, err)
	c := b.Leaf
	if b.Member() != (house.Member{Issuer: "127.0.0.1", Name: "kitchen"}) || c.URIs[0].String() != "orac://127.0.0.1/member/kitchen" || len(c.DNSNames) != 1 || c.DNSNames[0] != "kitchen.local" || c.IsCA {
		t.Errorf("%v %v %v", b.Member(), c.URIs, c.DNSNames)
	}
	from, to := b.Life()
	if d := to.Sub(from); d < 7*24*time.Hour-time.Minute || d > 7*24*time.Hour+time.Minute {
		t.Errorf("it is good for %v", d)
	}
	if len(i.Book.List()) != 0 {
		t.Error("the code is still open")
	}
	if _, err := i.join(t.Context(), i.url, code, "kitchen"); !errors.Is(err, ErrUnproven) {
		t.Errorf("a used code: %v", err)
	}
	again := i.joined(t, "kitchen")
	if !i.Roll.CertificateEnded(serialOf(c)) || i.Roll.CertificateEnded(serialOf(again.Leaf)) {
		t.Error("joining again does not end the certificate of before, or ends the new one")
	}
}

// between is somebody in the middle: TLS to both sides, with a certificate of its own, and every message passed on.
func between(t *testing.T, to string, change func(path string, body []byte) []byte) string {
	t.Helper()
	u, err := url.Parse(to)
	testkit.Must(t, err)
	proxy := httputil.NewSingleHostReverseProxy(u)
	proxy.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	proxy.ModifyResponse = func(r *http.Response) error {
		if change == nil {
			return nil
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		body = change(r.Request.URL.Path, body)
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(string(body))), int64(len(body))
		r.Header.Set("Content-Length", fmt.Sprint(len(body)))
		return nil
	}
	s := httptest.NewUnstartedServer(proxy)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

// TestSomebodyInTheMiddle learns nothing, gets nothing and is noticed: proofs are of the very connection.
func TestSomebodyInTheMiddle(t *testing.T) {
	i := newIssuer(t)
	code := i.invite(t, "kitchen")
	seen := ""
	at := between(t, i.url, func(path string, body []byte) []byte { seen += path; return body })
	if _, err := Join(t.Context(), at, code); !errors.Is(err, ErrUnproven) {
		t.Errorf("relayed: %v", err)
	}
	if seen != HelloPath {
		t.Errorf("the member went on to say %s", seen)
	}
	if len(i.Book.List()) != 1 {
		t.Error("the code is used up")
	}
	// A member whose own check fails goes on all the same: the issuer does not.
	s, err := connect(t.Context(), at, &tls.Config{InsecureSkipVerify: true})
	testkit.Must(t, err)
	defer s.close()
	j := &Joining{session: s, keys: code.keys(), nonce: word(43)}
	if _, err := j.Look(t.Context()); err == nil || len(i.Book.List()) != 1 {
		t.Errorf("the issuer answers to a relayed proof: %v", err)
	}
}

func word(n int) string { return strings.Repeat("A", n) }

// TestARequestIsGoodOnOneConnection and once: neither a replay nor a changed one is answered.
func TestARequestIsGoodOnOneConnection(t *testing.T) {
	i := newIssuer(t)
	code := i.invite(t, "kitchen")
	key, err := NewKey()
	testkit.Must(t, err)
	der, err := newRequest(key, "kitchen")
	testkit.Must(t, err)
	j, err := Join(t.Context(), i.url, code)
	testkit.Must(t, err)
	defer j.Close()
	in := CertificateInput{ID: j.keys.id, Nonce: j.nonce, Request: encode(der)}
	in.Proof = encode(j.keys.prove(memberSide, stepCertificate, j.channel, in.said()...))
	ask := func(s *session, in CertificateInput) error {
		return s.ask(t.Context(), askTime, http.MethodPost, CertificatePath, in, &Sealed{})
	}
	other, err := connect(t.Context(), i.url, &tls.Config{InsecureSkipVerify: true})
	testkit.Must(t, err)
	defer other.close()
	if err := ask(other, in); err == nil {
		t.Error("the proof is good on another connection")
	}
	changed := in
	changed.Fingerprint = word(10)
	if err := ask(j.session, changed); err == nil {
		t.Error("the proof is good for another request")
	}
	looked := in
	looked.Request = ""
	if err := j.ask(t.Context(), askTime, http.MethodPost, LookPath, looked, &Sealed{}); err == nil {
		t.Error("the proof is good for another step")
	}
	if err := ask(j.session, in); err != nil {
		t.Errorf("the request itself: %v", err)
	}
	if err := ask(j.session, in); err == nil {
		t.Error("it is good twice")
	}
}

// TestRequestsThatNoMemberMakes are refused, and the code stays good.
func TestRequestsThatNoMemberMakes(t *testing.T) {
	good, err := NewKey()
	testkit.Must(t, err)
	small, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	testkit.Must(t, err)
	big, err := rsa.GenerateKey(rand.Reader, 2048)
	testkit.Must(t, err)
	ask := func(r x509.CertificateRequest, key any) []byte {
		der, err := x509.CreateCertificateRequest(rand.Reader, &r, key)
		testkit.Must(t, err)
		return der
	}
	name := pkix.Name{CommonName: "kitchen"}
	ca := pkix.Extension{Id: []int{2, 5, 29, 19}, Critical: true, Value: []byte{0x30, 0x03, 0x01, 0x01, 0xff}} // basic constraints: CA
	plain := ask(x509.CertificateRequest{Subject: name}, good)
	torn := append([]byte{}, plain...)
	torn[len(torn)-1] ^= 1
	for what, der := range map[string][]byte{
		"another name":    ask(x509.CertificateRequest{Subject: pkix.Name{CommonName: "cellar"}}, good),
		"more names":      ask(x509.CertificateRequest{Subject: pkix.Name{CommonName: "kitchen", Organization: []string{"x"}}}, good),
		"an authority":    ask(x509.CertificateRequest{Subject: name, ExtraExtensions: []pkix.Extension{ca}}, good),
		"another host":    ask(x509.CertificateRequest{Subject: name, DNSNames: []string{"core.local"}}, good),
		"P-224":           ask(x509.CertificateRequest{Subject: name}, small),
		"RSA":             ask(x509.CertificateRequest{Subject: name}, big),
		"a bad signature": torn, "half": plain[:len(plain)/2], "nothing": {}, "words": []byte("please"), "huge": append(plain, make([]byte, 2000)...),
	} {
		if _, err := parseRequest(der, "kitchen"); err == nil {
			t.Errorf("%s is granted", what)
		}
	}
	if _, err := parseRequest(plain, "kitchen"); err != nil {
		t.Errorf("a plain one: %v", err)
	}
}

// TestAHostileIssuer: whatever it answers, a member believes nothing that is not proven, reads little and ends in time.
func TestAHostileIssuer(t *testing.T) {
	var answer http.HandlerFunc
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r) }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	for what, h := range map[string]http.HandlerFunc{
		"a gigabyte":    func(w http.ResponseWriter, r *http.Request) { endless(w, r) },
		"half":          func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"proof":"AA`) },
		"another shape": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"proof":"AAAA","more":1}`) },
		"no proof":      func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) },
		"any proof":     func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"proof":"`+word(43)+`"}`) },
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://127.0.0.1:1/", http.StatusTemporaryRedirect)
		},
		"hangs up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"control words": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(500)
			_, _ = io.WriteString(w, `{"detail":"\u001b[2J\u0007"}`)
		},
	} {
		answer = h
		_, err := Join(t.Context(), s.URL, NewCode())
		if err == nil || strings.ContainsAny(err.Error(), "\x1b\x07") {
			t.Errorf("%s: %v", what, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	answer = func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	}
	if _, err := Join(ctx, s.URL, NewCode()); err == nil {
		t.Error("an answer that never comes")
	}
	for _, at := range []string{"http://127.0.0.1:1", "https://", "core", "https://core/path", "ftp://core"} {
		if _, err := Join(t.Context(), at, NewCode()); err == nil {
			t.Errorf("%s is an issuer", at)
		}
	}
}

func endless(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, word(32<<10)); err != nil {
			return
		}
	}
}

// TestAnAnswerIsProvenWhole: an issuer that knows the code, and somebody behind it who swaps the authorities.
func TestAnAnswerIsProvenWhole(t *testing.T) {
	i, evil := newIssuer(t), newIssuer(t)
	code := i.invite(t, "kitchen")
	j, err := Join(t.Context(), i.url, code)
	testkit.Must(t, err)
	defer j.Close()
	in := CertificateInput{ID: j.keys.id, Nonce: j.nonce}
	in.Proof = encode(j.keys.prove(memberSide, stepLook, j.channel, in.said()...))
	var sealed Sealed
	testkit.Must(t, j.ask(t.Context(), askTime, http.MethodPost, LookPath, LookInput{in.ID, in.Nonce, in.Proof}, &sealed))
	other, err := authoritiesOf(evil.Secrets, evil.rb.Issuer.URL, time.Now(), true)
	testkit.Must(t, err)
	text, err := json.Marshal(papersOf(other, i.rb, "kitchen", "", nil))
	testkit.Must(t, err)
	swapped := sealed
	swapped.Answer = encode(text)
	if _, err := j.opened(swapped, stepLook, in); !errors.Is(err, ErrUnproven) {
		t.Errorf("swapped authorities: %v", err)
	}
	if _, err := j.opened(sealed, stepCertificate, in); !errors.Is(err, ErrUnproven) {
		t.Errorf("the answer to another step: %v", err)
	}
	if _, err := j.opened(sealed, stepLook, in); err != nil {
		t.Errorf("the answer itself: %v", err)
	}
}
