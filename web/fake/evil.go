package fake

import (
	"context"
	"os"
	"time"

	"orac/appliance/audio/capture"
	"orac/appliance/audio/devices"
	"orac/appliance/health"
	"orac/appliance/status"
)

// Evil is an appliance that says the same word in every place where a text can stand.
type Evil struct {
	*Appliance
	Word string
}

// Status implements api.Running.
func (a Evil) Status() status.Status {
	e := a.Word
	i := a.incident()
	var servers []status.STTServer
	for range a.Book.STTServers {
		servers = append(servers, status.STTServer{Name: e, Engine: e, Error: e, Legacy: []string{e}})
	}
	nodes := []status.Node{{Address: "source.usb", State: e, Error: e}, {Address: e, Kind: e, State: e, Error: e, Feeds: []string{e}}}
	for _, w := range a.Book.Wyomings {
		nodes = append(nodes, status.Node{Address: "wyoming." + w.Name, Kind: "wyoming", State: e, Error: e})
	}
	for _, h := range a.Book.ESPHomes {
		nodes = append(nodes, status.Node{Address: "esphome." + h.Name, Kind: "esphome", State: e, Error: e})
	}
	return status.Status{
		Appliance: "test" + e, Version: e, PID: os.Getpid(), Runbook: e, Generation: 3, LastGood: true, Started: time.Now(),
		Health:     health.Report{Level: health.Degraded, Components: []health.Component{{Name: "source.usb", Level: health.Unhealthy, Why: e}, {Name: e, Level: health.Degraded, Why: e, Behind: e}}},
		Nodes:      nodes,
		Muted:      []status.Mute{{By: e, Since: time.Now()}, {Listener: e, By: e, Since: time.Now(), Until: time.Now().Add(time.Hour)}},
		STTServers: servers,
		Spool:      status.Spool{Waiting: 2, Dropped: 1, Error: e},
		Memory:     status.Memory{Resident: 80 << 20, Warn: 1 << 29, Restart: 1 << 30},
		Incident:   &i,
	}
}

func (a Evil) plan(hash string) status.Plan {
	e := a.Word
	return status.Plan{
		Runbook: e, Against: e, Hash: hash, Changes: true, Problems: a.Problems, Deaf: []status.Deaf{{Device: e, For: time.Second}}, Fetches: []status.Fetch{{Block: e, Host: e, SHA256: e}, {Block: e, Host: e, Model: e}},
		Components: []status.Component{{Address: e, Kind: e, Action: status.Restart, Why: e, Because: []status.Attribute{{Block: e, Name: e, Old: e, New: e, Line: 3, File: e, Source: e}}}},
	}
}

// Plan implements api.Planner.
func (a Evil) Plan(context.Context, status.PlanRequest) (status.Plan, error) {
	return a.plan(a.Hash), nil
}

// PlanRollback implements api.Planner.
func (a Evil) PlanRollback(context.Context, status.RollbackRequest) (status.Plan, error) {
	return a.plan(rollbackHash), nil
}

// Rollback implements api.Changer. It returns to the generation of before.
func (a Evil) Rollback(ctx context.Context, r status.RollbackRequest, progress func(string)) (status.Applied, error) {
	if _, err := a.Appliance.Rollback(ctx, r, progress); err != nil {
		return status.Applied{}, err
	}
	return status.Applied{Why: a.Word, RolledBack: true, Steps: []string{a.Word}}, nil
}

// Generations implements api.Generations.
func (a Evil) Generations() ([]status.Generation, error) {
	e := a.Word
	return []status.Generation{{Number: 1, Runbook: e, Hash: e, Note: e}, {Number: 2, Runbook: e, Damaged: e}, {Number: 3, Current: true}}, nil
}

// Spool implements api.Spool.
func (a Evil) Spool(_ context.Context, r status.SpoolRequest) (status.SpoolAnswer, error) {
	if r.Do != status.SpoolList {
		a.Spooled = append(a.Spooled, r)
		return status.SpoolAnswer{}, nil
	}
	e := a.Word
	return status.SpoolAnswer{Utterances: []status.Utterance{
		{ID: "u2", Listener: e, WakeWord: e, Wake: time.Now(), State: "waiting", Services: []string{e}},
		{ID: "u1", Listener: e, State: "refused", Services: []string{e}, Causes: []string{e}},
		{ID: e, State: e},
	}, Events: []status.Waits{
		{ID: "evt-2", Webhook: e, Type: e, Sequence: 2, State: "waiting"},
		{ID: "evt-1", Webhook: e, Type: e, Sequence: 1, State: "refused", Cause: e, Aside: time.Now()},
	}}, nil
}

func (a Evil) incident() status.Incident {
	e := a.Word
	return status.Incident{ID: "i1", Component: e, Cause: e, Detected: time.Now(), Actions: []string{e}, Evidence: e}
}

// Incidents implements api.Incidents.
func (a Evil) Incidents(int) ([]status.Incident, error) {
	return []status.Incident{a.incident()}, nil
}

// Incident implements api.Incidents.
func (a Evil) Incident(id string) (status.Incident, bool) { return a.incident(), id == "i1" }

// Logs implements api.Logs.
func (a Evil) Logs(_ context.Context, _ uint64, _ bool, line func(status.LogLine) error) error {
	return line(status.LogLine{Seq: 1, At: time.Now(), Level: a.Word, Message: a.Word, Attrs: map[string]any{a.Word: a.Word}})
}

// Devices implements api.Microphones.
func (a Evil) Devices(context.Context) (devices.Listing, error) {
	e := a.Word
	hostile := devices.Device{Device: capture.Device{Name: e, Identity: e, ID: e, Backend: e}}
	return devices.Listing{
		Devices: []devices.Device{
			hostile, {Device: capture.Device{Name: "Test microphone", Identity: "testmic", ID: "testmic", Backend: "alsa"}},
			{Device: capture.Device{Name: "Monitor", Identity: "monitor", Backend: "pulse", Monitor: true}},
		},
		Speakers: []devices.Device{hostile, {Device: capture.Device{Name: "Test speaker", Identity: "testspeaker", ID: "testspeaker", Backend: "pulse", Default: true}}},
		Backends: []string{"pulse", "alsa"}, Notes: []string{e},
	}, nil
}
