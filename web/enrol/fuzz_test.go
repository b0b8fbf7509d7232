package enrol

import (
	"testing"

	"orac/appliance/house"
	"orac/runbook/testkit"
)

// FuzzParseRequest: whatever a member asks for, it is refused or for a good key.
func FuzzParseRequest(f *testing.F) {
	key, err := NewKey()
	testkit.Must(f, err)
	der, err := newRequest(key, "kitchen")
	testkit.Must(f, err)
	f.Add(der)
	f.Add(der[:len(der)-1])
	f.Fuzz(func(t *testing.T, der []byte) {
		if key, err := parseRequest(der, "kitchen"); err == nil && (key == nil || key.Curve.Params().BitSize != 256) {
			t.Error("a key that no member has")
		}
	})
}

// FuzzParsePapers: whatever an issuer says, it is refused or can be used.
func FuzzParsePapers(f *testing.F) {
	i := newIssuer(f)
	key, err := NewKey()
	testkit.Must(f, err)
	a, c, err := i.issue(i.rb, "kitchen", "https://kitchen.local", &key.PublicKey, "")
	testkit.Must(f, err)
	p := papersOf(a, i.rb, "kitchen", "https://kitchen.local", c)
	f.Add([]byte(`{"issuer":"` + p.Issuer + `","member":"kitchen","authorities":["` + p.Authorities[0] + `"],"certificate":"` + p.Certificate + `"}`))
	f.Add([]byte(`{"authorities":["AAAA"]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		told, err := parsePapers(text)
		if err != nil {
			return
		}
		for _, a := range told.Authorities {
			if house.CheckAuthority(a) != nil {
				t.Error("an authority that is none")
			}
		}
		if told.Certificate != nil {
			_, _ = bundleOf(told, key, told.Issuer, told.Member)
		}
	})
}
