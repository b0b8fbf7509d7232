package screen

import (
	"fmt"
	"strings"

	"orac/appliance/amount"
	"orac/appliance/status"
)

// server is what other machines make of a speech-to-text server.
func (v *Status) server(s status.STTServer) string {
	parts := []string{
		fmt.Sprintf("%s: %s, %s answered", Clean(s.Name), amount.Count(s.Instances, "instance"), amount.Count(s.Served, "utterance")),
	}
	if n := s.Running + s.Waiting; n > 0 {
		parts = append(parts, fmt.Sprintf("%d under way, %d of %d places taken", s.Running, s.Waiting, s.Limit))
	}
	if s.Failed > 0 {
		parts = append(parts, v.Warn(fmt.Sprintf("%d failed", s.Failed)))
	}
	if s.Refused > 0 {
		parts = append(parts, v.Warn(fmt.Sprintf("%d refused", s.Refused)))
	}
	if s.Error != "" {
		parts = append(parts, v.Bad(Clean(s.Error)))
	}
	if len(s.Legacy) > 0 {
		parts = append(parts, v.Warn("open without a login to "+Clean(strings.Join(s.Legacy, ", "))))
	}
	return strings.Join(parts, ", ")
}
