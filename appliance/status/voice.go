package status

import "time"

// VoiceService is a wyoming block that runs: who uses it, and what it answered last.
type VoiceService struct {
	Name        string
	Open        bool   // it listens
	Error       string // why it does not; "" if it does, or has not tried yet
	Connections int
	Streams     int           // of them, those that send sound
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
