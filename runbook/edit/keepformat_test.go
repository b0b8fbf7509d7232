package edit

import (
	"bytes"
	"context"
	"os"
	"testing"

	"pgregory.net/rapid"

	"orac/runbook"
	"orac/runbook/language"
)

// TestEditsKeepAFormattedFileFormatted: whatever forms do to a formatted runbook, in whatever order, orac fmt --check takes it. One
// that its author has laid out otherwise is not laid out anew.
func TestEditsKeepAFormattedFileFormatted(t *testing.T) {
	src, err := os.ReadFile("../../orac.hcl")
	if err != nil {
		t.Fatal(err)
	}
	var single, named []*language.BlockType
	for _, bt := range runbook.Registry {
		if bt.Named && bt.Slot != nil {
			named = append(named, bt)
		} else if bt.Slot != nil {
			single = append(single, bt)
		}
	}
	operation := rapid.Custom(func(t *rapid.T) Operation {
		bt := rapid.SampledFrom(append(single, named...)).Draw(t, "type")
		address := bt.Type
		if bt.Variant != "" {
			address += "." + bt.Variant
		}
		if bt.Named {
			address += "." + rapid.SampledFrom([]string{"demo", "hey_jarvis", "kitchen", "pocketsphinx", "fresh"}).Draw(t, "name")
		}
		if len(bt.Nested) > 0 && rapid.Bool().Draw(t, "nested") {
			bt = rapid.SampledFrom(bt.Nested).Draw(t, "inner")
			address += "." + bt.Type
		}
		o := Operation{Block: language.Address(address), Do: rapid.SampledFrom([]Verb{DoSet, DoUnset, DoAdd, DoRemove}).Draw(t, "do")}
		if o.Do == DoSet || o.Do == DoUnset {
			at := rapid.SampledFrom(bt.Attributes).Draw(t, "attribute")
			o.Attribute = at.Name
			if o.Do == DoSet {
				o.Expression = rapid.SampledFrom([]string{`"a"`, "1", "true", "[1, 2]", "\"a long text that changes where others stand\"", "{ a = \"b\" }", "[\n1,\n2]"}).Draw(t, "value")
			}
		}
		return o
	})
	done := 0
	rapid.Check(t, func(t *rapid.T) {
		out := src
		for _, o := range rapid.SliceOfN(operation, 1, 6).Draw(t, "edits") {
			next, wrong := Rework(context.Background(), out, []Operation{o})
			if len(wrong) > 0 { // what is not there cannot be removed
				continue
			}
			formatted, problems := runbook.Vocabulary.Format(next, "orac.hcl")
			if problems.HasErrors() || !bytes.Equal(formatted, next) {
				t.Fatalf("after %+v fmt --check refuses it:\n%s", o, language.Diff("orac.hcl", next, formatted))
			}
			if len(comments(next)) != len(comments(out)) && o.Do == DoSet {
				t.Fatalf("%+v has taken a comment", o)
			}
			out, done = next, done+1
		}
	})
	if done < 50 {
		t.Errorf("only %d edits could be made: the test shows little", done)
	}
	own := bytes.Replace(src, []byte("  state_dir = "), []byte("  state_dir   =   "), 1)
	next, wrong := Rework(context.Background(), own, []Operation{{DoSet, "model.hey_jarvis", "threshold", "0.6"}})
	if len(wrong) > 0 || !bytes.Contains(next, []byte("  state_dir   =   ")) {
		t.Errorf("the layout of the author is gone: %v\n%s", wrong, next)
	}
}
