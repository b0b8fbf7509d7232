package outbox

import "testing"

func TestTheFileKeepIsRead(t *testing.T) {
	for text, want := range map[string]int64{
		"86400\n": 86400, "60": 60, "2592000": 2592000, "": 0, "59": 0, "2592001": 0, "-86400": 0, "1d": 0, "99999999999999999999": 0,
	} {
		if got := parseKeep(text); got != want {
			t.Errorf("%q is read as %d, not %d", text, got, want)
		}
	}
}

func FuzzParseKeep(f *testing.F) {
	f.Add("86400\n")
	f.Fuzz(func(t *testing.T, text string) {
		if s := parseKeep(text); s != 0 && (s < 60 || s > 30*86400) {
			t.Errorf("%q: %d", text, s)
		}
	})
}
