package node

import (
	"orac/appliance/stt"
	"orac/appliance/stt/spoken"
)

// speech is what a person said, as far as a service has understood.
type speech struct {
	text string // without all that the block removes
	wake bool   // there was nothing but the wake word
}

// said returns what a person said in an answer to an utterance.
func (n *Delivery) said(c *course, r stt.Result) speech {
	text := r.Spoken(n.Keeps)
	rest := spoken.StripWake(text, n.wakeWord(c))
	return speech{rest, text != "" && rest == ""}
}

// wakeWord is the wake word that is removed from the texts of an utterance; "" if it stays.
func (n *Delivery) wakeWord(c *course) string {
	if n.Keeps&spoken.WakeWord != 0 {
		return ""
	}
	return c.Meta.WakeWord
}

// answers tells that nothing is left to ask. A service that heard the wake word and nothing else has listened: nobody said a command.
func (s speech) answers() bool { return s.text != "" || s.wake }

// nothing is why there is no text; "" if that is not known.
func (s speech) nothing() string {
	if s.wake {
		return "only the wake word was heard"
	}
	return ""
}
