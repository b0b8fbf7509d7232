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

// voice says where a Wyoming service listens, and who uses it.
func (v *Status) voice(s status.Voice) string {
	what := "speech to text"
	if s.Serves == "wake" {
		what = "wake words"
	}
	parts := []string{fmt.Sprintf("%s: %s at %s", Clean(s.Name), what, Clean(s.Listen))}
	switch {
	case s.Error != "":
		parts = append(parts, v.Bad("cannot be served: "+Clean(s.Error)))
	case !s.Open:
		parts = append(parts, v.Warn("not yet open"))
	default:
		parts = append(parts, amount.Count(s.Connections, "client"))
	}
	if s.Streams > 0 {
		parts = append(parts, fmt.Sprintf("%d of them speaking", s.Streams))
	}
	if s.Answered > 0 {
		parts = append(parts, fmt.Sprintf("%d answered", s.Answered))
	}
	if s.Failed > 0 {
		parts = append(parts, v.Warn(fmt.Sprintf("%d failed", s.Failed)))
	}
	if s.Exposed {
		parts = append(parts, v.Warn("open to everybody on the network"))
	}
	return strings.Join(parts, ", ")
}
