package auth

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestPasswordsThatAreTriedFirst: what leaked often, and what the name of the appliance suggests, is refused; no kind of character
// is asked for.
func TestPasswordsThatAreTriedFirst(t *testing.T) {
	for _, bad := range []struct{ name, password string }{
		{"anna", "qwertyuiop"}, {"anna", "QWERTYuiop"}, {"", "1234567890"}, {"anna", "password123"}, {"anna", "superpassword"},
		{"anna", "anna-anna-1"}, {"anna", "Orac-Admin-2026"}, {"anna", "hey_jarvis_1"}, {"", "oracoracorac"}, {"anna_b", "annab12345!"}, {"orac", "orac.orac.7"},
	} {
		err := CheckPassword(bad.name, bad.password)
		if _, ok := errors.AsType[Unfit](err); !ok {
			t.Errorf("%s: %q: %v", bad.name, bad.password, err)
		}
	}
	for _, good := range []struct{ name, password string }{
		{"anna", "correct horse battery"}, {"anna", "8402719356"}, {"anna", "zwqkvtrmpl"}, {"anna", "anna likes tea"}, {"jo", "a joker's jokes"},
		{"anna", strings.Repeat("x0", 36)}, {"anna", "пароль и ещё"}, {"", "----------"}, {"anna", "ten chars!"},
	} {
		if err := CheckPassword(good.name, good.password); err != nil {
			t.Errorf("%s: %q: %v", good.name, good.password, err)
		}
	}
}

// TestTheListOfCommonPasswords is of as many as are promised, in the form in which they are looked for, and of none that another
// rule refuses anyway.
func TestTheListOfCommonPasswords(t *testing.T) {
	z, err := gzip.NewReader(bytes.NewReader(common))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for lines := bufio.NewScanner(z); lines.Scan(); {
		p := lines.Text()
		if seen[p] || p != strings.ToLower(p) || utf8.RuneCountInString(p) < MinPassword || len(p) > maxPassword {
			t.Errorf("%q is there twice, or never looked for", p)
		}
		seen[p] = true
	}
	if len(seen) != 10_000 {
		t.Errorf("%d passwords", len(seen))
	}
}
