package gate

import "net/http"

// Recorder remembers how a request was answered.
type Recorder struct {
	http.ResponseWriter
	Status  int
	Bytes   int64
	Pattern string // of the route
}

// Unwrap supports http.ResponseController.
func (r *Recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (r *Recorder) WriteHeader(status int) {
	if r.Status == 0 && status >= 200 || status == http.StatusSwitchingProtocols {
		r.Status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *Recorder) Write(b []byte) (int, error) {
	if r.Status == 0 {
		r.Status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.Bytes += int64(n)
	return n, err
}

// header keeps the head of an answer and drops the rest.
type header struct{ h http.Header }

func (h *header) Header() http.Header         { return h.h }
func (h *header) Write(b []byte) (int, error) { return len(b), nil }
func (h *header) WriteHeader(int)             {}
