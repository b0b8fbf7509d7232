package appliance

import (
	"context"

	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/sttrole"
	"orac/runbook"
)

// STTServer is the STT server of a block that runs; false if there is none. It stays usable while the graph changes, and answers
// with a refusal once the block is gone.
func (d *Daemon) STTServer(address runbook.Address) (sttrole.Server, bool) {
	return sttServer{d, address.Name()}, d.core.STTServer(address.Name()) != nil
}

// VoiceServices are the Wyoming services that run.
func (d *Daemon) VoiceServices() []status.VoiceService { return d.core.VoiceServices() }

// Satellites are the voice satellites of Home Assistant that run.
func (d *Daemon) Satellites() []status.Satellite { return d.core.Satellites() }

// sttServer asks the node of a block, whichever instance that is at the moment.
type sttServer struct {
	d    *Daemon
	name string
}

// ask does something with the node, as a task that ends with ctx.
func ask[T any](ctx context.Context, s sttServer, f func(*rt.Task, *node.STTServer) (T, error)) (T, error) {
	out, err := do(ctx, s.d, "stt server", func(t *rt.Task) (out T, err error) {
		n := s.d.core.STTServer(s.name)
		if n == nil {
			return out, &status.Refusal{Code: status.Unknown, Message: "the runbook in force has no stt_server." + s.name}
		}
		return f(t, n)
	})
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return out, err
}

// Transcribe implements sttrole.Server.
func (s sttServer) Transcribe(ctx context.Context, h sttrole.Hearing) (sttrole.Heard, error) {
	return ask(ctx, s, func(t *rt.Task, n *node.STTServer) (sttrole.Heard, error) { return n.Transcribe(t, h) })
}

// Beat implements sttrole.Server.
func (s sttServer) Beat(ctx context.Context, b sttrole.Beat) (sttrole.BeatAnswer, error) {
	return ask(ctx, s, func(t *rt.Task, n *node.STTServer) (sttrole.BeatAnswer, error) { return n.Beat(t, b) })
}

// Preload implements sttrole.Server.
func (s sttServer) Preload(ctx context.Context) error {
	_, err := ask(ctx, s, func(t *rt.Task, n *node.STTServer) (struct{}, error) { return struct{}{}, n.Preload(t) })
	return err
}

// State implements sttrole.Server.
func (s sttServer) State(ctx context.Context) (sttrole.State, error) {
	return ask(ctx, s, func(t *rt.Task, n *node.STTServer) (sttrole.State, error) {
		st, err := n.State(t)
		for _, f := range s.d.core.Forwards() {
			st.Forwards = append(st.Forwards, sttrole.Forward{Core: f.Name, Waiting: f.Waiting, Aside: f.Aside, Dropped: f.Dropped, Error: f.Error})
		}
		for _, e := range s.d.core.Engines() {
			if e.Name == st.Engine.Name {
				st.Engine = engineOf(e)
			}
		}
		return st, err
	})
}

// engineOf is an engine of this machine as a server shows it.
func engineOf(e status.Engine) sttrole.Engine {
	state := map[string]string{
		string(node.EngineLetGo): sttrole.EngineIdle, string(node.EngineLoading): sttrole.EngineLoading, string(node.EngineReady): sttrole.EngineReady,
		string(node.EngineBusy): sttrole.EngineBusy, string(node.EngineFailed): sttrole.EngineFailed,
	}[e.State]
	return sttrole.Engine{Name: e.Name, Model: e.Model, State: state, Cause: e.Error}
}

// Sound implements sttrole.Server.
func (s sttServer) Sound(ctx context.Context, id string) ([]byte, error) {
	return ask(ctx, s, func(t *rt.Task, n *node.STTServer) ([]byte, error) { return n.Sound(t, id) })
}
