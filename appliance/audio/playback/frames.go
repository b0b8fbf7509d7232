package playback

import (
	"encoding/binary"
	"io"

	"orac/appliance/audio/library"
	"orac/appliance/child"
	"orac/appliance/play"
)

// What a worker writes, and what it reads: see child.Protocol.
const (
	kindHello   = 'H' // JSON hello: the device is open
	kindTaken   = 'T' // how many frames the device has taken so far
	kindDevices = 'D' // JSON Listing: the answer to --list
	kindError   = 'E' // JSON failure: the last frame
	kindBye     = 'B' // empty: the last frame of a worker that was asked to end

	kindFrame = 'P' // a play.Frame
)

const (
	takenSize = 8
	frameSize = 2 * play.FrameSamples // int16 samples; all is little-endian
	maxJSON   = 256 << 10
)

var fromWorker = child.Protocol{Letters: "orp", Sizes: func(kind byte) (least, most int) {
	switch kind {
	case kindTaken:
		return takenSize, takenSize
	case kindBye:
		return 0, 0
	case kindHello, kindDevices, kindError:
		return 0, maxJSON
	}
	return 1, 0
}}

var toWorker = child.Protocol{Letters: "orp", Sizes: func(kind byte) (least, most int) {
	if kind == kindFrame {
		return frameSize, frameSize
	}
	return 1, 0
}}

// hello is what a worker reports about the device that it has opened.
type hello struct {
	Device library.Device `json:"device"`
	Rate   int            `json:"rate"`
}

// failure is why a worker gives up.
type failure struct {
	Code    string `json:"code"` // one of library.Use.Failures, or empty
	Message string `json:"message"`
}

// Listing is what there is to play at.
type Listing struct {
	Devices []library.Device `json:"devices"`
	// Backends are those that answered, in order of preference.
	Backends []string `json:"backends"`
	// Notes say why a backend has nothing to list.
	Notes []string `json:"notes,omitempty"`
}

// frameWriter writes frames, each in one Write. It is used by one goroutine.
type frameWriter struct {
	w   io.Writer
	buf []byte
}

func (f *frameWriter) write() error {
	_, err := f.w.Write(f.buf)
	return err
}

func (f *frameWriter) json(kind byte, v any) (err error) {
	if f.buf, err = fromWorker.JSON(f.buf[:0], kind, v); err != nil {
		return err
	}
	return f.write()
}

func (f *frameWriter) bye() error {
	f.buf = fromWorker.Frame(f.buf[:0], kindBye, 0)
	return f.write()
}

func (f *frameWriter) taken(count uint64) error {
	f.buf = binary.LittleEndian.AppendUint64(fromWorker.Frame(f.buf[:0], kindTaken, takenSize), count)
	return f.write()
}

func (f *frameWriter) frame(x *play.Frame) error {
	f.buf = toWorker.Frame(f.buf[:0], kindFrame, frameSize)
	for _, s := range x {
		f.buf = binary.LittleEndian.AppendUint16(f.buf, uint16(s))
	}
	return f.write()
}
