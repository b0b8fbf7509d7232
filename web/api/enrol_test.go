package api

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"orac/appliance/house"
	"orac/appliance/status"
	"orac/runbook"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/enrol"
	"orac/web/schema"
)

// enrols tells whether a route is for appliances that join or have joined: they have no role, and prove themselves in their own ways.
func enrols(r *Route) bool { return r.Tag == "house" && r.Role == auth.Nobody }

// newIssuer is a rig that is an issuer behind TLS. It declares the member cellar.
func newIssuer(t *testing.T) (*rig, string) {
	rig := newRig(t)
	s := httptest.NewUnstartedServer(rig.server)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	rb := rig.app.Book
	rb.Issuer = runbook.Issuer{URL: s.URL, Certificates: 7 * 24 * time.Hour, Rotate: time.Hour}
	rb.Web.TLS.SelfSigned = true
	rb.Members = []runbook.Member{{Address: "member.cellar", Name: "cellar", URL: "https://cellar.local:7171"}}
	rig.server.Use(rb)
	return rig, s.URL
}

// code makes a code for a member as an admin.
func (r *rig) memberCode(name, at string) (enrol.Code, MemberCode) {
	r.t.Helper()
	var made MemberCode
	w := r.call(auth.Admin, "POST", "/api/members/codes", MemberCodeInput{Name: name, URL: at})
	if w.Code != http.StatusCreated {
		r.t.Fatalf("%d %s", w.Code, w.Body)
	}
	r.must(json.Unmarshal(w.Body.Bytes(), &made))
	code, err := enrol.ParseCode(made.Code)
	r.must(err)
	return code, made
}

// joins lets an appliance join with a code.
func (r *rig) joins(at string, code enrol.Code, name, fingerprint string) (*house.Bundle, error) {
	r.t.Helper()
	j, err := enrol.Join(r.t.Context(), at, code)
	if err != nil {
		return nil, err
	}
	defer j.Close()
	key, err := enrol.NewKey()
	r.must(err)
	return j.Certificate(r.t.Context(), key, enrol.Told{Issuer: at, Member: name}, fingerprint)
}

// TestAMemberEnrols: its block is added to the runbook's file in the name of whoever made the code, both are on record, and the code is
// nowhere.
func TestAMemberEnrols(t *testing.T) {
	rig, at := newIssuer(t)
	code, made := rig.memberCode("kitchen", "https://kitchen.local:7171")
	if made.Command != "orac join "+at+" "+made.Code || made.By != "admin" || time.Until(made.Ends) > enrol.CodeLife {
		t.Errorf("%+v", made)
	}
	print := strings.TrimSuffix(strings.Repeat("AB:", 32), ":")
	b, err := rig.joins(at, code, "kitchen", print)
	rig.must(err)
	if b.Member().Name != "kitchen" || b.Leaf.VerifyHostname("kitchen.local") != nil {
		t.Errorf("%v", b.Leaf.DNSNames)
	}
	if n := len(rig.app.Applied); n != 1 || !strings.Contains(*rig.app.Applied[0].Source, "member \"kitchen\" {\n  url         = \"https://kitchen.local:7171\"\n  fingerprint = \""+print+"\"\n}\n") || rig.app.Applied[0].Origin.Who() != "code of admin" || rig.app.Applied[0].Origin.Trusted() {
		t.Errorf("applied: %+v", rig.app.Applied)
	}
	for _, action := range []string{"member.code", "member.enrol"} {
		list := rig.records(action)
		if len(list) != 2 || list[0].Outcome != audit.Done || list[0].Target != "kitchen" {
			t.Errorf("%s: %+v", action, list)
		}
	}
	var open OpenCodes
	rig.must(json.Unmarshal(rig.call(auth.Admin, "GET", "/api/members/codes", nil).Body.Bytes(), &open))
	if open.Codes == nil || len(open.Codes) != 0 {
		t.Errorf("open: %+v", open)
	}
	rig.logged.mu.Lock()
	logged := rig.log.String()
	rig.logged.mu.Unlock()
	if strings.Contains(logged, made.Code) || strings.Contains(logged, strings.ReplaceAll(made.Code, "-", "")) {
		t.Error("the log shows the code")
	}
}

// TestADeclaredMemberEnrols without a change of the runbook, again and again, each time with a new code.
func TestADeclaredMemberEnrols(t *testing.T) {
	rig, at := newIssuer(t)
	for range 2 {
		code, made := rig.memberCode("cellar", "")
		if made.URL != "https://cellar.local:7171" {
			t.Errorf("%+v", made)
		}
		_, err := rig.joins(at, code, "cellar", "")
		rig.must(err)
	}
	if len(rig.app.Applied) > 0 {
		t.Error("the runbook was changed")
	}
}

// TestAFailedEnrolmentLeavesNothing: no block, no certificate, and the code is good again.
func TestAFailedEnrolmentLeavesNothing(t *testing.T) {
	rig, at := newIssuer(t)
	code, _ := rig.memberCode("kitchen", "")
	for what, apply := range map[string]func(status.ApplyRequest) (status.Applied, error){
		"refused": func(status.ApplyRequest) (status.Applied, error) {
			return status.Applied{}, &status.Refusal{Code: status.Busy, Message: "another change"}
		},
		"rolled back": func(status.ApplyRequest) (status.Applied, error) {
			return status.Applied{RolledBack: true, Why: "it is not healthy"}, nil
		},
	} {
		rig.app.Apply = apply
		if _, err := rig.joins(at, code, "kitchen", ""); err == nil {
			t.Errorf("%s: it has joined", what)
		}
		if list := rig.records("member.enrol"); list[0].Outcome != audit.Failed {
			t.Errorf("%s: %+v", what, list[0])
		}
		if rig.server.desk.Book.List() == nil {
			t.Fatalf("%s: the code is gone", what)
		}
		text, err := rig.server.readRunbook()
		rig.must(err)
		if strings.Contains(text, "kitchen\"") && strings.Contains(text, "member \"") {
			t.Errorf("%s: %s", what, text)
		}
	}
	rig.app.Apply = nil
	_, err := rig.joins(at, code, "kitchen", "")
	rig.must(err)
}

// TestWhoMayNotEnrol: strangers, whoever asks too often, and everybody who comes with the code of somebody who is no admin any more.
func TestWhoMayNotEnrol(t *testing.T) {
	rig, at := newIssuer(t)
	for name, in := range map[string]MemberCodeInput{
		"this appliance itself": {Name: "test"}, "another url than declared": {Name: "cellar", URL: "https://other.local"}, "a path": {Name: "kitchen", URL: "https://kitchen.local/x"},
		"plain HTTP": {Name: "kitchen", URL: "http://kitchen.local"}, "no address": {Name: "kitchen", URL: "kitchen"},
	} {
		if w := rig.call(auth.Admin, "POST", "/api/members/codes", in); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	w := rig.call(auth.Operator, "POST", "/api/members/codes", MemberCodeInput{Name: "kitchen"})
	rig.problem("an operator", w, schema.Forbidden)
	rig.memberCode("attic", "")
	if w := rig.call(auth.Admin, "DELETE", "/api/members/codes/attic", nil); w.Code/100 != 2 {
		t.Errorf("cancelling: %d %s", w.Code, w.Body)
	}
	rig.problem("cancelled before", rig.call(auth.Admin, "DELETE", "/api/members/codes/attic", nil), schema.NotFound)
	code, _ := rig.memberCode("kitchen", "")
	for i := range rig.app.Book.Users {
		if rig.app.Book.Users[i].Name == "admin" {
			rig.app.Book.Users[i].Role = "viewer"
		}
	}
	rig.server.Use(rig.app.Book)
	if _, err := rig.joins(at, code, "kitchen", ""); err == nil || len(rig.app.Applied) > 0 {
		t.Errorf("with the code of somebody who was an admin: %v", err)
	}
	w = rig.call(auth.Nobody, "POST", enrol.HelloPath, enrol.HelloInput{ID: word(22), Nonce: word(43)})
	rig.problem("without TLS", w, schema.Unusable)
	for range 2 * maxEnrolments {
		w = rig.call(auth.Nobody, "POST", enrol.RenewPath, inputs["enrolRenew"])
	}
	rig.problem("again and again", w, schema.Slower)
	rig.app.Book.Issuer = runbook.Issuer{}
	rig.server.Use(rig.app.Book)
	for _, r := range Routes() {
		if enrols(r) {
			rig.problem(r.Name, rig.call(auth.Nobody, r.Method, r.Path, inputs[r.Name]), schema.NotFound)
		}
	}
}

// TestWithoutARecordNobodyEnrols: what cannot be recorded does not happen, and the code stays good.
func TestWithoutARecordNobodyEnrols(t *testing.T) {
	rig, at := newIssuer(t)
	code, _ := rig.memberCode("kitchen", "")
	rig.server.gate.Audit = audit.In("/proc/nowhere")
	if _, err := rig.joins(at, code, "kitchen", ""); err == nil || len(rig.app.Applied) > 0 || len(rig.server.desk.Book.List()) != 1 {
		t.Errorf("it has joined: %v", err)
	}
}

// TestWhyThereIsNoNextCertificate: a member reads what to do, and no refusal of one is a fault of ORAC's.
func TestWhyThereIsNoNextCertificate(t *testing.T) {
	for err, want := range map[error]schema.Code{auth.ErrManyCertificates: schema.Slower, auth.ErrCertificateEnded: schema.Forbidden} {
		if p := schema.ProblemOf(enrolProblem(err)); p.Code != want || p.Detail == "" {
			t.Errorf("%v: %s %q", err, p.Code, p.Detail)
		}
	}
}
