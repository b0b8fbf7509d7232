//go:build cgo

package appliance

import (
	"context"
	"os"
	"path/filepath"

	"orac/appliance/account"
	"orac/appliance/audio"
	"orac/appliance/audio/capture"
	"orac/appliance/audio/wav"
	"orac/appliance/generation"
	"orac/appliance/notify"
	"orac/appliance/stt"
	"orac/appliance/stt/wire"
	"orac/models"
	"orac/runbook"
)

// World connects a graph to its real adapters: the capture process and files for sound, ONNX Runtime for inference,
// HTTP and commands for services, a state directory for what must last. The end of ctx interrupts downloads.
func World(ctx context.Context, rb *runbook.Runbook, state *State, store models.Store) (*Parts, error) {
	store.Sweep()
	inference, err := OpenInference(ctx, store, filepath.Join(state.Dir, filepath.FromSlash(generation.FilesDir)))
	if err != nil {
		return nil, err
	}
	return &Parts{
		FS: state.FS, InstanceID: instanceID(rb), History: state.Store,
		Source:    input,
		Inference: inference,
		STT:       func(rb *runbook.Runbook, s runbook.STT) (stt.Client, error) { return client(rb, s, state.Temp) },
		Heart:     heart,
		Hook:      hook,
	}, nil
}

func instanceID(rb *runbook.Runbook) string {
	if rb.Appliance.InstanceID != "" {
		return rb.Appliance.InstanceID
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = rb.Appliance.Name
	}
	return "hey-orac-" + host
}

// input is the source of a device.
func input(rb *runbook.Runbook, a runbook.Address) (audio.Source, error) {
	if m, ok := rb.Microphone(a); ok {
		backend := m.Backend
		if backend == "auto" {
			backend = ""
		}
		return capture.New(capture.Spec{
			Selector: capture.Selector{Match: m.Match, Identity: m.Identity, ID: m.ID},
			Backend:  backend, Channels: m.Channels, Channel: m.Channel, StartTimeout: m.StartTimeout, Look: rb.Watchdog.SourceCheck,
		}), nil
	}
	w, ok := rb.WAV(a)
	if !ok {
		panic("BUG: no device " + a)
	}
	// Report a wrong file now, before anything runs.
	first, err := wav.Open(w.Path, w.Channel...)
	if err != nil {
		return nil, err
	}
	if err := first.Close(); err != nil {
		return nil, err
	}
	ends := map[string]audio.End{"stop": audio.EndStop, "silence": audio.EndSilence, "loop": audio.EndLoop}
	return &audio.Player{
		Name: w.Path, Load: func() (audio.Sound, error) { return wav.Open(w.Path, w.Channel...) },
		Fast: w.Pace == "fast", End: ends[w.End], Gap: w.Gap,
	}, nil
}

func client(rb *runbook.Runbook, s runbook.STT, temp string) (stt.Client, error) {
	if s.Protocol == "exec" {
		command, err := program(rb, s)
		if err != nil {
			return nil, err
		}
		return stt.NewExec(stt.ExecConfig{Command: command, Timeout: s.Timeout, TempDir: temp})
	}
	tokens, err := tokensOf(rb, s.Auth)
	if err != nil {
		return nil, err
	}
	return stt.NewOrac(stt.OracConfig{
		URL: s.URL, Timeout: s.Timeout, Token: s.Token, Tokens: tokens, TLS: tlsOf(s),
		Language: s.Language, Task: s.Task, ForwardToCore: s.ForwardToCore,
	})
}

func tlsOf(s runbook.STT) wire.TLS { return wire.TLS{CA: s.CA, Cert: s.ClientCert, Key: s.ClientKey} }

// tokensOf returns the tokens of a service account; nil if there is none.
func tokensOf(rb *runbook.Runbook, a runbook.Address) (wire.Tokens, error) {
	s, ok := rb.ServiceAccount(a)
	if !ok {
		return nil, nil
	}
	return account.New(account.Config{
		Name: s.Name, Secret: s.Secret, Permissions: s.Permissions, Issuer: rb.Auth.Issuer, Audience: s.Audience, Lifetime: rb.Auth.ServiceLifetime,
	})
}

func heart(rb *runbook.Runbook, h runbook.Heartbeat) (notify.Heart, error) {
	s, _ := rb.STT(h.STT)
	c := notify.HeartbeatConfig{URL: rb.HeartbeatURL(h), Timeout: h.Timeout, Token: s.Token, TLS: tlsOf(s)}
	if h.CA != "" {
		c.TLS.CA = h.CA
	}
	var err error
	if c.Tokens, err = tokensOf(rb, rb.HeartbeatAuth(h)); err != nil {
		return nil, err
	}
	if c.Tokens != nil {
		c.Token = nil // the account's tokens replace it
	}
	return notify.NewHeartbeat(c)
}

func hook(w runbook.Webhook) (notify.Hook, error) {
	c := notify.WebhookConfig{
		URL: w.URL.Text(), Key: w.SigningKey(), Timeout: w.Timeout, Headers: map[string]wire.Secret{},
		TLS: wire.TLS{CA: w.CA, Cert: w.ClientCert, Key: w.ClientKey}, Hush: w.Body.HasSecret(),
	}
	for name, v := range w.Headers {
		c.Headers[name] = v
	}
	return notify.NewWebhook(c)
}
