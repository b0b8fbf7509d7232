//go:build cgo

package appliance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"orac/appliance/account"
	"orac/appliance/act"
	"orac/appliance/audio"
	"orac/appliance/audio/capture"
	"orac/appliance/audio/sounds"
	"orac/appliance/audio/wav"
	"orac/appliance/engine"
	"orac/appliance/generation"
	"orac/appliance/graph"
	"orac/appliance/house"
	"orac/appliance/login"
	"orac/appliance/mqtt"
	"orac/appliance/node"
	"orac/appliance/notify"
	"orac/appliance/otlp"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/appliance/stt/wire"
	"orac/appliance/tts"
	"orac/models"
	"orac/models/moonshine"
	"orac/runbook"
)

// World connects a graph to its real adapters: the capture process and files for sound, networks for inference,
// HTTP and commands for services, a state directory for what must last. version is that of the program, for traces. The end of ctx interrupts downloads.
func World(ctx context.Context, version string, state *State, store models.Store) (*graph.Parts, error) {
	store.Sweep()
	inference, err := OpenInference(ctx, store, filepath.Join(state.Dir, filepath.FromSlash(generation.FilesDir)))
	if err != nil {
		return nil, err
	}
	own := house.In(state.Dir)
	host, _ := os.Hostname() // without one, the appliance goes by its own name
	return &graph.Parts{
		FS: state.FS, Host: host, History: state.Store,
		Source:    input,
		Inference: inference,
		STT: func(s graph.Service, tokens wire.Tokens, find func(string) string) (stt.Client, error) {
			return client(s, tokens, find, state.Temp, own)
		},
		Engine: func(s graph.Speech) (func(*rt.Task) (node.EngineProcess, error), error) { return understand(store, s) },
		Heart:  func(h graph.Heart, tokens wire.Tokens) (notify.Heart, error) { return heart(h, tokens, own) },
		Hook:   hook,
		Core:   func(to graph.CoreService, tokens wire.Tokens) (notify.Core, error) { return actor(to, tokens, own) },
		Issuer: issuer,
		Broker: broker,
		Traces: func(s graph.TraceService) (otlp.Collector, error) { return collector(s, version) },
		Backend: func(s graph.BackendService, find func(string) string) (act.Backend, error) {
			return backend(s, find, state.Temp)
		},
		LanguageModel: languageModel,
		Speaker:       speaker, Sound: sounds.Opener{}.Open, Chime: chime,
		Voice: func(s runbook.TTS, find func(string) string) (tts.Voice, error) {
			return speaking(s, find, state.Temp)
		},
	}, nil
}

// input is the source of a device.
func input(d graph.Device) (audio.Source, error) {
	if m := d.Microphone; m != nil {
		backend := m.Backend
		if backend == "auto" {
			backend = ""
		}
		return capture.New(capture.Spec{
			Selector: capture.Selector{Match: m.Match, Identity: m.Identity, ID: m.ID},
			Backend:  backend, Channels: m.Channels, Channel: m.Channel, StartTimeout: m.StartTimeout, Look: d.Look.SourceCheck,
		}), nil
	}
	w := d.WAV
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

// understand returns what starts the process of an engine.
func understand(store models.Store, s graph.Speech) (func(*rt.Task) (node.EngineProcess, error), error) {
	needs := moonshine.Needs(s.Catalogued())
	err := models.Missing(store, needs)
	for _, name := range needs { // a damaged model is found before anything runs
		if err == nil {
			err = store.Verify(name)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Address, err)
	}
	return func(t *rt.Task) (node.EngineProcess, error) {
		p, err := engine.Start(t, engine.Spec{Model: s.Catalogued(), Models: store.Dir})
		if err != nil {
			return nil, err
		}
		return speech{p}, nil
	}, nil
}

// speech is a process that understands jobs.
type speech struct{ *engine.Process }

func (s speech) Transcribe(t *rt.Task, job node.EngineJob) (stt.Result, error) {
	return s.Process.Transcribe(t, job.PCM[job.Skip:])
}

// proofs are how a service and this appliance prove each other: by certificates of the house, if the service is a member, or by the files
// that its block names.
func proofs(member bool, files wire.TLS, own *house.Holder) wire.TLS {
	if member {
		return wire.TLS{House: own}
	}
	return files
}

func client(to graph.Service, tokens wire.Tokens, find func(string) string, temp string, own *house.Holder) (stt.Client, error) {
	s := to.STT
	plain := stt.ServerConfig{
		URL: s.URL, Timeout: s.Timeout, Token: s.Token, TLS: proofs(s.Member, wire.TLS{CA: s.CA, Cert: s.ClientCert, Key: s.ClientKey}, own),
		Model: s.Model, Language: s.Language, Prompt: s.Prompt,
	}
	switch s.Protocol {
	case "openai":
		return stt.NewOpenAI(plain)
	case "whisper_server":
		return stt.NewWhisperServer(plain)
	case "wyoming":
		return stt.NewWyoming(plain)
	case "exec":
		command, err := commandOf(s, find)
		if err != nil {
			return nil, err
		}
		return stt.NewExec(stt.ExecConfig{Command: command, Timeout: s.Timeout, TempDir: temp})
	}
	tokens, err := tokensOf(to.Login, tokens)
	if err != nil {
		return nil, err
	}
	return stt.NewOrac(stt.OracConfig{
		URL: s.URL, Timeout: s.Timeout, Token: s.Token, Tokens: tokens, TLS: proofs(s.Member, wire.TLS{CA: s.CA, Cert: s.ClientCert, Key: s.ClientKey}, own),
		Language: s.Language, Task: s.Task, ForwardToCore: s.ForwardToCore,
	})
}

// tokensOf returns the tokens of a service account, or else those of a login; nil if there is neither.
func tokensOf(l graph.Login, tokens wire.Tokens) (wire.Tokens, error) {
	s := l.Account
	if s == nil {
		return tokens, nil
	}
	return account.New(account.Config{
		Name: s.Name, Secret: s.Secret, Permissions: s.Permissions, Issuer: l.Issuer.Issuer, Audience: s.Audience, Lifetime: l.Issuer.ServiceLifetime,
	})
}

func heart(h graph.Heart, tokens wire.Tokens, own *house.Holder) (notify.Heart, error) {
	c := notify.HeartbeatConfig{URL: h.URL(), Timeout: h.Heartbeat.Timeout}
	if s := h.STT; s != nil {
		c.Token, c.TLS = s.Token, proofs(s.Member, wire.TLS{CA: s.CA, Cert: s.ClientCert, Key: s.ClientKey}, own)
	}
	if h.Heartbeat.CA != "" {
		c.TLS.CA, c.TLS.House = h.Heartbeat.CA, nil
	}
	var err error
	if c.Tokens, err = tokensOf(h.Login, tokens); err != nil {
		return nil, err
	}
	if c.Tokens != nil {
		c.Token = nil // tokens of an account or a login replace it
	}
	return notify.NewHeartbeat(c)
}

// actor is the client of a Core.
func actor(to graph.CoreService, tokens wire.Tokens, own *house.Holder) (notify.Core, error) {
	c := notify.CoreConfig{URL: to.Core.URL, Timeout: to.Core.Timeout, Token: to.Core.Token, TLS: proofs(to.Core.Member, wire.TLS{CA: to.Core.CA, Cert: to.Core.ClientCert, Key: to.Core.ClientKey}, own)}
	var err error
	if c.Tokens, err = tokensOf(to.Login, tokens); err != nil {
		return nil, err
	}
	return notify.NewCore(c)
}

// issuer is the client of an issuer.
func issuer(s graph.IssuerService) (node.Issuer, error) {
	l := s.Login
	return login.New(login.Config{Issuer: l.Issuer, Account: l.Account, Secret: l.Secret, TLS: wire.TLS{CA: l.CA, Fingerprint: l.Fingerprint}, Timeout: l.Timeout})
}

// collector is the client of what takes traces.
func collector(s graph.TraceService, version string) (otlp.Collector, error) {
	to := s.Traces
	host, _ := os.Hostname()
	c := otlp.Config{
		URL: to.URL, Timeout: to.Timeout, TLS: wire.TLS{CA: to.CA, Cert: to.ClientCert, Key: to.ClientKey}, Version: version, Resource: s.Resource(host, version),
		Headers: map[string]wire.Secret{},
	}
	for name, v := range to.Headers {
		c.Headers[name] = v
	}
	return otlp.New(c)
}

// broker is the client of an MQTT broker. A broker knows a client by its ID, so that is the identity of the appliance there.
func broker(s graph.BrokerService) (mqtt.Link, error) {
	m := s.MQTT
	return mqtt.New(mqtt.Config{
		URL: m.URL, Username: m.Username, Password: m.Password, ClientID: m.DeviceID(s.Appliance.Name), Encrypted: m.Encrypted,
		TLS: wire.TLS{CA: m.CA, Cert: m.ClientCert, Key: m.ClientKey}, Timeout: m.Timeout,
	})
}

func hook(w runbook.Webhook, tokens wire.Tokens) (notify.Hook, error) {
	c := notify.WebhookConfig{
		URL: w.URL.Text(), Key: w.SigningKey(), Timeout: w.Timeout, Tokens: tokens, Headers: map[string]wire.Secret{},
		TLS: wire.TLS{CA: w.CA, Cert: w.ClientCert, Key: w.ClientKey}, Hush: w.Body.HasSecret(),
	}
	for name, v := range w.Headers {
		c.Headers[name] = v
	}
	return notify.NewWebhook(c)
}
