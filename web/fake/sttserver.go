package fake

import (
	"bytes"
	"context"
	"slices"
	"time"

	"orac/appliance/audio/wav"
	"orac/appliance/sttrole"
	"orac/runbook"
)

// STTServer implements api.STTServers: every block of the runbook has a server that has heard a little.
func (f *Appliance) STTServer(block runbook.Address) (sttrole.Server, bool) {
	_, ok := f.Book.STTServer(block)
	return &sttServer{f.Heard}, ok
}

// STTServer implements api.STTServers.
func (a Evil) STTServer(block runbook.Address) (sttrole.Server, bool) {
	_, ok := a.Book.STTServer(block)
	e := a.Word
	return &sttServer{sttrole.State{
		Name: e, Engine: sttrole.Engine{Name: e, Model: e, State: e, Cause: e}, Queue: sttrole.Queue{Waiting: 2, Running: 1, Limit: 8}, Counts: sttrole.Counts{Served: 3, Failed: 1},
		Instances:   []sttrole.Instance{{InstanceID: e, Source: e, Peer: sttrole.Peer{Name: e, Address: e, Legacy: true}, Last: time.Now(), Models: []sttrole.BeatModel{{Name: e, Topic: e, Status: "active", WakeWord: e}}}},
		Topics:      []sttrole.Topic{{Name: e, Active: true, WakeWords: []string{e}, Core: e}},
		Transcripts: []sttrole.Transcript{{Heard: sttrole.Heard{ID: "t1", Text: e, Topic: e, Nothing: e, Language: e}, At: time.Now(), Peer: sttrole.Peer{Name: e}, Sound: true}, {Heard: sttrole.Heard{ID: e}, Error: e}},
		Forwards:    []sttrole.Forward{{Core: e, Waiting: 1, Error: e}},
	}}, ok
}

// sttServer is a server that has heard something, and hears nothing.
type sttServer struct{ state sttrole.State }

// Transcribe implements sttrole.Server.
func (*sttServer) Transcribe(context.Context, sttrole.Hearing) (sttrole.Heard, error) {
	return sttrole.Heard{}, &sttrole.BusyError{RetryAfter: time.Second, Cause: "it is a fake"}
}

// Beat implements sttrole.Server.
func (*sttServer) Beat(context.Context, sttrole.Beat) (sttrole.BeatAnswer, error) {
	return sttrole.BeatAnswer{}, nil
}

// Preload implements sttrole.Server.
func (*sttServer) Preload(context.Context) error { return nil }

// State implements sttrole.Server.
func (s *sttServer) State(context.Context) (sttrole.State, error) { return s.state, nil }

// Sound implements sttrole.Server.
func (s *sttServer) Sound(_ context.Context, id string) ([]byte, error) {
	if !slices.ContainsFunc(s.state.Transcripts, func(t sttrole.Transcript) bool { return t.Sound && t.ID == id }) {
		return nil, sttrole.ErrNoSound
	}
	var b bytes.Buffer
	err := wav.Encode(&b, make([]int16, 1600))
	return b.Bytes(), err
}
