package workers

import (
	"errors"
	"io"

	"orac/appliance/audio/library"
	"orac/appliance/child"
)

// What every worker writes: see child.Protocol.
const (
	KindHello   = 'H' // JSON: the device is open
	KindDevices = 'D' // JSON Listing: the answer to --list
	KindError   = 'E' // JSON Failure: the last frame
	KindBye     = 'B' // empty: the last frame of a worker that was asked to end
)

const maxJSON = 256 << 10

// Protocol is what a worker writes: the kinds above, and one of its own, whose payload has always the same size.
func Protocol(letters string, own byte, size int) child.Protocol {
	return child.Protocol{Letters: letters, Sizes: func(kind byte) (least, most int) {
		switch kind {
		case own:
			return size, size
		case KindBye:
			return 0, 0
		case KindHello, KindDevices, KindError:
			return 0, maxJSON
		}
		return 1, 0
	}}
}

// Listing is what there is to record from, or to play at.
type Listing struct {
	Devices []library.Device `json:"devices"`
	// Backends are those that answered, in order of preference.
	Backends []string `json:"backends"`
	// Notes say why a backend has nothing to list.
	Notes []string `json:"notes,omitempty"`
}

// Failure is why a worker gives up.
type Failure struct {
	Code    string `json:"code"` // one of library.Use.Failures, or empty
	Message string `json:"message"`
}

func failureOf(u *library.Use, err error) Failure {
	f := Failure{Message: err.Error()}
	for code, cause := range u.Failures() {
		if errors.Is(err, cause) {
			f.Code = code
		}
	}
	return f
}

// ParseFailure returns the error that a worker reports.
func ParseFailure(u *library.Use, payload []byte) error {
	var f Failure
	if err := child.ParseJSON(payload, &f); err != nil {
		return err
	}
	return child.Reported(f.Message, u.Failures()[f.Code])
}

// Writer writes frames, each in one Write. It is used by one goroutine.
type Writer struct {
	Protocol child.Protocol
	W        io.Writer

	buf []byte
}

// JSON writes a frame of JSON.
func (f *Writer) JSON(kind byte, v any) (err error) {
	if f.buf, err = f.Protocol.JSON(f.buf[:0], kind, v); err == nil {
		_, err = f.W.Write(f.buf)
	}
	return err
}

// Frame writes a frame whose payload, of so many bytes, fill appends.
func (f *Writer) Frame(kind byte, length int, fill func(to []byte) []byte) error {
	f.buf = fill(f.Protocol.Frame(f.buf[:0], kind, length))
	_, err := f.W.Write(f.buf)
	return err
}

// Bye writes the last frame of a worker that was asked to end.
func (f *Writer) Bye() error {
	return f.Frame(KindBye, 0, func(to []byte) []byte { return to })
}
