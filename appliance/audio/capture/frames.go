package capture

import (
	"encoding/binary"
	"io"

	"orac/appliance/audio"
	"orac/appliance/audio/library"
	"orac/appliance/child"
)

// A worker writes frames of these kinds: see child.Protocol.
const (
	kindHello   = 'H' // JSON hello: the device is open
	kindHop     = 'P' // a hop of sound
	kindDevices = 'D' // JSON Listing: the answer to --list
	kindError   = 'E' // JSON failure: the last frame
	kindBye     = 'B' // empty: the last frame of a worker that was asked to end
)

const (
	hopSize = 16 + 2*audio.HopSamples // number, hops dropped so far, int16 samples; all little-endian
	maxJSON = 256 << 10
)

// protocol is what a worker writes.
var protocol = child.Protocol{Letters: "orc", Sizes: func(kind byte) (least, most int) {
	switch kind {
	case kindHop:
		return hopSize, hopSize
	case kindBye:
		return 0, 0
	case kindHello, kindDevices, kindError:
		return 0, maxJSON
	}
	return 1, 0
}}

// hello is what a worker reports about the device that it has opened.
type hello struct {
	Device   Device `json:"device"`
	Rate     int    `json:"rate"`
	Channels int    `json:"channels"` // before they are averaged
}

// Listing is what there is to record from.
type Listing struct {
	Devices []Device `json:"devices"`
	// Backends are those that answered, in order of preference.
	Backends []string `json:"backends"`
	// Notes say why a backend has nothing to list.
	Notes []string `json:"notes,omitempty"`
}

// failure is why a worker gives up.
type failure struct {
	Code    string `json:"code"` // one of failureCodes, or empty
	Message string `json:"message"`
}

var failureCodes = library.Microphones.Failures()

// hop is 80 ms of sound on its way.
type hop struct {
	seq     uint64 // counts all hops of the device, including dropped ones
	dropped uint64 // hops that the worker could not send so far
	pcm     [audio.HopSamples]int16
}

// frameWriter writes frames, each in one Write. It is used by one goroutine.
type frameWriter struct {
	w   io.Writer
	buf []byte
}

func (f *frameWriter) json(kind byte, v any) (err error) {
	if f.buf, err = protocol.JSON(f.buf[:0], kind, v); err == nil {
		_, err = f.w.Write(f.buf)
	}
	return err
}

func (f *frameWriter) bye() error {
	f.buf = protocol.Frame(f.buf[:0], kindBye, 0)
	_, err := f.w.Write(f.buf)
	return err
}

func (f *frameWriter) hop(h *hop) error {
	f.buf = protocol.Frame(f.buf[:0], kindHop, hopSize)
	f.buf = binary.LittleEndian.AppendUint64(f.buf, h.seq)
	f.buf = binary.LittleEndian.AppendUint64(f.buf, h.dropped)
	for _, s := range h.pcm {
		f.buf = binary.LittleEndian.AppendUint16(f.buf, uint16(s))
	}
	_, err := f.w.Write(f.buf)
	return err
}

// reader reads what a worker writes.
func reader(r io.Reader) *child.Reader { return &child.Reader{Protocol: protocol, R: r} }

// parseHop reads the payload of a kindHop frame.
func parseHop(payload []byte, h *hop) {
	h.seq = binary.LittleEndian.Uint64(payload)
	h.dropped = binary.LittleEndian.Uint64(payload[8:])
	for i := range h.pcm {
		h.pcm[i] = int16(binary.LittleEndian.Uint16(payload[16+2*i:]))
	}
}

// parseFailure returns the error that a worker reports.
func parseFailure(payload []byte) error {
	var f failure
	if err := child.ParseJSON(payload, &f); err != nil {
		return err
	}
	return child.Reported(f.Message, failureCodes[f.Code])
}
