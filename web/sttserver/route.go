package sttserver

import (
	"cmp"
	"net/http"

	"orac/runbook"
	"orac/web/auth"
	"orac/web/peers"
)

// The permissions of service accounts that count here.
const (
	Transcribe = "stt.transcribe"
	Heartbeat  = "stt.heartbeat"
)

// Audience is the one that tokens of accounts must name here.
const Audience = runbook.STTAudience

// Route is one operation of the server.
type Route struct {
	Method, Path string // in the form of http.ServeMux
	Right        peers.Right
	Doc          string
	// Change is its name in the audit log, where each use is on record before it happens; "" for none.
	Change string
	Limits string // what holds for it beside what holds for all

	run  func(*call) error
	body func(*Server) int64 // bound of its body in bytes; nil: it has none
}

// Routes lists what is served, in the order of the table in README.md.
func Routes() []Route {
	hears := peers.Right{Permission: Transcribe, Role: auth.Operator, Legacy: true}
	beats := peers.Right{Permission: Heartbeat, Role: auth.Operator, Legacy: true}
	known := peers.Right{Anybody: true, Legacy: true}
	const sound = "`max_sound`; 20 s to arrive"
	const stream = "`max_sound`; 10 s between messages; 64 KiB a message"
	const doc, streamDoc = "Transcribes a WAV file: multipart field `file`; `language`, `task`, `forward_to_core` in the query.", "Transcribes sound while it is spoken, one utterance a connection."
	return []Route{
		{Method: "POST", Path: "/stt/v1/stream", Right: hears, Doc: doc + " The topic is general.", Limits: sound, run: (*call).oneShot, body: (*Server).maxUpload},
		{Method: "POST", Path: "/stt/v1/stream/{topic}", Right: hears, Doc: doc, Limits: sound, run: (*call).oneShot, body: (*Server).maxUpload},
		{Method: "GET", Path: "/stt/v1/ws/stream", Right: hears, Doc: streamDoc + " The topic is general.", Limits: stream, run: (*call).stream},
		{Method: "GET", Path: "/stt/v1/ws/stream/{topic}", Right: hears, Doc: streamDoc, Limits: stream, run: (*call).stream},
		{Method: "POST", Path: "/stt/v1/heartbeat", Right: beats, Doc: "Says which wake words listen at an appliance.", Limits: "256 KiB; 100 models", run: (*call).beat, body: func(*Server) int64 { return maxBeat }},
		{Method: "GET", Path: "/stt/v1/heartbeat/status", Right: peers.Right{Permission: Heartbeat, Role: auth.Viewer, Legacy: true}, Doc: "The appliances that send heartbeats, and the topics.", run: (*call).beats},
		{Method: "GET", Path: "/stt/v1/health", Right: known, Doc: "Whether speech is understood. 503 when it is not.", run: (*call).sttHealth},
		{Method: "POST", Path: "/stt/v1/preload", Right: hears, Change: preloads, Doc: "Loads the model before somebody speaks.", run: (*call).preload},
		{Method: "GET", Path: "/stt/v1/debug/recordings", Right: peers.Right{Role: auth.Operator}, Doc: "The kept recordings, newest first.", run: (*call).recordings},
		{Method: "GET", Path: "/stt/v1/debug/recordings/{filename}", Right: peers.Right{Role: auth.Operator}, Change: "stt.listen", Doc: "A kept recording as a WAV file.", run: (*call).recording},
		{Method: "GET", Path: "/health", Right: known, Doc: "The health of the server and its engine. 503 when it is unhealthy.", run: (*call).health},
		{Method: "GET", Path: "/health/live", Right: peers.Right{Open: true}, Doc: "Whether the process is alive.", run: (*call).live},
		{Method: "GET", Path: "/health/ready", Right: known, Doc: "Whether the server can transcribe now. 503 when it cannot.", run: (*call).ready},
		{Method: "GET", Path: "/metrics", Right: peers.Right{Role: auth.Viewer}, Doc: "Metrics for Prometheus.", run: (*call).metrics},
	}
}

func (r Route) pattern() string { return r.Method + " " + r.Path }

// action is the route's name in the audit log.
func (r Route) action() string { return cmp.Or(r.Change, "stt.request") }

func safe(method string) bool { return method == http.MethodGet || method == http.MethodHead }
