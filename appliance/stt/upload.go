package stt

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"time"

	"orac/appliance/audio/wav"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
)

// ServerConfig makes a client of a server that takes a whole recording as a form. URL is required; the rest may be zero.
type ServerConfig struct {
	URL      string        // of the server, with or without the path of its protocol
	Timeout  time.Duration // for a whole exchange; 0 means DefaultTimeout
	Token    wire.Secret   // bearer token
	TLS      wire.TLS
	Model    string // as the server calls it
	Language string // such as "en" or "en-GB"; empty leaves it to the server
	Prompt   string // likely words
}

// upload is what the protocols share that take a recording as a form, answer with its text, and do nothing else with either.
// Nobody but ORAC acts on the text, so no failure leaves a doubt: the same recording may be sent again at once.
type upload struct {
	base   wire.Base
	client *wire.Client
	health *wire.Client
	hints  map[int]string // by status, where the protocol gives it a meaning of its own
}

// newUpload makes the part; peer is what should answer, for hints.
func newUpload(c ServerConfig, paths, peer string) (*upload, error) {
	base, err := wire.ParseBaseOf(c.URL, paths)
	if err != nil {
		return nil, fmt.Errorf("stt: %w", err)
	}
	u := &upload{base: base}
	options := wire.Options{Timeout: c.Timeout, Token: c.Token, TLS: c.TLS, Peer: peer}
	if options.Timeout <= 0 {
		options.Timeout = DefaultTimeout
	}
	if u.client, err = wire.NewClient(options); err == nil {
		options.Timeout = min(options.Timeout, healthTimeout)
		u.health, err = wire.NewClient(options)
	}
	if err != nil {
		return nil, fmt.Errorf("stt %s: %w", base, err)
	}
	return u, nil
}

// field is one field of a form.
type field struct{ name, value string }

// send sends a recording with these fields, and returns what was understood.
func (u *upload) send(t *rt.Task, to string, pcm []int16, fields ...field) (Result, error) {
	const op = "transcribe"
	if err := acceptable(op, wire.Address(to), pcm); err != nil {
		return Result{}, err
	}
	body, contentType := form(pcm, fields...)
	start := t.Now()
	answer, err := u.client.Do(t, wire.Request{Op: op, Method: http.MethodPost, URL: to, ContentType: contentType, Body: body})
	if err != nil {
		return Result{}, u.hinted(err)
	}
	r, err := parseTranscription(answer)
	if failed, ok := errors.AsType[*engineError](err); ok {
		u.client.Drop()
		return Result{}, u.client.Said(op, to, Engine, failed.words)
	}
	if err != nil {
		u.client.Drop()
		return Result{}, &Error{Op: op, Address: wire.Address(to), Kind: Protocol, Cause: u.client.Redacted(err), Hint: u.client.Strange()}
	}
	r.ProcessingTime = t.Now().Sub(start)
	return r, nil
}

// there asks for something small, and tells whether the server is there. A server that does not know the path, does not show it
// to this token, or asks for patience, has no health check: it is there.
func (u *upload) there(t *rt.Task, to string) (Health, error) {
	_, err := u.health.Do(t, wire.Request{Op: "health", Method: http.MethodGet, URL: to, Unread: true})
	if e, ok := errors.AsType[*Error](err); ok && e.Status/100 == 4 && e.Status != http.StatusUnauthorized {
		return Health{}, nil
	}
	return Health{}, err
}

// hinted gives an error the hint of the protocol for its status.
func (u *upload) hinted(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.Hint = cmp.Or(u.hints[e.Status], e.Hint)
	}
	return err
}

// acceptable refuses sound that is empty or too long.
func acceptable(op, address string, pcm []int16) error {
	if len(pcm) > 0 && len(pcm) <= maxSamples {
		return nil
	}
	return &Error{Op: op, Address: address, Kind: Refused,
		Cause: fmt.Errorf("%.2f s of sound; the service accepts more than 0 and at most %v", seconds(pcm), MaxSpeech),
		Hint:  "lower max of the listener's record block"}
}

// form is the multipart body of a one-shot request: the sound as "file", and other fields. A field without a value is left out.
func form(pcm []int16, fields ...field) (body []byte, contentType string) {
	var b bytes.Buffer
	b.Grow(wav.HeaderBytes + 2*len(pcm) + 2048)
	w := multipart.NewWriter(&b)
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="audio.wav"`},
		"Content-Type":        {"audio/wav"},
	})
	if err == nil {
		err = wav.Encode(part, pcm)
	}
	for _, f := range fields {
		if err == nil && f.value != "" {
			err = w.WriteField(f.name, f.value)
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic("BUG: a multipart body in memory: " + err.Error())
	}
	return b.Bytes(), w.FormDataContentType()
}

// twoLetters is a language without its region, as Whisper knows languages: "en" for "en-GB".
func twoLetters(language string) string {
	base, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(language), "_", "-"), "-")
	return base
}

// errorText is the value of "error" in an answer: a text, or an object with a message. It is "" if there is no error.
func errorText(raw json.RawMessage) string {
	var text string
	var object struct {
		Message string `json:"message"`
	}
	switch {
	case len(raw) == 0 || string(raw) == "null" || string(raw) == "false":
		return ""
	case json.Unmarshal(raw, &text) == nil:
		return text
	case json.Unmarshal(raw, &object) == nil && object.Message != "":
		return object.Message
	}
	return "an error without words"
}
