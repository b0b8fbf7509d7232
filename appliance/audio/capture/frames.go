package capture

import (
	"encoding/binary"
	"io"

	"orac/appliance/audio"
	"orac/appliance/audio/workers"
	"orac/appliance/child"
)

// A worker writes frames of this kind, beside those of package workers.
const (
	kindHop = 'P'                     // a hop of sound
	hopSize = 16 + 2*audio.HopSamples // number, hops dropped so far, int16 samples; all little-endian
)

// protocol is what a worker writes.
var protocol = workers.Protocol("orc", kindHop, hopSize)

// hello is what a worker reports about the device that it has opened.
type hello struct {
	Device   Device `json:"device"`
	Rate     int    `json:"rate"`
	Channels int    `json:"channels"` // before they are averaged
}

// Listing is what there is to record from.
type Listing = workers.Listing

// hop is 80 ms of sound on its way.
type hop struct {
	seq     uint64 // counts all hops of the device, including dropped ones
	dropped uint64 // hops that the worker could not send so far
	pcm     [audio.HopSamples]int16
}

// frameWriter writes the frames of a worker. It is used by one goroutine.
type frameWriter struct{ workers.Writer }

func newFrameWriter(w io.Writer) *frameWriter {
	return &frameWriter{workers.Writer{Protocol: protocol, W: w}}
}

func (f *frameWriter) hop(h *hop) error {
	return f.Frame(kindHop, hopSize, func(to []byte) []byte {
		to = binary.LittleEndian.AppendUint64(to, h.seq)
		to = binary.LittleEndian.AppendUint64(to, h.dropped)
		for _, s := range h.pcm {
			to = binary.LittleEndian.AppendUint16(to, uint16(s))
		}
		return to
	})
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
