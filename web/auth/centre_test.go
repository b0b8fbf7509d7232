package auth

import (
	"errors"
	"strings"
	"testing"
	"time"

	"orac/runbook"
)

// TestTheCentreAsksItsMembers: its token is good at one member, as far as that one admits, names who had it ask, and is no login
// anywhere.
func TestTheCentreAsksItsMembers(t *testing.T) {
	core, kitchen, l := house(t)
	cellar := openMember(t, t.TempDir(), l, memberBook(t, "cellar"))
	token, err := core.CentreToken("kitchen", "anna")
	if err != nil {
		t.Fatal(err, Reason(err))
	}
	if left := time.Until(token.Expires); left > CentreLife || left < CentreLife-time.Minute {
		t.Errorf("it lives %v", left)
	}
	who, err := kitchen.Token(token.Token)
	if err != nil || who.Subject() != "core-service:orac.centre" || who.By != "core:anna" || who.Role != Operator {
		t.Errorf("%+v, %v %s", who, err, Reason(err))
	}
	if err := kitchen.Stands(who.Proof()); err != nil {
		t.Error("its proof:", Reason(err))
	}
	if in := core.Introspect(token.Token); !in.Active || in.Audience != "kitchen" {
		t.Errorf("the issuer says %+v", in)
	}
	_, err = cellar.Token(token.Token)
	refused(t, "at another member", err, "token: for somebody else")
	_, err = core.Token(token.Token)
	refused(t, "at the issuer itself", err, "token: for somebody else")
	for _, secret := range []string{"", "orac.centre"} {
		_, err = core.AccountOf(CentreName, secret, home)
		refused(t, "as a login", err, "service token: wrong account or secret")
	}
	for _, p := range core.People() {
		if p.Name == CentreName {
			t.Error("it is shown as an account")
		}
	}
	for name, want := range map[string]error{"attic": ErrTarget, "": ErrTarget, "house": ErrTarget} {
		if _, err := core.CentreToken(name, ""); !errors.Is(err, want) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := kitchen.CentreToken("kitchen", ""); !errors.Is(err, errNoIssuer) {
		t.Error("one that is no issuer:", err)
	}
}

// TestWhoHadTheCentreAsk: whatever somebody is called, the record of the member says no more than an issuer may.
func TestWhoHadTheCentreAsk(t *testing.T) {
	core, kitchen, _ := house(t)
	for by, want := range map[string]string{"": "", "anna": "core:anna", "unix:pi": "core:unix:pi", "a\nb": "core:somebody", strings.Repeat("a", 200): "core:somebody"} {
		token, err := core.CentreToken("kitchen", by)
		if err != nil {
			t.Fatal(err)
		}
		if who, err := kitchen.Token(token.Token); err != nil || who.By != want {
			t.Errorf("%q: %q, %v %s", by, who.By, err, Reason(err))
		}
	}
}

// TestAMemberThatIsRemoved: its tokens of the centre end.
func TestAMemberThatIsRemoved(t *testing.T) {
	core, _, _ := house(t)
	token, err := core.CentreToken("kitchen", "")
	if err != nil {
		t.Fatal(err)
	}
	rb := coreBook(t)
	rb.Members, rb.ServiceAccounts[0].Members = rb.Members[1:], nil
	if err := core.Use(rb); err != nil {
		t.Fatal(err)
	}
	if core.Introspect(token.Token).Active {
		t.Error("its token still lives")
	}
	if err := core.Use(coreBook(t)); err != nil {
		t.Fatal(err)
	}
	rb = coreBook(t)
	rb.Issuer = runbook.Issuer{}
	if err := core.Use(rb); err != nil {
		t.Fatal(err)
	}
	if _, err := core.CentreToken("kitchen", ""); err == nil {
		t.Error("an appliance that is no issuer any more issues tokens")
	}
}
