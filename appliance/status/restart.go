package status

// Restarting is the answer to who asks for a restart: it comes before ORAC goes.
type Restarting struct {
	PID  int    `json:"pid"` // stays the same
	Note string `json:"note"`
}
