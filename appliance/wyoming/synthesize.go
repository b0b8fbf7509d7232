package wyoming

import (
	"errors"
	"fmt"
)

// KindSynthesize asks for the sound of a text.
const KindSynthesize = "synthesize"

// Synthesize asks for the sound of a text.
type Synthesize struct {
	Text  string `json:"text"`
	Voice *Voice `json:"voice,omitempty"`
}

// Voice is a voice of a service.
type Voice struct {
	Name string `json:"name,omitempty"`
}

// Synthesize has a text spoken, by the service's own voice if none is named. It returns the sound, at most so many bytes, and its format. A
// *Failure is what the service says about its own failure.
func (c *Conn) Synthesize(text, voice string, most int) (f Format, pcm []byte, err error) {
	s := Synthesize{Text: text}
	if voice != "" {
		s.Voice = &Voice{voice}
	}
	if err := c.send(KindSynthesize, s, nil); err != nil {
		return f, nil, err
	}
	begun := false
	for range maxEvents {
		e, err := c.next()
		if err != nil {
			return f, nil, err
		}
		switch e.Kind {
		case KindAudioStart, KindAudioChunk:
			var a Audio
			if err := e.Decode(&a); err != nil {
				return f, nil, err
			}
			if begun && a.Format != f {
				return f, nil, fmt.Errorf("%w: the format of the sound changes", ErrFormat)
			}
			if f, begun = a.Format, true; len(pcm)+len(e.Payload) > most {
				return f, nil, fmt.Errorf("more than %d MiB of sound", most>>20)
			}
			pcm = append(pcm, e.Payload...)
		case KindAudioStop:
			if len(pcm) == 0 {
				return f, nil, errors.New("it sent no sound")
			}
			return f, pcm, nil
		}
	}
	return f, nil, fmt.Errorf("%w: %d events without an end", ErrFormat, maxEvents)
}
