package acts

import (
	"reflect"
	"strings"
	"testing"

	"orac/appliance/act"
)

// TestTheDocsNameEveryWord: a result, tier or verdict that is added is in what people read of the API, too.
func TestTheDocsNameEveryWord(t *testing.T) {
	verdicts := namesOf([]act.Verdict{act.Proven, act.Already, act.Unproven, act.Failed, act.Unknown, act.NotTried})
	for _, c := range []struct {
		of    any
		field string
		words []string
	}{
		{Answer{}, "Result", Results}, {Answer{}, "Tier", Tiers}, {Deed{}, "Result", Results}, {Outcome{}, "Verdict", verdicts}, {DeedCall{}, "Verdict", verdicts},
	} {
		f, _ := reflect.TypeOf(c.of).FieldByName(c.field)
		doc := f.Tag.Get("doc")
		for _, word := range c.words {
			if !strings.Contains(doc, word) {
				t.Errorf("%T.%s does not name %q: %s", c.of, c.field, word, doc)
			}
		}
	}
}
