package screen

import (
	"cmp"
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

// satellite says how a satellite stands with Home Assistant.
func (v *Status) satellite(s status.Satellite) string {
	parts := []string{fmt.Sprintf("%s: %s at %s", Clean(s.Name), Clean(s.Device), Clean(s.Listen))}
	switch {
	case s.Error != "":
		parts = append(parts, v.Bad(Clean(s.Error)))
	case !s.Home:
		parts = append(parts, v.Warn("Home Assistant is not connected"))
	default:
		parts = append(parts, Clean(s.Phase))
	}
	parts = append(parts, amount.Count(s.Connections, "client"))
	switch {
	case s.Keyed:
		parts = append(parts, "encrypted")
	case s.Plain:
		parts = append(parts, v.Warn("without a key"))
	default:
		parts = append(parts, v.Warn("no key is set yet"))
	}
	if s.Speaker == "" {
		parts = append(parts, "no speaker")
	}
	return strings.Join(parts, ", ")
}

// speaker says what a loudspeaker plays.
func (v *Status) speaker(s status.Speaker) string {
	parts := []string{Clean(s.Name) + ":"}
	if s.Device != "" {
		parts[0] += " " + Clean(s.Device)
	} else {
		parts[0] += " " + v.Bad(cmp.Or(Clean(s.Error), "not yet open"))
	}
	parts = append(parts, fmt.Sprintf("volume %.0f %%", 100*s.Volume))
	if s.Muted {
		parts = append(parts, v.Warn("muted"))
	}
	if s.Failed > 0 {
		parts = append(parts, v.Warn(amount.Count(int(s.Failed), "sound")+" not played"))
	}
	for _, x := range s.Playing {
		parts = append(parts, "plays "+Clean(x))
	}
	return strings.Join(parts, ", ")
}
