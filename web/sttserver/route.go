package sttserver

import (
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
	peers.Route
	run func(*call) error
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
		{peers.Route{Method: "POST", Path: "/stt/v1/stream", Right: hears, Doc: doc + " The topic is general.", Limits: sound, Body: maxUpload}, (*call).oneShot},
		{peers.Route{Method: "POST", Path: "/stt/v1/stream/{topic}", Right: hears, Doc: doc, Limits: sound, Body: maxUpload}, (*call).oneShot},
		{peers.Route{Method: "GET", Path: "/stt/v1/ws/stream", Right: hears, Doc: streamDoc + " The topic is general.", Limits: stream}, (*call).stream},
		{peers.Route{Method: "GET", Path: "/stt/v1/ws/stream/{topic}", Right: hears, Doc: streamDoc, Limits: stream}, (*call).stream},
		{peers.Route{Method: "POST", Path: "/stt/v1/heartbeat", Right: beats, Doc: "Says which wake words listen at an appliance.", Limits: "256 KiB; 100 models", Body: func(*peers.Settings) int64 { return maxBeat }}, (*call).beat},
		{peers.Route{Method: "GET", Path: "/stt/v1/heartbeat/status", Right: peers.Right{Permission: Heartbeat, Role: auth.Viewer, Legacy: true}, Doc: "The appliances that send heartbeats, and the topics."}, (*call).beats},
		{peers.Route{Method: "GET", Path: "/stt/v1/health", Right: known, Doc: "Whether speech is understood. 503 when it is not."}, (*call).sttHealth},
		{peers.Route{Method: "POST", Path: "/stt/v1/preload", Right: hears, Change: "stt.preload", ByPeople: true, Doc: "Loads the model before somebody speaks."}, (*call).preload},
		{peers.Route{Method: "GET", Path: "/stt/v1/debug/recordings", Right: peers.Right{Role: auth.Operator}, Doc: "The kept recordings, newest first."}, (*call).recordings},
		{peers.Route{Method: "GET", Path: "/stt/v1/debug/recordings/{filename}", Right: peers.Right{Role: auth.Operator}, Change: "stt.listen", Doc: "A kept recording as a WAV file."}, (*call).recording},
		{peers.Route{Method: "GET", Path: "/health", Right: known, Doc: "The health of the server and its engine. 503 when it is unhealthy."}, (*call).health},
		{peers.Route{Method: "GET", Path: "/health/live", Right: peers.Right{Open: true}, Doc: "Whether the process is alive."}, (*call).Live},
		{peers.Route{Method: "GET", Path: "/health/ready", Right: known, Doc: "Whether the server can transcribe now. 503 when it cannot."}, (*call).ready},
		{peers.Route{Method: "GET", Path: "/metrics", Right: peers.Right{Role: auth.Viewer}, Doc: "Metrics for Prometheus."}, (*call).Metrics},
	}
}
