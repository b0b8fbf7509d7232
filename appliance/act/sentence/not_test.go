package sentence

import (
	"os"
	"strings"
	"testing"

	"orac/appliance/act"
)

// nots are the sentences of testdata/not.txt.
func nots(t testing.TB) (out []string) {
	text, err := os.ReadFile("testdata/not.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
	return out
}

// TestNots: what is no command does nothing, wherever it is said, and whatever was said before.
func TestNots(t *testing.T) {
	list := nots(t)
	if len(list) < 300 {
		t.Errorf("only %d sentences", len(list))
	}
	before := Remembered{Targets: []string{"light.sofa", "cover.garage_door", "media_player.kitchen"}, Area: "kitchen", At: corpusTime}
	for _, c := range []Context{{}, {Area: "kitchen"}, {Area: "living_room"}, {Area: "hall", Before: before}} {
		c.Now = corpusTime
		for _, text := range list {
			if r, _ := english().Read(text, c); r.Tier != act.NoTier {
				t.Errorf("%q in %q is read as %s %s", text, c.Area, r.Tier, show(r))
			}
		}
	}
}

// TestNotsMisheard: nor does it with an error of speech to text in it.
func TestNotsMisheard(t *testing.T) {
	table := misheard(t)
	tried := 0
	for _, text := range nots(t) {
		plain := " " + strings.ToLower(text) + " "
		for _, said := range sorted(table) {
			if !wordIn(said).MatchString(plain) {
				continue
			}
			for _, heard := range table[said] {
				tried++
				wrong := wordIn(said).ReplaceAllString(plain, "${1}"+heard+"${2}")
				if r, _ := english().Read(wrong, Context{Area: "living_room", Now: corpusTime}); r.Tier != act.NoTier {
					t.Errorf("%q is read as %s %s", wrong, r.Tier, show(r))
				}
			}
		}
	}
	if tried < 300 {
		t.Errorf("only %d errors", tried)
	}
}
