package api

import (
	"slices"

	"orac/appliance/status"
	"orac/runbook"
	"orac/web/schema"
)

// Satellites are the voice satellites of Home Assistant that run.
type Satellites interface {
	// Satellites are their states.
	Satellites() []status.Satellite
}

// SatelliteOut is an esphome or wyoming_satellite block of the runbook, and how it stands with Home Assistant.
type SatelliteOut struct {
	Name        string   `json:"name"`
	Protocol    string   `json:"protocol" doc:"The type of the block: esphome or wyoming_satellite. The latter has neither login nor encryption."`
	Device      string   `json:"device" doc:"The name by which Home Assistant knows it."`
	Listen      string   `json:"listen"`
	Exposed     bool     `json:"exposed" doc:"Whether other machines can reach it."`
	Advertised  bool     `json:"advertised" doc:"Whether the network is told of it."`
	Encryption  string   `json:"encryption" doc:"key: connections need the key. awaited: the first Home Assistant that connects sets it. none: everybody who reaches it may use it, unencrypted."`
	Listener    string   `json:"listener,omitempty" doc:"Whose wake words it answers. Absent: it only speaks."`
	Speaker     string   `json:"speaker,omitempty" doc:"Where it is heard. Absent: nowhere."`
	StandIn     string   `json:"stand_in,omitempty" doc:"The service that takes commands while Home Assistant is away. Absent: they are lost."`
	Allow       []string `json:"allow" doc:"What Home Assistant may change."`
	Running     bool     `json:"running"`
	Error       string   `json:"error,omitempty" doc:"Why nobody can connect."`
	Home        bool     `json:"home" doc:"Whether Home Assistant serves it."`
	Paused      bool     `json:"paused" doc:"Whether somebody has muted it at Home Assistant: wakes are not answered, and not left to the stand-in."`
	Phase       string   `json:"phase" doc:"away, ready, asking, listening, thinking, speaking, announcing, pausing or failed."`
	Connections int      `json:"connections"`
	Limit       int      `json:"limit" doc:"How many may be connected."`
	LastWake    string   `json:"last_wake,omitempty"`
	LastText    string   `json:"last_text,omitempty" doc:"The last command."`
	LastAnswer  string   `json:"last_answer,omitempty" doc:"What Home Assistant said last."`
}

func getSatellites(c *Call, _ schema.None) ([]SatelliteOut, error) {
	rb, list, run := c.Server.o.App.Declared.Runbook(), []SatelliteOut{}, c.Server.o.App.Satellites.Satellites()
	for _, b := range rb.Satellites() {
		out := SatelliteOut{
			Name: b.Address.Name(), Protocol: b.Address.Type(), Device: b.Device, Listen: b.Listen, Exposed: !runbook.IsLoopback(b.Listen), Advertised: b.Advertise,
			Speaker: b.Speaker.Name(), Allow: append([]string{}, b.Allow...), Phase: "away", Limit: b.MaxConnections,
		}
		for _, l := range rb.Listeners {
			if l.Home() == b.Address {
				out.Listener = l.Name
				if r := l.Routes(); len(r) > 0 {
					out.StandIn = r[0][0].Name()
				}
			}
		}
		keyed := b.Keyed
		if i := slices.IndexFunc(run, func(s status.Satellite) bool { return s.Name == b.Address.Name() }); i >= 0 {
			s := run[i]
			keyed = s.Keyed
			out.Running, out.Error, out.Home, out.Paused, out.Phase, out.Connections = true, s.Error, s.Home, s.Paused, s.Phase, s.Connections
			out.LastWake, out.LastText, out.LastAnswer = s.LastWake, s.LastText, s.LastAnswer
		}
		switch {
		case keyed:
			out.Encryption = "key"
		case b.AcceptKey:
			out.Encryption = "awaited"
		default:
			out.Encryption = "none"
		}
		list = append(list, out)
	}
	return list, nil
}
