package enrol

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"orac/appliance/house"
	"orac/runbook/testkit"
	"orac/web/auth/secrets"
)

// TestAMemberRenews with its certificate alone. What has ended, was removed, is another's or was said on another connection is refused.
func TestAMemberRenews(t *testing.T) {
	i := newIssuer(t)
	was := i.joined(t, "kitchen")
	fresh, err := i.office().Renew(t.Context(), was)
	testkit.Must(t, err)
	if fresh.Member() != was.Member() || fresh.Key.Equal(was.Key) || fresh.Leaf.VerifyHostname("kitchen.local") != nil {
		t.Errorf("renewed: %v, the same key: %v", fresh.Member(), fresh.Key.Equal(was.Key))
	}
	stolen := *was
	if stolen.Key, err = NewKey(); err != nil {
		t.Fatal(err)
	}
	foreign := newIssuer(t).joined(t, "kitchen")
	for what, b := range map[string]*house.Bundle{"without its key": &stolen, "of another house": foreign} {
		if _, err := i.office().Renew(t.Context(), b); err == nil {
			t.Errorf("a certificate %s is renewed", what)
		}
	}
	one, err := connect(t.Context(), i.url, i.tls)
	testkit.Must(t, err)
	defer one.close()
	other, err := connect(t.Context(), i.url, i.tls)
	testkit.Must(t, err)
	defer other.close()
	key, err := NewKey()
	testkit.Must(t, err)
	der, err := newRequest(key, "kitchen")
	testkit.Must(t, err)
	in := RenewInput{Certificate: encode(was.Leaf.Raw), Request: encode(der)}
	in.Signature, err = sign(was, one.channel, stepRenew, []byte(in.Request))
	testkit.Must(t, err)
	if err := other.ask(t.Context(), askTime, http.MethodPost, RenewPath, in, &Papers{}); err == nil {
		t.Error("a request is good on another connection")
	}
	cellar := i.joined(t, "cellar")
	der, err = newRequest(key, "cellar")
	testkit.Must(t, err)
	in.Request = encode(der)
	in.Signature, err = sign(was, one.channel, stepRenew, []byte(in.Request))
	testkit.Must(t, err)
	if err := one.ask(t.Context(), askTime, http.MethodPost, RenewPath, in, &Papers{}); err == nil {
		t.Error("a member gets the certificate of another")
	}
	testkit.Must(t, i.office().Leave(t.Context(), cellar))
	if _, err := i.office().Renew(t.Context(), cellar); err == nil {
		t.Error("a member that has left renews")
	}
	i.rb.Members = nil
	if _, err := i.office().Renew(t.Context(), fresh); err == nil {
		t.Error("a member that was removed renews")
	}
}

// TestARenewalThatMeetsTheEnd: joining again ends the certificate that a thief has, also one that was already proven for a renewal.
func TestARenewalThatMeetsTheEnd(t *testing.T) {
	i := newIssuer(t)
	was := i.joined(t, "kitchen")
	key, err := NewKey()
	testkit.Must(t, err)
	der, err := newRequest(key, "kitchen")
	testkit.Must(t, err)
	in := RenewInput{Certificate: encode(was.Leaf.Raw), Request: encode(der)}
	m, _ := i.rb.Member("member.kitchen")
	if _, err := i.Renew(in, m, i.rb); err != nil {
		t.Fatal(err) // the test itself
	}
	i.joined(t, "kitchen")
	before := len(i.roll.of)
	if p, err := i.Renew(in, m, i.rb); !errors.Is(err, errEnded) || len(i.roll.of) != before {
		t.Errorf("it gets the next one: %v, %v", p.Certificate != "", err)
	}
}

// TestAnotherHouseIsNotBelieved: whoever answers in the issuer's place with authorities of its own.
func TestAnotherHouseIsNotBelieved(t *testing.T) {
	i := newIssuer(t)
	was := i.joined(t, "kitchen")
	testkit.Must(t, i.Secrets.Put(SecretName, secrets.New())) // as after a break-in, without an overlap
	if _, err := i.office().Renew(t.Context(), was); err == nil {
		t.Error("a certificate of an authority that is gone is renewed")
	}
	evil := newIssuer(t)
	evil.rb.Issuer.URL = i.url
	evil.declare("kitchen")
	a, c, err := evil.issue(evil.rb, "kitchen", "", &was.Key.PublicKey, "")
	testkit.Must(t, err)
	told, err := papersOf(a, evil.rb, "kitchen", "", c).told()
	testkit.Must(t, err)
	b, err := bundleOf(told, was.Key, i.url, "kitchen")
	testkit.Must(t, err)
	if house.Common(was.Authorities, b.Authorities) {
		t.Error("the houses have an authority in common")
	}
}

// TestTheAuthorityIsRotated: the old one signs for the first half of the overlap, and counts until its end.
func TestTheAuthorityIsRotated(t *testing.T) {
	i := newIssuer(t)
	was := i.joined(t, "kitchen")
	old, err := authoritiesOf(i.Secrets, i.url, time.Now(), false)
	testkit.Must(t, err)
	testkit.Must(t, i.Secrets.Rotate(SecretName, 14*24*time.Hour))
	now := time.Now()
	for _, c := range []struct {
		what     string
		at       time.Time
		all      int
		oldSigns bool
	}{{"at once", now, 2, true}, {"in a week and an hour", now.Add(169 * time.Hour), 2, false}, {"in three weeks", now.Add(21 * 24 * time.Hour), 1, false}} {
		a, err := authoritiesOf(i.Secrets, i.url, c.at, false)
		testkit.Must(t, err)
		if len(a.all) != c.all || a.signs.key.Equal(old.signs.key) != c.oldSigns || len(a.certificates()) != c.all {
			t.Errorf("%s: %d count, the old one signs: %v", c.what, len(a.all), a.signs.key.Equal(old.signs.key))
		}
	}
	news, err := i.office().News(t.Context())
	testkit.Must(t, err)
	fresh, err := i.office().Renew(t.Context(), was)
	testkit.Must(t, err)
	if len(news.Authorities) != 2 || len(fresh.Authorities) != 2 {
		t.Errorf("members know %d authorities, and get %d", len(news.Authorities), len(fresh.Authorities))
	}
}

// TestTheAuthority is the same each time, signs no other authority, and is made of a good secret alone.
func TestTheAuthority(t *testing.T) {
	secret, until := strings.Repeat("s3cret", 8), time.Now().Add(time.Hour)
	for _, issuer := range []string{"https://core.local:7171", "https://192.0.2.1:7171", "https://[2001:db8::1]", "https://core"} {
		a, err := newAuthority(secret, issuer, until)
		testkit.Must(t, err)
		b, err := newAuthority(secret, issuer, until)
		testkit.Must(t, err)
		if !a.Certificate.Equal(b.Certificate) || house.CheckAuthority(a.Certificate) != nil {
			t.Errorf("%s: another authority each time: %v", issuer, house.CheckAuthority(a.Certificate))
		}
		m, err := house.NewMember(issuer, "kitchen")
		testkit.Must(t, err)
		key, err := NewKey()
		testkit.Must(t, err)
		both := authorities{signs: a, all: []*Authority{a}}
		c, err := both.issue(m, "https://192.0.2.7:7171", &key.PublicKey, time.Now(), time.Minute)
		testkit.Must(t, err)
		bundle := house.Bundle{Key: key, Leaf: c, Authorities: both.certificates()}
		if err := bundle.Check(); err != nil || bundle.Member() != m || c.VerifyHostname("192.0.2.7") != nil {
			t.Errorf("%s: %v, %v", issuer, err, c.IPAddresses)
		}
		other, err := house.NewMember("https://elsewhere.example", "kitchen")
		testkit.Must(t, err)
		c, err = both.issue(other, "", &key.PublicKey, time.Now(), time.Minute)
		testkit.Must(t, err)
		bundle.Leaf = c
		if named := strings.Contains(issuer, "core"); named == (bundle.Check() == nil) {
			t.Errorf("%s: the constraint on names: %v", issuer, bundle.Check())
		}
	}
	if _, err := newAuthority("short", "https://core.local", until); err == nil {
		t.Error("a short secret")
	}
}
