//go:build cgo

package appliance

import (
	"fmt"
	"io/fs"
	"time"

	"orac/appliance/audio/library"
	"orac/appliance/audio/playback"
	"orac/appliance/audio/sounds"
	"orac/appliance/graph"
	"orac/appliance/play"
	"orac/appliance/stt/wire"
	"orac/appliance/tts"
	"orac/runbook"
)

// speaker is the output of a device block.
func speaker(l graph.Loudspeaker) (play.Speaker, error) {
	s, backend := l.Speaker, l.Speaker.Backend
	if backend == "auto" {
		backend = ""
	}
	return playback.New(playback.Spec{
		Selector: library.Selector{Match: s.Match, Identity: s.Identity, ID: s.ID}, Backend: backend, StartTimeout: s.StartTimeout, Look: l.Look.SourceCheck,
	}), nil
}

// mostChime is how long a chime may be: it is kept in memory, and nothing interrupts it.
const mostChime = 5 * time.Second

// chime reads a chime.
func chime(path string) ([]play.Frame, error) {
	s, err := sounds.File(path)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	list, err := play.InMemory(nil, s, mostChime)
	if err != nil {
		return nil, &fs.PathError{Op: "play", Path: path, Err: err}
	}
	return list, nil
}

// speaking is what speaks for a tts block. Programs run in temp.
func speaking(s runbook.TTS, find func(string) string, temp string) (tts.Voice, error) {
	switch s.Protocol {
	case "wyoming":
		return tts.NewWyoming(s.URL, s.Voice, s.Timeout)
	case "openai":
		return tts.NewOpenAI(tts.OpenAIConfig{
			URL: s.URL, Model: s.Model, Voice: s.Voice, Token: s.Token, Timeout: s.Timeout, TLS: wire.TLS{CA: s.CA, Cert: s.ClientCert, Key: s.ClientKey},
		})
	case "exec":
		command, err := commandOf(runbook.STT{Address: s.Address, Command: s.Command}, find)
		if err != nil {
			return nil, err
		}
		return &tts.Exec{Command: command, Timeout: s.Timeout, TempDir: temp}, nil
	}
	return nil, fmt.Errorf("BUG: a tts block with protocol %q", s.Protocol)
}
