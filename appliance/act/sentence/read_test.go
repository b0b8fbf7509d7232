package sentence

import (
	"strings"
	"testing"
	"time"

	"orac/appliance/act"
)

// TestEnglishCompiles: none of the shipped templates is wrong.
func TestEnglishCompiles(t *testing.T) {
	m, problems := Compile(Grammar{English: true, Homes: []*act.Home{standIn()}})
	for _, p := range problems {
		t.Error(p)
	}
	if m.Templates() < 100 {
		t.Errorf("only %d templates", m.Templates())
	}
}

// TestLimitsOfTexts: what is too long, empty or no text is refused with a reason.
func TestLimitsOfTexts(t *testing.T) {
	for _, c := range []struct{ text, why string }{
		{"", "no word"},
		{"  \n\t ", "no word"},
		{"\x00\xff\xfe", "no word"},
		{"🙂🙂", "no word"},
		{strings.Repeat("a", 10<<10), "at most 2000"},
		{strings.Repeat("on ", 400), "more than 60 words"},
		{"please", "no word"},
	} {
		r, _ := english().Read(c.text, Context{})
		if r.Tier != act.NoTier || len(r.Commands) > 0 || !strings.Contains(r.Why, c.why) {
			t.Errorf("%.20q: %+v, want why %q", c.text, r, c.why)
		}
	}
}

// TestMemory: "it" and "there" mean what was named within the last minute, and nothing later.
func TestMemory(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	_, keep := english().Read("turn on the sofa lamp", Context{Now: now})
	for _, c := range []struct {
		after time.Duration
		want  string
	}{
		{0, "turn_off light.sofa"},
		{Memory, "turn_off light.sofa"},
		{Memory + time.Second, "none: nothing was named within the last minute that it could be"},
		{-time.Second, "none: nothing was named within the last minute that it could be"},
	} {
		r, _ := english().Read("turn it off", Context{Before: keep, Now: now.Add(c.after)})
		if got := show(r); got != c.want {
			t.Errorf("after %v: %s, want %s", c.after, got, c.want)
		}
	}
	r, _ := english().Read("close the shutters there", Context{Before: keep, Now: now})
	if got, want := show(r), "close cover.living_left cover.living_right"; got != want {
		t.Errorf("there: %s, want %s", got, want)
	}
}
