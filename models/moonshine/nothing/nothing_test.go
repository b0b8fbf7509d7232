package nothing

import "testing"

func TestEveryReasonHasWords(t *testing.T) {
	for _, r := range Reasons() {
		if r.Words() == string(r) {
			t.Errorf("%s has no words", r)
		}
	}
	if Reason("only the wake word was heard").Words() != "only the wake word was heard" || Reason("").Words() != "" {
		t.Error("the reason of another service is changed")
	}
}
