package control

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"orac/appliance/status"
)

// stream sends lines of JSON (NDJSON), each with a deadline. After a line that misses its deadline nothing more is
// sent.
type stream struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	begun    bool
	err      error
}

func (h *handler) stream(w http.ResponseWriter) *stream {
	s := &stream{w: w, control: http.NewResponseController(w), patience: h.patience}
	// The deadline of the request would end the stream: net/http would treat it as a lost client.
	s.err = s.control.SetReadDeadline(time.Time{})
	return s
}

func (s *stream) send(v any) error {
	if s.err != nil {
		return s.err
	}
	line, err := json.Marshal(v)
	if err != nil {
		return err // the value is at fault, not the client
	}
	if !s.begun {
		s.begun = true
		s.w.Header().Set("Content-Type", "application/x-ndjson")
	}
	if s.err = s.control.SetWriteDeadline(time.Now().Add(s.patience)); s.err == nil {
		if _, s.err = s.w.Write(append(line, '\n')); s.err == nil {
			s.err = s.control.Flush()
		}
	}
	return s.err
}

// fail ends the stream with an error: as an ordinary answer if nothing was sent yet, otherwise as the
// last line.
func (s *stream) fail(err error) {
	if !s.begun && s.err == nil {
		_ = s.control.SetWriteDeadline(time.Now().Add(s.patience))
		fail(s.w, err)
		return
	}
	_, f := describe(err)
	_ = s.send(f)
}

// line is a line of the answer to an apply or a rollback.
type line struct {
	Step   string          `json:"step,omitempty"`
	Result *status.Applied `json:"result,omitempty"`
}

// maxSteps is how many steps wait for a slow client; steps beyond that are in the result anyway.
const maxSteps = 256

// stepwise runs something slow, and sends each step as it happens. The daemon never waits for the client.
func (h *handler) stepwise(w http.ResponseWriter, do func(progress func(string)) (status.Applied, error)) {
	s := h.stream(w)
	steps, done, sent := make(chan string, maxSteps), make(chan struct{}), make(chan struct{})
	go func() { // ends at most one write deadline after done is closed, when all steps are sent
		defer close(sent)
		for {
			select {
			case step := <-steps:
				_ = s.send(line{Step: step})
			case <-done:
				for len(steps) > 0 {
					_ = s.send(line{Step: <-steps})
				}
				return
			}
		}
	}()
	finish := func() { close(done); <-sent }
	finished := false
	defer func() {
		if !finished { // the daemon panicked: the server recovers, and this goroutine must not stay behind
			finish()
		}
	}()
	applied, err := do(func(step string) {
		select {
		case steps <- step:
		default:
		}
	})
	finished = true
	finish()
	if err != nil {
		s.fail(err)
		return
	}
	_ = s.send(line{Result: &applied})
}

// logs sends the log. A client that takes longer than the write deadline for a line is dropped, and can continue
// with after.
func (h *handler) logs(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var after uint64
	var follow bool
	var err error
	if text := q.Get("after"); text != "" {
		if after, err = strconv.ParseUint(text, 10, 64); err != nil {
			fail(w, invalid("after is %.40q: it must be the number of a line", text))
			return
		}
	}
	if text := q.Get("follow"); text != "" {
		if follow, err = strconv.ParseBool(text); err != nil {
			fail(w, invalid("follow is %.40q: it must be true or false", text))
			return
		}
	}
	s := h.stream(w)
	if follow { // send the head of the answer, so that the client knows that it is served
		s.begun = true
		w.Header().Set("Content-Type", "application/x-ndjson")
		s.err = s.control.Flush()
	}
	err = h.watched.Logs(r.Context(), after, follow, func(l status.LogLine) error { return s.send(l) })
	if err != nil && r.Context().Err() == nil {
		s.fail(err)
	}
}
