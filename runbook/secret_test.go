package runbook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
)

// TestSecretPrintsNowhere sends a secret down every road that printing knows.
func TestSecretPrintsNowhere(t *testing.T) {
	s := NewSecret(envSecret)
	holder := struct {
		inside  Secret // fmt calls no method of it
		Token   Secret
		Pointer *Secret
		Headers map[string]Secret
		ByKey   map[Secret]int
	}{s, s, &s, map[string]Secret{"a": s}, map[Secret]int{s: 1}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%10.3s", "%08b", "%t", "%U", "%p"} {
		fmt.Fprintf(&out, verb+"|"+verb+"|"+verb+"\n", s, &s, holder)
	}
	fmt.Fprintln(&out, s, fmt.Errorf("it failed: %w", fmt.Errorf("with %v", s)))
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("m", "secret", s, "holder", holder, "any", slog.AnyValue(s))
	}
	if err := json.NewEncoder(&out).Encode(holder); err != nil {
		t.Fatal(err)
	}
	mustHideSecrets(t, out.String())
	if hex := fmt.Sprintf("%x", envSecret); bytes.Contains(out.Bytes(), []byte(hex)) {
		t.Error("the secret is printed in hexadecimal")
	}
	if !bytes.Contains(out.Bytes(), []byte(Redacted)) {
		t.Error("nothing shows that there is a secret")
	}
	if s.Reveal() != envSecret || !s.IsSet() || (Secret{}).IsSet() || (Secret{}).String() != "" || s != NewSecret(envSecret) {
		t.Error("a secret is not what was put in")
	}
}

// TestSecretsOfARunbook checks that secrets arrive, whole, and that a runbook that
// is printed by any road shows none of them.
func TestSecretsOfARunbook(t *testing.T) {
	src := `
appliance "a" {}
locals {
  both = "${env("TOKEN")}+${secret("token")}"
}
stt "s" {
  url   = "http://host"
  token = upper(local.both)
}
webhook "w" {
  url     = "http://${file("token.txt")}@host"
  headers = { A = "Bearer ${env("TOKEN")}", B = "plain" }
}
stt "t" {
  url   = stt.s.url
  token = stt.s.token
}
`
	rb, ds := Parse([]byte(src), "x.hcl", testWorld())
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	if got := rb.STTs[1].Token.Reveal(); got != "ENV-S3CRET+STORED-S3CRET" {
		t.Errorf("token is %q", got)
	}
	if got := rb.Webhooks[0].URL.Reveal(); got != "http://file-s3cret@host" {
		t.Errorf("url is %q", got)
	}
	if got := rb.Webhooks[0].Headers; got["A"].Reveal() != "Bearer env-s3cret" || got["B"].Reveal() != "plain" {
		t.Errorf("headers are %q", got)
	}
	var out bytes.Buffer
	asJSON, err := json.Marshal(rb)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&out, "%v\n%+v\n%#v\n%s\n", *rb, *rb, *rb, asJSON)
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "runbook", *rb)
	for _, b := range rb.Blocks {
		fmt.Fprintf(&out, "%v %+v %#v\n", b, b.Attrs, b.Attrs)
	}
	mustHideSecrets(t, out.String())
}

// TestAttrEqual compares what a plan compares.
func TestAttrEqual(t *testing.T) {
	attr := func(name, src, token string) Attr {
		opts := testWorld()
		opts.Secret = func(string) (string, error) { return token, nil }
		rb, ds := Parse([]byte("appliance \"a\" {}\nstt \"s\" {\nurl = \"http://h\"\n"+src+"\n}\n"), "x.hcl", opts)
		if ds.HasErrors() {
			t.Fatal(ds)
		}
		b, ok := rb.Block("stt.s")
		if !ok {
			t.Fatal("stt.s is not there")
		}
		return b.Attrs[name]
	}
	for _, c := range []struct {
		name string
		a, b Attr
		same bool
	}{
		{"other spelling", attr("timeout", `timeout = "60s"`, ""), attr("timeout", `timeout = "1m"`, ""), true},
		{"written default", attr("timeout", ``, ""), attr("timeout", `timeout = "30s"`, ""), true},
		{"other value", attr("timeout", ``, ""), attr("timeout", `timeout = "31s"`, ""), false},
		{"same secret", attr("token", `token = secret("x")`, "one"), attr("token", `token = secret("y")`, "one"), true},
		{"other secret", attr("token", `token = secret("x")`, "one"), attr("token", `token = secret("x")`, "two"), false},
		{"no secret", attr("token", ``, ""), attr("token", `token = secret("x")`, "two"), false},
	} {
		if c.a.Equal(c.b) != c.same {
			t.Errorf("%s: Equal is %v", c.name, !c.same)
		}
	}
}

// TestFindSecret checks where secrets come from when nobody says otherwise.
func TestFindSecret(t *testing.T) {
	env := map[string]string{"ORAC_SECRET_STT_TOKEN": "from-env", "CREDENTIALS_DIRECTORY": "/run/credentials"}
	opts := Options{
		Env: func(n string) (string, bool) { v, ok := env[n]; return v, ok },
		ReadFile: func(path string) ([]byte, error) {
			if path == "/run/credentials/jwt" {
				return []byte("from-systemd\n"), nil
			}
			return nil, fmt.Errorf("no such file")
		},
	}.WithDefaults()
	for name, want := range map[string]string{"stt-token": "from-env", "jwt": "from-systemd"} {
		if got, err := opts.Secret(name); got != want || err != nil {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	if _, err := opts.Secret("other"); err == nil {
		t.Error("a secret that is nowhere is found")
	}
	delete(env, "CREDENTIALS_DIRECTORY")
	if _, err := opts.Secret("jwt"); err == nil {
		t.Error("a credential is found without its directory")
	}
}
