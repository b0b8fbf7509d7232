package auth

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"orac/runbook/language"
)

// TestFingerprintsDiffer: users of whom anything differs have different fingerprints, also where what one has ends with what stands for
// the beginning of the other's.
func TestFingerprintsDiffer(t *testing.T) {
	key := []byte("key")
	// In two bytes 65536 is 0, and 65538 is 2.
	filler := strings.Repeat("a", 65534)
	a := user{secret: language.NewSecret(filler + "\x00\x02bc")}
	b := user{hash: "\x00\x02" + filler, secret: language.NewSecret("bc")}
	if a.fingerprint(key) == b.fingerprint(key) {
		t.Error("a long secret has the fingerprint of a hash and a short one")
	}
	text := rapid.StringOfN(rapid.RuneFrom([]rune{'a', 0, 1, 2}), 0, 4, -1)
	some := rapid.Custom(func(t *rapid.T) user {
		return user{
			kind: Kind(text.Draw(t, "kind")), name: text.Draw(t, "name"), role: Role(text.Draw(t, "role")), hash: text.Draw(t, "hash"),
			secret: language.NewSecret(text.Draw(t, "secret")), permissions: rapid.SliceOfN(text, 0, 3).Draw(t, "permissions"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := some.Draw(t, "a"), some.Draw(t, "b")
		same := a.kind == b.kind && a.name == b.name && a.role == b.role && a.hash == b.hash && a.secret.Reveal() == b.secret.Reveal() &&
			strings.Join(a.permissions, "|") == strings.Join(b.permissions, "|") && len(a.permissions) == len(b.permissions)
		if (a.fingerprint(key) == b.fingerprint(key)) != same {
			t.Fatalf("%+v and %+v", a, b)
		}
	})
}
