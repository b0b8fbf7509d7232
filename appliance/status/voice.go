package status

import "time"

// Voice is a Wyoming service, in short. Counts are since the start.
type Voice struct {
	Name        string `json:"name"`
	Serves      string `json:"serves"` // stt or wake
	Listen      string `json:"listen"`
	Open        bool   `json:"open"`              // it listens
	Exposed     bool   `json:"exposed,omitempty"` // other machines can reach it: there is no login
	Connections int    `json:"connections"`
	Streams     int    `json:"streams"` // of them, those that send sound
	Answered    int    `json:"answered"`
	Failed      int    `json:"failed"`
	Error       string `json:"error,omitempty"` // why it does not listen
}

// VoiceService is a wyoming block that runs: who uses it, and what it answered last.
type VoiceService struct {
	Name        string
	Open        bool   // it listens
	Error       string // why it does not; "" if it does, or has not tried yet
	Connections int
	Streams     int           // of them, those that send sound
	Answered    int           // requests and wake words, since the start
	Failed      int           // requests
	Answers     []VoiceAnswer // the last ones, newest first
}

// VoiceAnswer is an answer to a client of a voice service.
type VoiceAnswer struct {
	At      time.Time
	Address string // of the client
	Text    string // what was understood; "": nothing was, or it failed
	Model   string // whose wake word was heard
	Cause   string // why it failed; "" if it did not
	Seconds float64
	Took    float64 // seconds from the end of the sound to the text
}
