package stttest

import "time"

// Do is what a server does with a request.
type Do string

const (
	Good        Do = ""             // as the protocol says
	EmptyText   Do = "empty"        // 200, text "", duration of the sound: nobody spoke. A requested language is in the answer
	EngineFails Do = "engine-fails" // whisper answers 500: by HTTP as EmptyText with the language "unknown", by WebSocket as EngineText
	Dies        Do = "dies"         // has Core act on it, and resets the connection instead of answering
	Unreadable  Do = "unreadable"   // 200, text "", duration 0.0
	EngineText  Do = "engine-text"  // 200, text "[Transcription Failed: …]"
	EngineError Do = "error"        // 200 with status "error" or "unhealthy"; {"type":"error"} on a WebSocket, after After frames if not 0
	Never       Do = "never"        // accepts everything and never answers
	NeverClose  Do = "never-close"  // answers and then keeps the WebSocket open
	Status      Do = "status"       // the HTTP status of Code; refuses the upgrade of a WebSocket
	Redirect    Do = "redirect"     // 307 to To
	Reset       Do = "reset"        // resets the connection after After bytes of a body, or frames of a WebSocket
	ResetAnswer Do = "reset-answer" // resets the connection in the middle of an HTTP answer
	Huge        Do = "huge"         // an answer of 1 GB
	Garbage     Do = "garbage"      // an answer that is not JSON
	WrongShape  Do = "shape"        // JSON, but not in the form of an answer
	Binary      Do = "binary"       // a binary message as the answer on a WebSocket
	CloseEarly  Do = "close"        // closes without an answer
	Impatient   Do = "impatient"    // answers a WebSocket after the first frame
	Chatty      Do = "chatty"       // pings, partial results and unknown messages before the answer
	PingFlood   Do = "ping-flood"   // pings and nothing else
	NoStream    Do = "no-stream"    // streaming is switched off: 403 for the upgrade of a WebSocket; a health check says so
	Once        Do = "once"         // a health check says that utterances are recognised by their ID, as our ORAC STT does
	Deaf        Do = "deaf"         // accepts the headers, or the upgrade, and reads nothing more
)

// Behaviour is what a server does with one request. The zero value is good behaviour.
type Behaviour struct {
	Do         Do
	Code       int           // for Status
	RetryAfter time.Duration // for Status: sent if not zero
	To         string        // for Redirect
	After      int           // for Reset
	Wait       time.Duration // only before the answer
	// One confines this to one utterance, or one event of a webhook: the first that comes, by the time of its wake word or by its
	// identity, and every repetition of it. All others are answered well. A Status ends its stream without an answer.
	One bool
	// Gate delays only the answer, until it is closed.
	Gate <-chan struct{}
}

// Endpoint is one of the server's addresses.
type Endpoint string

const (
	HTTP      Endpoint = "http"      // POST /stt/v1/stream/{topic}
	WS        Endpoint = "ws"        // /stt/v1/ws/stream/{topic}
	Heartbeat Endpoint = "heartbeat" // POST /stt/v1/heartbeat
	Health    Endpoint = "health"    // GET /stt/v1/health
	Webhook   Endpoint = "webhook"   // POST /webhook, and below
	Speech    Endpoint = "speech"    // POST /v1/audio/speech
)
