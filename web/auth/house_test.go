package auth

import (
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestNothingIsIssuedForAName: every method of the guard that gives tokens, sessions or keys takes a proof, or makes one of a
// credential that it compares itself. The issuer's own account is nobody's: see TestNoRequestIsVouchedFor.
func TestNothingIsIssuedForAName(t *testing.T) {
	byCredential := []string{"Refresh", "ServiceToken", "RefreshFor", "Exchange", "BeginLogin", "FinishLogin", "BeginPasskeyLogin", "FinishPasskeyLogin",
		"CentreToken", // the issuer's own, with which it asks a member
	}
	proof, issued := reflect.TypeFor[Verified](), []reflect.Type{reflect.TypeFor[Token](), reflect.TypeFor[APIKey]()}
	found := 0
	guard := reflect.TypeFor[*Guard]()
	for i := range guard.NumMethod() {
		m := guard.Method(i)
		gives, takes := false, false
		for n := range m.Type.NumOut() {
			gives = gives || slices.Contains(issued, m.Type.Out(n))
		}
		for n := range m.Type.NumIn() {
			takes = takes || m.Type.In(n) == proof
			gives = gives || m.Type.In(n) == reflect.TypeFor[http.ResponseWriter]() && m.Name != "EndSession"
		}
		if !gives {
			continue
		}
		if found++; !takes && !slices.Contains(byCredential, m.Name) {
			t.Errorf("%s gives something for no proof", m.Name)
		}
	}
	if found < 7 {
		t.Errorf("%d methods give something", found)
	}
}

// TestNoRequestIsVouchedFor: the word of this machine's user, and keys without a proof, are for commands; the issuer's
// own account is for what it asks of its members.
func TestNoRequestIsVouchedFor(t *testing.T) {
	word := regexp.MustCompile(`\.Vouch\(|\.Consult\(|\.CentreToken\(|DB\.(CreateKey|RotateKey)\(`)
	files := 0
	for _, dir := range []string{"../gate", "../api", "../console", "../control", "../sttserver"} {
		paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			files++
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if at := word.Find(text); at != nil {
				t.Errorf("%s says %s", path, at)
			}
		}
	}
	if files < 40 {
		t.Errorf("%d files were read", files)
	}
}
