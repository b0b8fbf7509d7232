package stttest

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	rate       = 16000
	maxSamples = 15 * rate
	maxForm    = 4 << 20
	naive      = "2006-01-02T15:04:05.000000"
)

type connKey struct{}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/stt/v1/stream/{topic}", s.guard(HTTP, http.MethodPost, s.oneShot))
	mux.HandleFunc("/stt/v1/ws/stream/{topic}", s.guard(WS, http.MethodGet, s.webSocket))
	mux.HandleFunc("/stt/v1/heartbeat", s.guard(Heartbeat, http.MethodPost, s.heartbeat))
	mux.HandleFunc("/stt/v1/health", s.guard(Health, http.MethodGet, s.health))
	mux.HandleFunc("/v1/audio/speech", s.guard(Speech, http.MethodPost, s.speech))
	for _, path := range []string{"/webhook", "/webhook/"} { // the rest of the path may be a key
		mux.HandleFunc(path, s.guard(Webhook, http.MethodPost, s.webhook))
	}
	return mux
}

// guard does what all endpoints have in common, and the behaviours that need no knowledge of the
// endpoint.
func (s *Server) guard(e Endpoint, method string, f func(exchange, http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := s.begin(e, r)
		defer x.note(func(h *Heard) { h.Over = true })
		if e == HTTP {
			x.aim(r.Header.Get("X-Wake-Word-Time"))
		}
		if e == Webhook {
			x.aim(r.Header.Get("Webhook-Id"))
		}
		s.mu.Lock()
		admits := s.admits
		s.mu.Unlock()
		shown, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch {
		case r.Method != method:
			x.refuse(w, http.StatusMethodNotAllowed, "Method Not Allowed")
		case admits != nil && !admits(shown):
			x.refuse(w, http.StatusUnauthorized, "Not authenticated")
		case x.Do == Status && !(x.One && e == WS):
			_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxForm))
			if x.gate() {
				if x.RetryAfter != 0 {
					w.Header().Set("Retry-After", strconv.Itoa(int(x.RetryAfter/time.Second)))
				}
				x.refuse(w, x.Code, "as told; you sent "+r.Header.Get("Authorization"))
			}
		case x.Do == NoStream && e == WS: // before the upgrade, as the original does: its answer has no text
			x.note(func(h *Heard) { h.Complaint = "streaming is switched off" })
			w.WriteHeader(http.StatusForbidden)
		case x.Do == Redirect:
			_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxForm))
			http.Redirect(w, r, x.To, http.StatusTemporaryRedirect)
		case x.Do == Deaf && e != WS:
			<-s.ctx.Done()
		default:
			f(x, w, r)
		}
	}
}

// refuse answers as FastAPI does.
func (x exchange) refuse(w http.ResponseWriter, code int, detail string) {
	x.note(func(h *Heard) { h.Complaint = detail })
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"detail": detail})
}

// misbehave does what Do says instead of a good answer; it returns false if Do asks for nothing of
// the kind.
func (x exchange) misbehave(w http.ResponseWriter, r *http.Request) bool {
	switch x.Do {
	case Never:
		select {
		case <-r.Context().Done():
		case <-x.server.ctx.Done():
		}
	case Huge:
		w.WriteHeader(http.StatusOK)
		_, _ = io.Copy(w, io.LimitReader(endless{}, 1<<30))
	case Garbage:
		_, _ = io.WriteString(w, `{"text": "half`)
	case WrongShape:
		_, _ = io.WriteString(w, `{"text": ["a list"], "status": 7}`)
	case CloseEarly:
		panic(http.ErrAbortHandler)
	case Dies:
		reset(r)
	case ResetAnswer:
		w.Header().Set("Content-Length", "500")
		_, _ = io.WriteString(w, `{"text": "cut`)
		_ = http.NewResponseController(w).Flush()
		reset(r)
	default:
		return false
	}
	return true
}

// endless is text that does not end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func reset(r *http.Request) {
	if c, ok := r.Context().Value(connKey{}).(*net.TCPConn); ok {
		_ = c.SetLinger(0)
		_ = c.Close()
	}
}

// keepConn makes a connection known to its requests, and counts it.
func (s *Server) keepConn(ctx context.Context, c net.Conn) context.Context {
	s.mu.Lock()
	s.connections++
	s.mu.Unlock()
	return context.WithValue(ctx, connKey{}, c)
}

func (s *Server) oneShot(x exchange, w http.ResponseWriter, r *http.Request) {
	if x.Do == Reset {
		_, _ = io.CopyN(io.Discard, r.Body, int64(x.After))
		reset(r)
		return
	}
	for _, name := range []string{"X-Wake-Word-Time", "X-Recording-End-Time"} {
		if v := r.Header.Get(name); v != "" && !isNaive(v) {
			x.note(func(h *Heard) {
				h.Complaint = fmt.Sprintf("%s %q is not a naive local time with microseconds", name, v)
			})
		}
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	file, head, err := r.FormFile("file")
	if err != nil {
		x.refuse(w, http.StatusUnprocessableEntity, "file: Field required")
		return
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return
	}
	if head.Filename != "audio.wav" || head.Header.Get("Content-Type") != "audio/wav" {
		x.note(func(h *Heard) {
			h.Complaint = fmt.Sprintf("file %q of type %q", head.Filename, head.Header.Get("Content-Type"))
		})
	}
	pcm, err := readWAV(data)
	if err == nil && len(pcm) > maxSamples {
		err = fmt.Errorf("longer than 15 s")
	}
	if err != nil {
		x.note(func(h *Heard) { h.Complaint = err.Error() })
	}
	x.sound(pcm, 0)
	x.note(func(h *Heard) { h.Whole = true })
	if !x.gate() {
		return
	}
	asked := r.URL.Query()
	x.forward(err == nil && asked.Get("forward_to_core") != "false")
	if x.misbehave(w, r) {
		return
	}
	text, duration := x.words(pcm, err == nil)
	x.note(func(h *Heard) { h.Text = text })
	x.answer(w, map[string]any{"text": text, "confidence": confidence(text), "language": x.language(text, asked.Get("language")), "duration": duration, "processing_time": 0.25})
}

// language is the language in an answer. A failure has none, whatever was requested; if none was requested, silence has none
// either.
func (x exchange) language(text, asked string) string {
	switch {
	case x.Do == EngineFails, text == "" && asked == "":
		return "unknown"
	case asked != "":
		return asked
	}
	return "en"
}

func confidence(text string) float64 {
	if text == "" {
		return 0
	}
	return 0.9
}

// words is the text and duration of an answer, bad behaviour included.
func (x exchange) words(pcm []int16, readable bool) (text string, duration float64) {
	duration = float64(len(pcm)) / rate
	switch {
	case x.Do == Unreadable || !readable:
		return "", 0
	case x.Do == EmptyText, x.Do == EngineFails:
		return "", duration
	case x.Do == EngineText:
		return "[Transcription Failed: the engine is not there]", duration
	}
	return x.server.understand(pcm), duration
}

func (x exchange) answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(body); err == nil {
		x.answered()
	}
}

func isNaive(s string) bool {
	_, err := time.Parse(naive, s)
	return err == nil && len(s) == len(naive) && !strings.HasSuffix(s, "Z")
}

// readWAV accepts only 16 kHz mono 16-bit PCM.
func readWAV(b []byte) ([]int16, error) {
	if len(b) < 44 || string(b[:4]) != "RIFF" || string(b[8:16]) != "WAVEfmt " || string(b[36:40]) != "data" {
		return nil, fmt.Errorf("not a plain WAV file")
	}
	le := binary.LittleEndian
	if le.Uint16(b[20:]) != 1 || le.Uint16(b[22:]) != 1 || le.Uint32(b[24:]) != rate || le.Uint16(b[34:]) != 16 {
		return nil, fmt.Errorf("not 16 kHz mono 16-bit PCM")
	}
	if int(le.Uint32(b[40:])) != len(b)-44 || int(le.Uint32(b[4:])) != len(b)-8 || len(b)%2 != 0 {
		return nil, fmt.Errorf("the sizes in the header are not those of the file")
	}
	return samples(b[44:]), nil
}

func samples(b []byte) []int16 {
	pcm := make([]int16, len(b)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return pcm
}
