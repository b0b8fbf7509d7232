package runbook_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
	"orac/runbook/testkit"
)

// TestGoldenCompare compares the two runbooks of every folder of testdata/compare; old.hcl may be missing.
func TestGoldenCompare(t *testing.T) {
	folders, err := filepath.Glob("testdata/compare/*")
	if err != nil || len(folders) < 5 {
		t.Fatalf("%v, %v", folders, err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			old, new := parseFile(t, folder, "old.hcl"), parseFile(t, folder, "new.hcl")
			got := printChanges(runbook.Compare(old, new))
			runbooktest.MustHide(t, got+fmt.Sprintf("%+v", runbook.Compare(old, new)))
			testkit.Golden(t, filepath.Join(folder, "golden"), got)
			for _, rb := range []*runbook.Runbook{old, new} {
				if rb != nil && len(runbook.Compare(rb, rb)) > 0 {
					t.Errorf("a runbook differs from itself: %+v", runbook.Compare(rb, rb))
				}
			}
			if old != nil {
				if d := cmp.Diff(mirrored(runbook.Compare(new, old)), values(runbook.Compare(old, new))); d != "" {
					t.Errorf("the way back is another one (-back +there):\n%s", d)
				}
			}
		})
	}
}

func parseFile(t *testing.T, folder, name string) *runbook.Runbook {
	src, err := os.ReadFile(filepath.Join(folder, name))
	if errors.Is(err, fs.ErrNotExist) && name == "old.hcl" {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	rb, ds := runbook.Parse(src, name, runbooktest.World())
	if rb == nil {
		t.Fatal(runbooktest.Render(t, ds, language.RenderOptions{}))
	}
	return rb
}

// values gives what changes, as old and new value by name.
func values(changes []runbook.Change) map[string][2]string {
	out := map[string][2]string{}
	for _, c := range changes {
		out[string(c.Address)] = [2]string{string(c.Kind)}
		for _, a := range c.Attributes {
			out[string(c.Address)+"."+a.Name] = [2]string{a.Old, a.New}
		}
	}
	return out
}

// mirrored is values with before and after exchanged.
func mirrored(changes []runbook.Change) map[string][2]string {
	out := values(changes)
	for name, v := range out {
		switch v {
		case [2]string{string(runbook.Added)}:
			out[name] = [2]string{string(runbook.Removed)}
		case [2]string{string(runbook.Removed)}:
			out[name] = [2]string{string(runbook.Added)}
		case [2]string{string(runbook.Changed)}:
		default:
			out[name] = [2]string{v[1], v[0]}
		}
	}
	return out
}

func printChanges(changes []runbook.Change) string {
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "%s %s (%s)\n", c.Kind, c.Address, c.Range)
		for _, a := range c.Attributes {
			fmt.Fprintf(&b, "  %s: %q -> %q, %s, secret %v (%s)\n", a.Name, a.Old, a.New, a.OnChange, a.Secret, a.Range)
			fmt.Fprintf(&b, "    | %s\n", a.Source)
		}
	}
	return b.String()
}

// TestASecretThatChangedElsewhere: the text is the same, the secret behind it is not.
func TestASecretThatChangedElsewhere(t *testing.T) {
	parse := func(token string) *runbook.Runbook {
		opts := runbooktest.World()
		opts.Secret = func(string) (string, error) { return token, nil }
		rb, ds := runbook.Parse([]byte("appliance \"a\" {}\nstt \"s\" {\n  url   = \"http://h\"\n  token = secret(\"token\")\n}\n"), "x.hcl", opts)
		if rb == nil {
			t.Fatal(ds)
		}
		return rb
	}
	changes := runbook.Compare(parse("one-l1teral"), parse("two-l1teral"))
	if len(changes) != 1 || len(changes[0].Attributes) != 1 {
		t.Fatalf("%+v", changes)
	}
	want := runbook.AttributeChange{Name: "token", Old: language.Redacted, New: language.Redacted, Secret: true, OnChange: language.InPlace, Source: "token = " + language.Redacted}
	got := changes[0].Attributes[0]
	if got.Range.Start.Line != 4 {
		t.Errorf("it is in line %d", got.Range.Start.Line)
	}
	got.Range = want.Range
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestASourceLineIsShort: a line is shown as far as a person reads it, however it is cut.
func TestASourceLineIsShort(t *testing.T) {
	for _, letter := range []string{"x", "ä", "語"} {
		src := "appliance \"a\" {\n  instance_id = join(\"\", [\"a\", \"" + letter + "\"]) # " + strings.Repeat(letter, 5000) + "\n}\n"
		rb, ds := runbook.Parse([]byte(src), "x.hcl", runbooktest.World())
		if rb == nil {
			t.Fatal(ds)
		}
		got := runbook.Compare(nil, rb)[0].Attributes[0].Source
		if n := len([]rune(got)); n != 200 || !strings.HasPrefix(got, `instance_id = join("", ["a"`) || !strings.HasSuffix(got, letter+"…") {
			t.Errorf("%d characters: %s", n, got)
		}
	}
}
