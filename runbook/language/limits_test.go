package language_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
)

// TestHostileTexts tries texts that no person wrote. Each must be refused, soon,
// with a message that says why.
func TestHostileTexts(t *testing.T) {
	const n = 100_000
	deep := func(open, end string, n int) string {
		return "locals {\n a = " + strings.Repeat(open, n) + "1" + strings.Repeat(end, n) + "\n}\n"
	}
	many := func(n int, f func(i int) string) string {
		var b strings.Builder
		b.WriteString("appliance \"a\" {}\n")
		for i := range n {
			b.WriteString(f(i))
		}
		return b.String()
	}
	fits := language.MaxFileSize - 4096
	cases := []struct{ name, src, want string }{
		{"empty", "", "the runbook is empty"},
		{"blank", " \n\t\n", "the runbook is empty"},
		{"10 MB", strings.Repeat("a = 1\n", 10<<20/6), "larger than 256KiB"},
		{"10 MB of brackets", strings.Repeat("[", 10<<20), "larger than 256KiB"},
		{"binary", "\x7fELF\x02\x01\x01\x00\x00", "binary"},
		{"not UTF-8", "appliance \"k\xff\" {}", "not valid UTF-8"},
		{"parentheses", deep("(", ")", n), "nested more than 64 deep"},
		{"brackets", deep("[", "]", n), "nested more than 64 deep"},
		{"open brackets", "a = " + strings.Repeat("[", n), "nested more than 64 deep"},
		{"objects", deep("{a=", "}", n/3), "nested more than 64 deep"},
		{"templates", deep(`"${`, `}"`, n/2), "nested more than 64 deep"},
		{"calls", deep("f(", ")", n/2), "nested more than 64 deep"},
		{"indexes", deep("a[", "]", n/2), "nested more than 64 deep"},
		{"blocks", strings.Repeat("a {\n", n/2), "nested more than 64 deep"},
		{"heredocs", strings.Repeat("a = <<E\n${\n", n/6), "nested more than 64 deep"},
		{"unary", "a = " + strings.Repeat("!", n) + "true", "more than 5000 operators"},
		{"minus", "a = " + strings.Repeat("-", n) + "1", "more than 5000 operators"},
		{"conditions", "a = " + strings.Repeat("1?1:", fits/4) + "1", "more than 5000 operators"},
		{"sums", "a = 1" + strings.Repeat("+1", fits/2), "more than 5000 operators"},
		{"directives", "a = \"" + strings.Repeat("%{if true}", fits/10) + "\"", "more than 5000 operators"},
		{"splats", "a = b" + strings.Repeat(".*", fits/2), "more than 5000 operators"},
		{"blocks in a row", many(fits/13, func(int) string { return "model \"a\" {}" + "\n" }), "more than 1000"},
		{"huge number", "locals {\n a = \"${1e999999999}\"\n}", "too large"},
		{"chain of locals", many(6000, func(i int) string { return fmt.Sprintf("locals {\n a%d = local.a%d\n}\n", i, i+1) }), "more than 1000"},
		{"long chain of locals", "appliance \"a\" {}\nlocals {\n" + many(9000, func(i int) string { return fmt.Sprintf("a%d = local.a%d\n", i, i+1) })[17:] + "}", "local.a9000 does not exist"},
		{"many small cycles", "appliance \"a\" {}\nlocals {\n" + many(7000, func(i int) string { return fmt.Sprintf("a%d=[local.a0,local.a%d]\n", i, i+1) })[17:] + "}", "depend on themselves"},
		{"many wrong names", "appliance \"a\" {}\nlocals {\n" + many(9000, func(i int) string { return fmt.Sprintf("a%d = local.b%d\n", i, i) })[17:] + "}", "more problems"},
		{"doubling", "appliance \"a\" {}\nlocals {\n a0 = [1, 1]\n" + many(64, func(i int) string { return fmt.Sprintf("a%d=[local.a%d,local.a%d]\n", i+1, i, i) })[17:] + "}", "too"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			rb, ds := runbook.Parse([]byte(c.src), "x.hcl", runbooktest.World())
			if rb != nil || !strings.Contains(ds.Error(), c.want) {
				t.Errorf("want %q, got %s", c.want, language.Clip(ds.Error()))
			}
			if len(ds) > language.MaxDiagnostics+1 {
				t.Errorf("%d diagnostics", len(ds))
			}
			runbooktest.Render(t, ds, language.RenderOptions{Color: true})
			if _, ds := runbook.Vocabulary.Format([]byte(c.src), "x.hcl"); ds.HasErrors() && len(ds.Error()) == 0 {
				t.Error("Format refuses without a reason")
			}
			// Far above what it takes, far below what a person waits for.
			if d := time.Since(start); d > 30*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}

// TestLoadReadsSafely tries what a path can be.
func TestLoadReadsSafely(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big.hcl")
	if err := os.WriteFile(big, make([]byte, 10<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none.hcl"): "cannot read the runbook: no such file",
		dir:                            "not a regular file",
		"/dev/zero":                    "not a regular file",
		big:                            "larger than 256KiB",
	} {
		if rb, ds := runbook.Load(path, language.Options{}); rb != nil || !strings.Contains(ds.Error(), want) {
			t.Errorf("%s: want %q, got %s", path, want, ds.Error())
		}
	}
}

// TestOneHundredProblems checks that the rest is counted.
func TestOneHundredProblems(t *testing.T) {
	src := "appliance \"a\" {}\nlocals {\n"
	for i := range 250 {
		src += fmt.Sprintf("a%d = nothing\n", i)
	}
	_, ds := runbook.Parse([]byte(src+"}\n"), "x.hcl", runbooktest.World())
	if len(ds) != language.MaxDiagnostics+1 || ds[language.MaxDiagnostics].Summary != "there are 150 more problems" {
		t.Errorf("%d diagnostics, the last %v", len(ds), ds[len(ds)-1])
	}
}
