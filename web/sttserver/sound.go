package sttserver

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"orac/appliance/audio/wav"
	"orac/appliance/sttrole"
	"orac/web/peers"
	"orac/web/schema"
)

const (
	maxParts  = 20       // of a form
	maxBeside = 32 << 10 // bytes of a form beside the sound: the heads of its parts, and other fields
	growBy    = 64 << 10 // bytes that are held at a time
)

// formFile returns the field file of a form. It is held in h.
func formFile(r *http.Request, h *peers.Hold) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return nil, schema.Fail(schema.Unusable, "file: field required. Send a WAV file as the field file of a multipart form.")
	}
	beside := &heads{ReadCloser: r.Body, left: maxBeside}
	r.Body = beside
	form, err := r.MultipartReader()
	if err != nil {
		return nil, schema.Because(schema.Unusable, err, "The form cannot be read: it names no boundary.")
	}
	if err := h.Grow(maxBeside); err != nil {
		return nil, err
	}
	for range maxParts {
		part, err := form.NextPart()
		switch {
		case errors.Is(err, errBeside):
			return nil, schema.Fail(schema.Unusable, "The form has more than %d bytes beside the field file.", maxBeside)
		case errors.Is(err, io.EOF):
			return nil, schema.Fail(schema.Unusable, "file: field required. The form has no field of that name.")
		case err != nil:
			return nil, brokenOff(err)
		case part.FormName() != "file":
			continue
		}
		beside.over = true
		b, err := h.Read(part)
		if full, ok := errors.AsType[*schema.Problem](err); ok {
			return nil, full
		}
		if err != nil {
			return nil, brokenOff(err)
		}
		return b, nil
	}
	return nil, schema.Fail(schema.Unusable, "The form has more than %d fields.", maxParts)
}

// heads is the body of a form. Until the sound begins, it ends when what comes before has become too large: the heads of parts are kept
// in memory while they are read.
type heads struct {
	io.ReadCloser
	left int
	over bool // the sound has begun
}

var errBeside = errors.New("too much beside the sound")

// Read implements io.Reader.
func (b *heads) Read(p []byte) (int, error) {
	if b.over {
		return b.ReadCloser.Read(p)
	}
	if b.left <= 0 {
		return 0, errBeside
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// brokenOff tells a body that is too large from one that ended, or came too slowly.
func brokenOff(err error) error {
	if long, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return long
	}
	return schema.Because(schema.Unusable, err, "The form broke off.")
}

// decode turns a WAV file into 16 kHz mono.
func decode(file []byte, h *peers.Hold, most int) ([]int16, error) {
	if len(file) == 0 {
		return nil, schema.Fail(schema.Unusable, "The file is empty.")
	}
	r, err := wav.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, schema.Because(schema.Unusable, err, "The sound cannot be used: %s.", schema.Clip(schema.Clean(err.Error()), 300))
	}
	if n := r.Samples(); n > int64(most) {
		return nil, tooLong(r.Info().Duration(), most)
	}
	if err := h.Grow(len(file) + 2*int(r.Samples())); err != nil {
		return nil, err
	}
	pcm := make([]int16, r.Samples())
	n, err := r.Read(pcm)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, schema.Because(schema.Unusable, err, "The sound cannot be read.")
	}
	return pcm[:n], h.Grow(2 * n) // the file is no longer needed
}

func tooLong(is time.Duration, most int) error {
	return &sttrole.TooLongError{Is: is, Most: length(most)}
}

// length is how long so many samples last.
func length(samples int) time.Duration {
	return time.Duration(samples) * time.Second / sttrole.Rate
}
