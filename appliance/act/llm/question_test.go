package llm

import (
	"fmt"
	"strings"
	"testing"

	"orac/appliance/act"
	"orac/appliance/act/sentence"
	"orac/appliance/thread"
)

// TestAQuestionOfALargeHome describes what the text may mean, in a prompt that a small model has room for.
func TestAQuestionOfALargeHome(t *testing.T) {
	h := &act.Home{Backend: "home", Areas: []act.Area{{ID: "k", Name: "Kitchen"}, {ID: "z", Name: "Zoo"}}}
	for i := range 1000 {
		h.Entities = append(h.Entities, act.Entity{ID: fmt.Sprintf("light.l%04d", i), Domain: "light", Name: fmt.Sprintf("Lamp %d", i), Area: "k", Enabled: true})
	}
	h.Entities = append(h.Entities, act.Entity{ID: "light.z", Domain: "light", Name: "Penguin basin", Area: "z", Enabled: true})
	m, _ := sentence.Compile(sentence.Grammar{English: true, Homes: []*act.Home{h}})
	c := m.Choices()
	q := Question(c, "the penguins want it darker", thread.Thread{})
	if !strings.Contains(q.System, "light.z") || len(described(c, "the penguins want it darker")) != mostThings {
		t.Errorf("the penguins are not described: %s", q.System)
	}
	if len(q.System) > 32<<10 {
		t.Errorf("the prompt has %d bytes", len(q.System))
	}
	if a, b := Question(c, "lamp 7", thread.Thread{}), Question(c, "lamp 8", thread.Thread{}); a.System[:len(instructions)] != b.System[:len(instructions)] || string(a.Schema) != string(b.Schema) {
		t.Error("what is the same for every text differs")
	}
	t.Logf("%d bytes of prompt, %d of schema, %d of grammar", len(q.System), len(q.Schema), len(q.GBNF))
}
