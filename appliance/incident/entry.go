package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"orac/appliance/rt"
	"orac/appliance/status"
)

// Limits of an incident. Evidence is as large as dumps of stacks and /proc; memory holds it 200 times.
const (
	maxName     = 256
	maxLine     = 1 << 10
	maxEvidence = 64 << 10
	maxActions  = 64
)

// act adds an action. If there are too many, the last one only counts the rest.
func (e *entry) act(text string) {
	if len(e.Actions) < maxActions {
		e.Actions = append(e.Actions, clip(text, maxLine))
		return
	}
	e.omitted++
	e.Actions[maxActions-1] = fmt.Sprintf("… and %d more", e.omitted+1)
}

// told is the incident as it is at an instant. It shares nothing with the entry.
func (e *entry) told(now rt.Instant) status.Incident {
	i := e.Incident
	i.Actions = slices.Clone(i.Actions)
	if !e.over {
		i.Duration = max(0, now.Sub(e.from)).Round(time.Millisecond)
	}
	return i
}

// clip makes s valid UTF-8 of at most limit bytes, and says at the end how much was cut off.
func clip(s string, limit int) string {
	s = strings.ToValidUTF8(s, "�")
	if len(s) <= limit {
		return s
	}
	const room = 32 // for the words below
	n := limit - room
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + fmt.Sprintf("… (%d bytes more)", len(s)-n)
}
