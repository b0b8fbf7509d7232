package status

// SayRequest asks to have a text spoken.
type SayRequest struct {
	Text    string `json:"text"`
	Speaker string `json:"speaker,omitempty"` // name of the block; "" means the only one
	Voice   string `json:"tts,omitempty"`     // name of the block; "" means that of a listener with the speaker, or the only one
}

// Said is what came of it.
type Said struct {
	Speaker string  `json:"speaker"`
	Voice   string  `json:"tts"`
	Heard   bool    `json:"heard"`           // to its end
	Seconds float64 `json:"seconds"`         // of it, that were heard
	Cause   string  `json:"cause"`           // done, stopped, late or failed
	Error   string  `json:"error,omitempty"` // why it failed
}
