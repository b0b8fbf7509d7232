package language_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
)

// TestSecretPrintsNowhere sends a secret down every road that printing knows.
func TestSecretPrintsNowhere(t *testing.T) {
	s := language.NewSecret(runbooktest.EnvSecret)
	holder := struct {
		inside  language.Secret // fmt calls no method of it
		Token   language.Secret
		Pointer *language.Secret
		Headers map[string]language.Secret
		ByKey   map[language.Secret]int
	}{s, s, &s, map[string]language.Secret{"a": s}, map[language.Secret]int{s: 1}}
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
	runbooktest.MustHide(t, out.String())
	if hex := fmt.Sprintf("%x", runbooktest.EnvSecret); bytes.Contains(out.Bytes(), []byte(hex)) {
		t.Error("the secret is printed in hexadecimal")
	}
	if !bytes.Contains(out.Bytes(), []byte(language.Redacted)) {
		t.Error("nothing shows that there is a secret")
	}
	if s.Reveal() != runbooktest.EnvSecret || !s.IsSet() || (language.Secret{}).IsSet() || (language.Secret{}).String() != "" || s != language.NewSecret(runbooktest.EnvSecret) {
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
	rb, ds := runbook.Parse([]byte(src), "x.hcl", runbooktest.World())
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	if got := rb.STTs[1].Token.Reveal(); got != "ENV-S3CRET+STORED-S3CRET" {
		t.Errorf("token is %q", got)
	}
	if got := rb.Webhooks[0].URL.Text(); got != "http://file-s3cret@host" {
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
	runbooktest.MustHide(t, out.String())
}

// TestAttrEqual compares what a plan compares.
func TestAttrEqual(t *testing.T) {
	attr := func(name, src, token string) language.Attr {
		opts := runbooktest.World()
		opts.Secret = func(string) (string, error) { return token, nil }
		rb, ds := runbook.Parse([]byte("appliance \"a\" {}\nstt \"s\" {\nurl = \"http://h\"\n"+src+"\n}\n"), "x.hcl", opts)
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
		a, b language.Attr
		same bool
	}{
		{"other spelling", attr("timeout", `timeout = "60s"`, ""), attr("timeout", `timeout = "1m"`, ""), true},
		{"written default", attr("timeout", ``, ""), attr("timeout", `timeout = "45s"`, ""), true},
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
	opts := language.Options{
		Env: func(n string) (string, bool) { v, ok := env[n]; return v, ok },
		ReadFile: func(path string) ([]byte, error) {
			switch path {
			case "/run/credentials/jwt":
				return []byte("from-systemd\n"), nil
			case "/nowhere/secrets/jwt", "/nowhere/secrets/own":
				return []byte("from-state\n"), nil
			}
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		},
	}.WithDefaults()
	for name, want := range map[string]string{"stt-token": "from-env", "jwt": "from-systemd", "own": "from-state"} {
		if got, err := opts.FindSecret(name, "/nowhere"); got != want || err != nil {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	if _, err := opts.FindSecret("other", "/nowhere"); err == nil {
		t.Error("a secret that is nowhere is found")
	}
	delete(env, "CREDENTIALS_DIRECTORY")
	if _, err := opts.FindSecret("jwt", ""); err == nil {
		t.Error("a credential is found without its directory")
	}
}

// TestSecretsOfTheStateDirectory checks that the directory is the one that the runbook declares, wherever it stands
// in the file, or the one that the caller names; and that what others may read is refused.
func TestSecretsOfTheStateDirectory(t *testing.T) {
	dir := t.TempDir()
	for _, state := range []string{"first", "second"} {
		if err := os.MkdirAll(filepath.Join(dir, state, language.SecretsDir), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, state, language.SecretsDir, "token"), []byte(state+"-s3cret\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	src := `
stt "whisper" {
  url   = "http://stt.test"
  token = secret("token")
}

appliance "kitchen" {
  state_dir = local.dir
}

locals {
  dir = "first"
}
`
	none := func(string) (string, bool) { return "", false }
	for named, want := range map[string]string{"": "first-s3cret", filepath.Join(dir, "second"): "second-s3cret"} {
		rb, ds := runbook.Parse([]byte(src), filepath.Join(dir, "orac.hcl"), language.Options{Env: none, StateDir: named})
		if rb == nil {
			t.Fatal(runbooktest.Render(t, ds, language.RenderOptions{}))
		}
		if got := rb.STTs[0].Token.Reveal(); got != want {
			t.Errorf("with %q it is %q", named, got)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "first", language.SecretsDir, "token"), 0o640); err != nil {
		t.Fatal(err)
	}
	rb, ds := runbook.Parse([]byte(src), filepath.Join(dir, "orac.hcl"), language.Options{Env: none})
	if text := runbooktest.Render(t, ds, language.RenderOptions{}); rb != nil || !strings.Contains(text, "chmod 600") || strings.Contains(text, "s3cret") {
		t.Errorf("an open secret is taken:\n%s", text)
	}
	circle := strings.Replace(src, `dir = "first"`, `dir = secret("token")`, 1)
	if rb, _ := runbook.Parse([]byte(circle), filepath.Join(dir, "orac.hcl"), language.Options{Env: none}); rb != nil {
		t.Error("a state directory that is a secret of itself is taken")
	}
}

// TestStandIns: a simulation has no secrets, and what stands in for them has no form; what is no secret keeps its.
func TestStandIns(t *testing.T) {
	const src = `
appliance "a" {}
user "anna" { password_hash = secret("anna") }
webhook "w" { url = secret("hook") }
`
	world := runbooktest.World()
	world.Secret = func(string) (string, error) { return "stands in", nil }
	if _, ds := runbook.Parse([]byte(src), "x.hcl", world); !ds.HasErrors() {
		t.Error("real secrets have a form")
	}
	world.StandIns = true
	rb, ds := runbook.Parse([]byte(src), "x.hcl", world)
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	if got := rb.Users[0].PasswordHash.Reveal(); got != "stands in" {
		t.Errorf("the hash is %q", got)
	}
	for _, bad := range []string{`webhook "w" { url = "x" }`, `heartbeat "h" { url = secret("u") }`, "webhook \"w\" {\n  url = \"http://h\"\n  timeout = secret(\"t\")\n}"} {
		if _, ds := runbook.Parse([]byte("appliance \"a\" {}\n"+bad+"\n"), "x.hcl", world); !ds.HasErrors() {
			t.Errorf("taken: %s", bad)
		}
	}
}
