package enrol

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"orac/runbook"
	"orac/runbook/testkit"
	"orac/web/auth/secrets"
)

// errEnded is what a roll answers that finds the present certificate ended.
var errEnded = errors.New("it has ended")

// roll is an issuer's memory of certificates.
type roll struct {
	mu     sync.Mutex // guards everything that follows
	of     map[string]string
	ended  map[string]bool
	refuse error
}

func (r *roll) CertificateIssued(member, serial string, _ time.Duration, by string) error {
	if by == "" {
		_ = r.EndCertificates(member)
	} else if r.CertificateEnded(by) {
		return errEnded
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.of[serial] = member
	return r.refuse
}

func (r *roll) EndCertificates(member string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for serial, of := range r.of {
		if of == member {
			r.ended[serial] = true
		}
	}
	return nil
}

func (r *roll) CertificateEnded(serial string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended[serial]
}

func (r *roll) EndedCertificates() ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.ended)), nil
}

// issuer is a desk behind TLS, without the rest of an appliance.
type issuer struct {
	*Desk
	roll *roll
	rb   *runbook.Runbook
	url  string
	tls  *tls.Config // takes its certificate, as a trust block with fingerprint does
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	r := &roll{of: map[string]string{}, ended: map[string]bool{}}
	i := &issuer{Desk: &Desk{Book: &Book{}, Secrets: secrets.In(t.TempDir()), Roll: r}, roll: r, rb: &runbook.Runbook{}}
	s := httptest.NewUnstartedServer(http.HandlerFunc(i.serve))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	i.url = s.URL
	i.tls = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	u, err := url.Parse(s.URL)
	testkit.Must(t, err)
	i.tls.ServerName = u.Hostname()
	i.rb.Appliance.Name, i.rb.Web.TLS.SelfSigned = "core", true
	i.rb.Issuer = runbook.Issuer{URL: s.URL, Certificates: 7 * 24 * time.Hour}
	return i
}

// invite makes a code for a member.
func (i *issuer) invite(t testing.TB, name string) Code {
	t.Helper()
	c, _, err := i.Book.Invite(i.rb, name, "https://kitchen.local:7171", "anna", nil)
	testkit.Must(t, err)
	return c
}

// declare adds a member to the runbook, as joining does.
func (i *issuer) declare(name string) {
	i.rb.Members = append(i.rb.Members, runbook.Member{Address: runbook.Address("member." + name), Name: name, URL: "https://kitchen.local:7171"})
}

func (i *issuer) office() Office { return Office{Base: i.url, TLS: i.tls} }

func (i *issuer) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody))
	var out any
	in := func(v any) bool { return err == nil && json.Unmarshal(body, v) == nil }
	switch r.URL.Path {
	case HelloPath:
		var m HelloInput
		if in(&m) {
			out, err = i.Hello(r.TLS, m)
		}
	case LookPath, CertificatePath:
		var m CertificateInput
		var t Ticket
		if in(&m) {
			t, err = i.Proven(r.TLS, m)
		}
		switch {
		case err != nil:
		case r.URL.Path == LookPath:
			out, err = i.Look(r.TLS, m, t, i.rb)
		default:
			if err = i.CheckRequest(m, t); err == nil {
				if _, err = i.Begin(t); err == nil {
					out, err = i.Sign(r.TLS, m, t, i.rb)
				}
			}
		}
	case RenewPath:
		var m RenewInput
		if in(&m) {
			var of runbook.Member
			if of, err = i.Renews(r.TLS, m, i.rb); err == nil {
				out, err = i.Renew(m, of, i.rb)
			}
		}
	case LeavePath:
		var m LeaveInput
		if in(&m) {
			var of runbook.Member
			if of, err = i.Leaves(r.TLS, m, i.rb); err == nil {
				err = i.Roll.EndCertificates(of.Name)
			}
		}
	case EndedPath:
		out, err = i.Ended(i.rb)
	case AuthoritiesPath:
		out, err = i.Authorities(i.rb)
	}
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusForbidden)
		out = map[string]string{"detail": err.Error()}
	}
	_ = json.NewEncoder(w).Encode(out)
}
