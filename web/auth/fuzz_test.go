package auth

import (
	"net/http/httptest"
	"testing"
)

// FuzzToken: nothing that was not given here lets anybody in, and nothing makes it panic.
func FuzzToken(f *testing.F) {
	dir := f.TempDir()
	g, err := Open(dir, hashKey)
	if err != nil {
		f.Fatal(err)
	}
	defer g.Close()
	t := &testing.T{}
	if err := g.Use(declared(t)); err != nil {
		f.Fatal(err)
	}
	good, err := g.Issue(vouched(t, g, User, "anna"), 0)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good.Token)
	f.Add(good.Token + ".")
	f.Add("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm5hIn0.")
	f.Add(keyPrefix + "0123456789ab_x")
	f.Fuzz(func(t *testing.T, text string) {
		if i, err := g.Token(text); err == nil && text != good.Token {
			t.Errorf("%q is %+v", text, i)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Authorization"] = []string{text}
		if i, err := g.Identify(r, Via{}); err == nil && i.Known() && Bearer(r) != good.Token {
			t.Errorf("the header %q is %+v", text, i)
		}
		_ = Inspect(text).Lines()
	})
}
