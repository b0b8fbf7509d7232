package capture

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"orac/appliance/audio"
)

// A worker writes frames: the magic "orc", a kind, the length of the payload as a little-endian uint32, the payload.
const (
	kindHello   = 'H' // JSON hello: the device is open
	kindHop     = 'P' // a hop of sound
	kindDevices = 'D' // JSON Listing: the answer to --list
	kindError   = 'E' // JSON failure: the last frame
	kindBye     = 'B' // empty: the last frame of a worker that was asked to end
)

const (
	magic      = "orc"
	headerSize = 8
	hopSize    = 16 + 2*audio.HopSamples // number, hops dropped so far, int16 samples; all little-endian
	maxJSON    = 256 << 10
)

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

var failureCodes = map[string]error{"not_found": ErrNotFound, "ambiguous": ErrAmbiguous, "gone": ErrGone}

// hop is 80 ms of sound on its way.
type hop struct {
	seq     uint64 // counts all hops of the device, including dropped ones
	dropped uint64 // hops that the worker could not send so far
	pcm     [audio.HopSamples]int16
}

// errGarbage means that a worker does not speak the protocol.
var errGarbage = errors.New("the capture worker broke its protocol")

// frameWriter writes frames, each in one Write. It is used by one goroutine.
type frameWriter struct {
	w   io.Writer
	buf []byte
}

func (f *frameWriter) start(kind byte, length int) {
	f.buf = append(f.buf[:0], magic...)
	f.buf = append(f.buf, kind)
	f.buf = binary.LittleEndian.AppendUint32(f.buf, uint32(length))
}

func (f *frameWriter) json(kind byte, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		panic("BUG: capture: " + err.Error())
	}
	if len(b) > maxJSON {
		return fmt.Errorf("%d bytes do not fit into a frame", len(b))
	}
	f.start(kind, len(b))
	f.buf = append(f.buf, b...)
	_, err = f.w.Write(f.buf)
	return err
}

func (f *frameWriter) bye() error {
	f.start(kindBye, 0)
	_, err := f.w.Write(f.buf)
	return err
}

func (f *frameWriter) hop(h *hop) error {
	f.start(kindHop, hopSize)
	f.buf = binary.LittleEndian.AppendUint64(f.buf, h.seq)
	f.buf = binary.LittleEndian.AppendUint64(f.buf, h.dropped)
	for _, s := range h.pcm {
		f.buf = binary.LittleEndian.AppendUint16(f.buf, uint16(s))
	}
	_, err := f.w.Write(f.buf)
	return err
}

// frameReader reads frames. It never holds more than maxJSON bytes, and allocates nothing for a hop.
type frameReader struct {
	r   io.Reader
	buf []byte
}

// next returns the kind of the next frame and its payload, which is valid until the next call. io.EOF: the worker
// ended between two frames.
func (f *frameReader) next() (kind byte, payload []byte, err error) {
	if f.buf == nil {
		f.buf = make([]byte, hopSize)
	}
	head := f.buf[:headerSize]
	if _, err := io.ReadFull(f.r, head); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: it ends in the middle of a frame's header", errGarbage)
		}
		return 0, nil, err
	}
	if string(head[:len(magic)]) != magic {
		return 0, nil, fmt.Errorf("%w: it starts a frame with %q", errGarbage, head)
	}
	kind = head[len(magic)]
	n := int64(binary.LittleEndian.Uint32(head[4:]))
	if least, most := sizes(kind); n < least || n > most {
		return 0, nil, fmt.Errorf("%w: a frame %q of %d bytes", errGarbage, kind, n)
	}
	if int64(len(f.buf)) < n {
		f.buf = make([]byte, n)
	}
	if _, err := io.ReadFull(f.r, f.buf[:n]); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: it ends in the middle of a frame %q", errGarbage, kind)
		}
		return 0, nil, err
	}
	return kind, f.buf[:n], nil
}

// sizes bounds the payload of a kind of frame; least is above most if there is no such kind.
func sizes(kind byte) (least, most int64) {
	switch kind {
	case kindHop:
		return hopSize, hopSize
	case kindBye:
		return 0, 0
	case kindHello, kindDevices, kindError:
		return 0, maxJSON
	}
	return 1, 0
}

// parseHop reads the payload of a kindHop frame.
func parseHop(payload []byte, h *hop) {
	h.seq = binary.LittleEndian.Uint64(payload)
	h.dropped = binary.LittleEndian.Uint64(payload[8:])
	for i := range h.pcm {
		h.pcm[i] = int16(binary.LittleEndian.Uint16(payload[16+2*i:]))
	}
}

func parseJSON(payload []byte, v any) error {
	if err := json.Unmarshal(payload, v); err != nil {
		return fmt.Errorf("%w: %w", errGarbage, err)
	}
	return nil
}

// parseFailure returns the error that a worker reports.
func parseFailure(payload []byte) error {
	var f failure
	if err := parseJSON(payload, &f); err != nil {
		return err
	}
	return &reported{f.Message, failureCodes[f.Code]}
}

// reported is an error whose words come from the worker.
type reported struct {
	message string
	cause   error // nil if the code is not one of failureCodes
}

func (r *reported) Error() string { return r.message }
func (r *reported) Unwrap() error { return r.cause }
