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
	"orac/web/schema"
)

const (
	maxParts = 20       // of a form
	growBy   = 64 << 10 // bytes that are held at a time
)

// upload reads the sound of a form: 16 kHz mono of at most the given number of samples. It is held in h, and read only as far as it
// may be long.
func upload(r *http.Request, h *hold, most int) ([]int16, error) {
	file, err := formFile(r, h)
	if err != nil {
		return nil, err
	}
	return decode(file, h, most)
}

// formFile returns the field file of a form.
func formFile(r *http.Request, h *hold) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return nil, schema.Fail(schema.Unusable, "file: field required. Send a WAV file as the field file of a multipart form.")
	}
	form, err := r.MultipartReader()
	if err != nil {
		return nil, schema.Because(schema.Unusable, err, "The form cannot be read: it names no boundary.")
	}
	for range maxParts {
		part, err := form.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return nil, schema.Fail(schema.Unusable, "file: field required. The form has no field of that name.")
		case err != nil:
			return nil, brokenOff(err)
		case part.FormName() != "file":
			continue
		}
		var b bytes.Buffer
		for {
			if err := h.grow(b.Len() + growBy); err != nil {
				return nil, err
			}
			n, err := io.CopyN(&b, part, growBy)
			if errors.Is(err, io.EOF) {
				return b.Bytes(), nil
			}
			if err != nil {
				return nil, brokenOff(err)
			}
			if n == 0 {
				return nil, brokenOff(io.ErrNoProgress)
			}
		}
	}
	return nil, schema.Fail(schema.Unusable, "The form has more than %d fields.", maxParts)
}

// brokenOff tells a body that is too large from one that ended, or came too slowly.
func brokenOff(err error) error {
	if long, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return long
	}
	return schema.Because(schema.Unusable, err, "The form broke off.")
}

// decode turns a WAV file into 16 kHz mono.
func decode(file []byte, h *hold, most int) ([]int16, error) {
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
	if err := h.grow(len(file) + 2*int(r.Samples())); err != nil {
		return nil, err
	}
	pcm := make([]int16, r.Samples())
	n, err := r.Read(pcm)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, schema.Because(schema.Unusable, err, "The sound cannot be read.")
	}
	return pcm[:n], h.grow(2 * n) // the file is no longer needed
}

func tooLong(is time.Duration, most int) error {
	return &sttrole.TooLongError{Is: is, Most: length(most)}
}

// length is how long so many samples last.
func length(samples int) time.Duration {
	return time.Duration(samples) * time.Second / sttrole.Rate
}
