package screen

import (
	"fmt"
	"strings"
	"time"

	"orac/appliance/amount"
	"orac/appliance/status"
	"orac/runbook/cells"
)

// acting are the lines of what acts: topics with their last command, backends, language models.
func (v *Status) acting(s status.Status, now time.Time) (lines []string) {
	for _, t := range s.Topics {
		lines = append(lines, v.labels("topic", v.topic(t))...)
		if t.Last != nil {
			lines = append(lines, v.lastDeed(*t.Last, now)...)
		}
	}
	for _, b := range s.Backends {
		lines = append(lines, v.labels("backend", v.backend(b))...)
	}
	for _, m := range s.Models {
		lines = append(lines, v.labels("model", v.model(m))...)
	}
	return lines
}

func (v *Status) topic(t status.Topic) string {
	parts := []string{fmt.Sprintf("%s: %s, %s asked", Clean(t.Name), amount.Count(t.Sentences, "sentence"), amount.Count(t.Asked, "command"))}
	if !t.Enabled {
		parts = append(parts, v.Warn("switched off"))
	}
	if t.Learnt > 0 {
		parts = append(parts, fmt.Sprintf("%d learnt", t.Learnt))
	}
	if t.Waiting > 0 {
		parts = append(parts, v.Warn(fmt.Sprintf("%d waiting", t.Waiting)))
	}
	if t.Problems > 0 {
		parts = append(parts, v.Warn(amount.Count(t.Problems, "problem")+" in its sentences"))
	}
	if t.Error != "" {
		parts = append(parts, v.Bad(Clean(t.Error)))
	}
	return strings.Join(parts, ", ")
}

// lastDeed is the last command of a topic.
func (v *Status) lastDeed(d status.Deed, now time.Time) (lines []string) {
	text := fmt.Sprintf("%s “%s”: %s", When(d.At, now), Clean(d.Text), v.result(d.Result))
	if d.Reason != "" {
		text += ", " + Clean(d.Reason)
	}
	for _, part := range cells.Wrap(text, v.room(12)) {
		lines = append(lines, v.label("", "  "+part))
	}
	return lines
}

func (v *Status) backend(b status.Backend) string {
	text := Clean(b.Name) + ": "
	switch {
	case b.Connected:
		text += v.Good("connected")
	case b.Error != "":
		text += v.Bad("not connected: " + Clean(b.Error))
	default:
		text += v.Warn("not connected yet")
	}
	if b.Entities > 0 {
		text += fmt.Sprintf(", %s can be named", amount.Count(b.Entities, "thing"))
	}
	text += fmt.Sprintf(", %d done", b.Done)
	if b.Failed > 0 {
		text += v.Warn(fmt.Sprintf(", %d failed", b.Failed))
	}
	if b.Unknown > 0 {
		text += v.Warn(fmt.Sprintf(", %d not known", b.Unknown))
	}
	return text
}

func (v *Status) model(m status.Model) string {
	text := fmt.Sprintf("%s: %s asked", Clean(m.Name), amount.Count(m.Asked, "question"))
	if m.Waiting > 0 {
		text += v.Warn(fmt.Sprintf(", %d waiting", m.Waiting))
	}
	if m.Rejected > 0 {
		text += v.Warn(fmt.Sprintf(", %d of its answers rejected", m.Rejected))
	}
	if m.Error != "" {
		text += v.Bad(", " + Clean(m.Error))
	}
	return text
}
