package playback

import (
	"encoding/binary"
	"io"

	"orac/appliance/audio/library"
	"orac/appliance/audio/workers"
	"orac/appliance/child"
	"orac/appliance/play"
)

// What a worker writes, beside the frames of package workers, and what it reads.
const (
	kindTaken = 'T' // how many frames the device has taken so far
	kindFrame = 'P' // a play.Frame
)

const (
	takenSize = 8
	frameSize = 2 * play.FrameSamples // int16 samples; all is little-endian
)

var fromWorker = workers.Protocol("orp", kindTaken, takenSize)

var toWorker = child.Protocol{Letters: "orp", Sizes: func(kind byte) (least, most int) {
	if kind == kindFrame {
		return frameSize, frameSize
	}
	return 1, 0
}}

// hello is what a worker reports about the device that it has opened.
type hello struct {
	Device   library.Device `json:"device"`
	Rate     int            `json:"rate"`
	Channels int            `json:"channels"`
}

// Listing is what there is to play at.
type Listing = workers.Listing

// frameWriter writes frames of one direction. It is used by one goroutine.
type frameWriter struct{ workers.Writer }

func newFrameWriter(p child.Protocol, w io.Writer) *frameWriter {
	return &frameWriter{workers.Writer{Protocol: p, W: w}}
}

func (f *frameWriter) taken(count uint64) error {
	return f.Frame(kindTaken, takenSize, func(to []byte) []byte { return binary.LittleEndian.AppendUint64(to, count) })
}

func (f *frameWriter) frame(x *play.Frame) error {
	return f.Frame(kindFrame, frameSize, func(to []byte) []byte {
		for _, s := range x {
			to = binary.LittleEndian.AppendUint16(to, uint16(s))
		}
		return to
	})
}
