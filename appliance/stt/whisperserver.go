package stt

import "orac/appliance/rt"

// WhisperServer is a client of the server of whisper.cpp: Client and Prober. It may be used by several tasks at once.
type WhisperServer struct {
	*upload
	language, prompt string
}

// NewWhisperServer makes a client; it connects to nothing yet.
func NewWhisperServer(c ServerConfig) (*WhisperServer, error) {
	u, err := newUpload(c, "/inference/", "the server of whisper.cpp")
	if err != nil {
		return nil, err
	}
	return &WhisperServer{u, twoLetters(c.Language), c.Prompt}, nil
}

// Transcribe implements Client.
func (w *WhisperServer) Transcribe(t *rt.Task, _ Utterance, pcm []int16) (Result, error) {
	return w.send(t, w.base.HTTP(nil, "inference"), pcm, field{"response_format", "json"}, field{"language", w.language}, field{"prompt", w.prompt})
}

// Health implements Prober by asking for the page that the server shows to browsers.
func (w *WhisperServer) Health(t *rt.Task) (Health, error) { return w.there(t, w.base.HTTP(nil, "")) }
