package wyoming

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// WriteTime is how long the other side of a connection may take to accept an event.
const WriteTime = 10 * time.Second

// Writer writes events. It is safe for concurrent use: every event reaches the connection in one piece, within WriteTime if the
// connection has deadlines.
type Writer struct {
	mu    sync.Mutex // guards everything that follows, and is held during a write
	out   io.Writer
	bound interface{ SetWriteDeadline(time.Time) error } // nil: it has no deadlines
	buf   []byte
}

// NewWriter returns the one writer of a connection.
func NewWriter(w io.Writer) *Writer {
	out := &Writer{out: w}
	out.bound, _ = w.(interface{ SetWriteDeadline(time.Time) error })
	return out
}

// Write sends an event. data is a struct of this package, or nil; payload may be nil.
func (w *Writer) Write(kind string, data any, payload []byte) error {
	var block []byte
	if data != nil {
		if i, ok := data.(Info); ok {
			data = i.filled()
		}
		var err error
		if block, err = json.Marshal(data); err != nil {
			panic("BUG: " + err.Error())
		}
		if string(block) == "{}" {
			block = nil
		}
	}
	if len(block) > MaxData || len(payload) > MaxPayload {
		return fmt.Errorf("event %q: %d bytes of data and %d of payload are more than the protocol's readers accept", kind, len(block), len(payload))
	}
	head, err := json.Marshal(struct {
		Kind    string `json:"type"`
		Data    int    `json:"data_length,omitempty"`
		Payload int    `json:"payload_length,omitempty"`
	}{kind, len(block), len(payload)})
	if err != nil {
		panic("BUG: " + err.Error())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.bound != nil {
		if err := w.bound.SetWriteDeadline(time.Now().Add(WriteTime)); err != nil {
			return err
		}
	}
	w.buf = append(append(append(append(w.buf[:0], head...), '\n'), block...), payload...)
	_, err = w.out.Write(w.buf)
	if cap(w.buf) > step {
		w.buf = nil
	}
	return err
}
