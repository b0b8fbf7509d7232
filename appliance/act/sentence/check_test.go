package sentence

import (
	"strings"
	"testing"
)

// TestCheckIsBounded: templates that are like each other in a million ways are compared in a moment.
func TestCheckIsBounded(t *testing.T) {
	text := "x " + strings.Repeat("[a|b] ", 12)
	var intents []Intent
	for i := range 20 {
		intents = append(intents, Intent{Name: "x", Sentences: []string{text + strings.Repeat("c ", i), strings.Repeat("[a|a b|b] ", 9) + "c"}})
	}
	if problems := Check(intents); len(problems) > maxProblems {
		t.Errorf("%d problems", len(problems))
	}
}

// TestCheck: what is wrong with templates is told, with the place.
func TestCheck(t *testing.T) {
	drinks := map[string]Slot{"drink": {Words: map[string][]string{"coffee": {"coffee", "a cup of coffee"}, "tea": nil}}}
	one := func(sentences ...string) []Intent {
		return []Intent{{Name: "one", Sentences: sentences, Slots: drinks}}
	}
	two := func(first, second string) []Intent {
		return []Intent{{Name: "one", Sentences: []string{first}, Slots: drinks}, {Name: "two", Sentences: []string{second}, Slots: drinks}}
	}
	deep := strings.Repeat("(", 30) + "a" + strings.Repeat(")", 30)
	for name, c := range map[string]struct {
		intents []Intent
		want    string // part of the one problem; "" for none
	}{
		"right":             {one("(make|brew) [me] {drink} [please]"), ""},
		"open bracket":      {one("(make|brew {drink}"), `template "(make|brew {drink}", column 1: "(" is never closed; add ")"`},
		"closing bracket":   {one("make] {drink}"), `column 5: "]" closes nothing`},
		"wrong bracket":     {one("(make] {drink}"), `column 1: "(" is never closed`},
		"open slot":         {one("make {drink"), `column 6: "{" is never closed; add "}"`},
		"closing slot":      {one("make drink}"), `column 11: "}" closes nothing`},
		"unknown slot":      {one("make {drnk}"), `column 6: there is no slot "drnk"; declare it in slots, or use one of area, `},
		"no name":           {one("make {a b}"), `column 6: "a b" is no name of a slot`},
		"nothing":           {one("[make] [tea]"), `it also stands for no words at all`},
		"only a filler":     {one("please"), `it also stands for no words at all`},
		"only punctuation":  {one("?!"), `it also stands for no words at all`},
		"deep":              {one(deep), `brackets stand more than 20 deep`},
		"explodes":          {one("make " + strings.Repeat("[a|b|c|d|e|f|g] ", 9)), `column 6: it stands for more than 1000000 sentences`},
		"long":              {one("make " + strings.Repeat("a", MaxTemplate)), `it has 1005 bytes, and at most 1000 are read`},
		"many words":        {one(strings.Repeat("a ", 450)), `column 1: more than 60 words stand here`},
		"many choices":      {one("make (a" + strings.Repeat("|a", 420) + ")"), `it has 424 words and slots, and at most 400 are compiled`},
		"bytes":             {one("make \xff"), `it is not UTF-8 text`},
		"rule":              {one("make <drink>"), `"<" is no sign of templates`},
		"the same":          {two("make {drink}", "make tea"), `intent "two": template "make tea": it never matches: the templates before it, such as "make {drink}" of intent "one"`},
		"overlap":           {two("(make|brew) tea", "(brew|pour) [some] tea"), `"brew tea" is also a sentence of intent "one" (template "(make|brew) tea"), which takes it`},
		"slots overlap":     {two("make {drink} now", "[please] make (coffee|milk) now"), `"make coffee now" is also a sentence of intent "one"`},
		"entities":          {two("polish {light}", "polish {light}"), `it never matches`},
		"other entities":    {two("polish {light}", "polish {cover}"), ``},
		"covered by two":    {one("make (tea|milk)", "make coffee", "make (milk|coffee|tea)"), `it never matches`},
		"not quite covered": {one("make (tea|milk)", "make coffee", "make (milk|coffee|tea|water)"), ``},
		"bad slot":          {[]Intent{{Name: "one", Sentences: []string{"make tea"}, Slots: map[string]Slot{"x": {}}}}, `slot "x": it has no words and no range`},
		"bad range":         {[]Intent{{Name: "one", Sentences: []string{"make {x}"}, Slots: map[string]Slot{"x": {Range: &Range{5, 1, ""}}}}}, `a range goes from the smaller number to the larger`},
		"bad name":          {[]Intent{{Name: "o ne", Sentences: []string{"make tea"}}}, `the name of an intent has letters, digits and _`},
		"bad implied":       {[]Intent{{Name: "one", Sentences: []string{"make tea"}, Implied: "duration"}}, `"duration" is no slot of entities`},
	} {
		t.Run(name, func(t *testing.T) {
			problems := Check(c.intents)
			if c.want == "" && len(problems) > 0 {
				t.Errorf("%v", problems)
			}
			if c.want != "" && (len(problems) == 0 || !strings.Contains(problems[0].String(), c.want)) {
				t.Errorf("got %v, want %q", problems, c.want)
			}
		})
	}
}
