package language_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
)

func TestFormat(t *testing.T) {
	src := "\n\nappliance \"a\" {\n# why\nlog_level=\"info\"\n      state_dir =   \"x\"  # here\n}\n\n\n"
	want := "\n\nappliance \"a\" {\n  # why\n  log_level = \"info\"\n  state_dir = \"x\" # here\n}\n"
	got, ds := runbook.Vocabulary.Format([]byte(src), "x.hcl")
	if string(got) != want || len(ds) > 0 {
		t.Errorf("got %q, %v", got, ds)
	}
	if _, ds := runbook.Vocabulary.Format([]byte("a = {"), "x.hcl"); !ds.HasErrors() {
		t.Error("a text that cannot be parsed is formatted")
	}
}

func TestDiff(t *testing.T) {
	if d := language.Diff("orac.hcl", []byte("a\nb\n"), []byte("a\nb\n")); d != "" {
		t.Errorf("equal texts differ: %q", d)
	}
	d := language.Diff("orac.hcl", []byte("a\nb\nc\n"), []byte("a\nB\nc\n"))
	for _, want := range []string{"--- orac.hcl\n", "+++ orac.hcl\n", "@@ -1,3 +1,3 @@\n", "\n a\n-b\n+B\n c\n"} {
		if !strings.Contains(d, want) {
			t.Errorf("the diff lacks %q:\n%s", want, d)
		}
	}
}

// TestFormatProperties: formatting twice is formatting once, and a formatted
// runbook means the same.
func TestFormatProperties(t *testing.T) {
	texts := runbooktest.Corpus(t)
	rapid.Check(t, func(t *rapid.T) {
		src := runbooktest.Mutate(t, rapid.SampledFrom(texts).Draw(t, "runbook"))
		once, ds := runbook.Vocabulary.Format(src, "x.hcl")
		if ds.HasErrors() {
			return
		}
		twice, ds := runbook.Vocabulary.Format(once, "x.hcl")
		if ds.HasErrors() || !bytes.Equal(once, twice) {
			t.Fatalf("formatting twice differs:\n%s\n%v", language.Diff("x", once, twice), ds)
		}
		before, _ := runbook.Parse(src, "x.hcl", runbooktest.World())
		after, _ := runbook.Parse(once, "x.hcl", runbooktest.World())
		if (before == nil) != (after == nil) {
			t.Fatal("formatting changes whether the runbook is valid")
		}
		if before == nil {
			return
		}
		for i := range before.Blocks {
			for name, a := range before.Blocks[i].Attrs {
				if !a.Equal(after.Blocks[i].Attrs[name]) {
					t.Fatalf("formatting changes %s of %s", name, before.Blocks[i].Address)
				}
			}
		}
	})
}

// TestMutatedRunbooks: whatever happens to a runbook, it is either decoded or
// refused with an error, and no secret is printed.
func TestMutatedRunbooks(t *testing.T) {
	texts := runbooktest.Corpus(t)
	rapid.Check(t, func(t *rapid.T) {
		src := rapid.SampledFrom(texts).Draw(t, "runbook")
		for range rapid.IntRange(1, 4).Draw(t, "mutations") {
			src = runbooktest.Mutate(t, src)
		}
		checkParse(t, src)
	})
}

// checkParse checks what holds of any text.
func checkParse(t runbooktest.Fataler, src []byte) {
	t.Helper()
	rb, ds := runbook.Parse(src, "x.hcl", runbooktest.World())
	if (rb == nil) != ds.HasErrors() {
		t.Fatalf("runbook %v with %v", rb != nil, ds)
	}
	var b strings.Builder
	if err := ds.Render(&b, language.RenderOptions{Color: true, Width: 40}); err != nil {
		t.Fatalf("%v", err)
	}
	for _, s := range []string{runbooktest.EnvSecret, runbooktest.FileSecret, runbooktest.StoredSecret, runbooktest.VarSecret} {
		if strings.Contains(strings.ToLower(b.String()+ds.Error()), s) {
			t.Fatalf("the secret %q is printed:\n%s", s, b.String())
		}
	}
	if rb != nil {
		checkChanges(t, rb)
	}
}

// checkChanges holds of every runbook: it does not differ from itself, and what is printed of its coming and of its
// inputs shows nothing that came from secret() or a sensitive variable.
func checkChanges(t runbooktest.Fataler, rb *runbook.Runbook) {
	t.Helper()
	if changes := runbook.Compare(rb, rb); len(changes) > 0 {
		t.Fatalf("it differs from itself: %+v", changes)
	}
	text, err := json.Marshal(rb.Inputs())
	if err != nil {
		t.Fatalf("%v", err)
	}
	var back language.Inputs
	if err := json.Unmarshal(text, &back); err != nil || back.Hash() != rb.Inputs().Hash() {
		t.Fatalf("the inputs are not the same after a round through JSON: %s, %v", text, err)
	}
	printed := strings.ToLower(fmt.Sprintf("%s %+v", text, runbook.Compare(nil, rb)))
	for _, s := range []string{runbooktest.StoredSecret, runbooktest.VarSecret} {
		if strings.Contains(printed, s) {
			t.Fatalf("the secret %q is printed:\n%s", s, printed)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, src := range runbooktest.Corpus(f) {
		f.Add(src)
	}
	f.Add([]byte("locals {\n a = <<E\n${\"%{ if x }\"}\nE\n}\n"))
	for _, src := range costlyTexts(language.MaxFileSize / 64) {
		f.Add([]byte(src))
	}
	nothing, ds := runbook.Parse([]byte("appliance \"a\" {}\n"), "x.hcl", runbooktest.World())
	if nothing == nil {
		f.Fatal(ds)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		checkParse(t, src)
		within, names := fetchedNames(runbooktest.World())
		within.Within = &nothing.Document
		runbook.Parse(src, "x.hcl", within)
		for _, n := range *names {
			if !strings.HasPrefix(n, "env ORAC_VAR_") && !strings.HasPrefix(n, "secret ") { // a password's hash may be another secret
				t.Fatalf("%s is read, and the runbook that runs reads nothing:\n%s", n, src)
			}
		}
		if rb, _ := runbook.Parse(src, "x.hcl", runbooktest.World()); rb != nil {
			again := runbooktest.World()
			again.Within = &rb.Document
			if same, ds := runbook.Parse(src, "x.hcl", again); same == nil {
				t.Fatalf("what runs may not stay as it is: %v\n%s", ds, src)
			}
		}
		once, ds := runbook.Vocabulary.Format(src, "x.hcl")
		if ds.HasErrors() {
			return
		}
		if twice, ds := runbook.Vocabulary.Format(once, "x.hcl"); ds.HasErrors() || !bytes.Equal(once, twice) {
			t.Fatalf("formatting twice differs:\n%q\n%q", once, twice)
		}
	})
}
