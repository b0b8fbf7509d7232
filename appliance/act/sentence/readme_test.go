package sentence

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"orac/appliance/act"
)

// TestReadme: the examples of README.md are read as it says, and it names all built-in slots that people use.
func TestReadme(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, examples, ok := strings.Cut(string(page), "<!-- examples -->\n")
	examples, _, ok2 := strings.Cut(examples, "<!-- /examples -->")
	if !ok || !ok2 {
		t.Fatal("README.md has no examples")
	}
	slots := map[string]Slot{
		"drink": {Words: map[string][]string{"coffee": nil, "tea": {"tea", "cup of tea"}}},
		"level": {Range: &Range{0, 100, "l"}},
	}
	n := 0
	for line := range strings.Lines(examples) {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
		if len(cells) != 5 || strings.HasPrefix(cells[1], " template") || strings.HasPrefix(cells[1], "-") {
			continue
		}
		n++
		for i := range cells {
			cells[i] = strings.ReplaceAll(strings.Trim(cells[i], " "), "\x00", "|")
		}
		template := strings.Trim(cells[1], "`")
		m, problems := Compile(Grammar{Intents: []Intent{{Name: "x", Sentences: []string{template}, Slots: slots, Backend: "b"}}, Homes: []*act.Home{standIn()}})
		if len(problems) > 0 {
			t.Errorf("%s: %v", template, problems)
			continue
		}
		r, _ := m.Read(cells[2], Context{})
		got := "not understood"
		for _, c := range r.Commands {
			s := c.Slots[0]
			got = fmt.Sprintf("`%s` = %s", s.Name, s.Value.Text)
			if s.Value.Number != nil {
				got = fmt.Sprintf("`%s` = %v %s", s.Name, *s.Value.Number, s.Value.Unit)
			}
		}
		if got != cells[3] {
			t.Errorf("%s: %q is %s, and README.md says %s", template, cells[2], got, cells[3])
		}
	}
	if n < 8 {
		t.Errorf("only %d examples", n)
	}
	for _, name := range strings.Fields("entity light switch cover climate fan media_player lock vacuum sensor scene switchable openable area floor duration number percent degrees kelvin where text") {
		if _, ok := builtin[name]; !ok || !strings.Contains(builtinNames(), name) || !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("slot %s: README.md and the table of built-in slots differ", name)
		}
	}
}
