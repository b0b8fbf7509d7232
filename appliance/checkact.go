package appliance

import (
	"fmt"

	"orac/appliance/act/sentence"
	"orac/appliance/graph"
	"orac/runbook"
	"orac/runbook/language"
)

// sentences tells what is wrong with the templates of the topics that act here, and where they come into each other's way.
func (c *checker) sentences() {
	told := map[string]bool{} // an intent of two topics is told once
	for _, t := range graph.Acting(c.rb) {
		var intents []runbook.Intent
		for _, a := range t.Intents {
			in, _ := c.rb.Intent(a)
			intents = append(intents, in)
		}
		for _, p := range sentence.Check(graph.Sentences(intents, c.rb.Vocabularies)) {
			address, severity := runbook.Address("intent."+p.Intent), language.Error
			if p.Intent == "" {
				address = t.Address
			}
			if p.Warning {
				severity = language.Warning
			}
			detail := p.Text
			if p.Template != "" {
				at := ""
				if p.Column > 0 {
					at = fmt.Sprintf(", column %d", p.Column)
				}
				detail = fmt.Sprintf("Template %q%s: %s.", p.Template, at, p.Text)
			}
			summary := "a sentence of " + string(address) + " cannot be used as it is"
			if p.Warning {
				summary = "sentences of " + string(address) + " come into the way of others"
			}
			if !told[string(address)+detail] {
				told[string(address)+detail] = true
				attribute := "sentences"
				if p.Intent == "" {
					attribute = ""
				}
				c.say(address, attribute, severity, summary, detail)
			}
		}
	}
}
