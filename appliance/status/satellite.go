package status

// Satellite is a voice satellite of Home Assistant that runs, and how it stands with it.
type Satellite struct {
	Name        string `json:"name"`
	Device      string `json:"device"`             // by which Home Assistant knows it
	Listen      string `json:"listen"`             // host:port
	Listener    string `json:"listener,omitempty"` // absent: it only speaks
	Speaker     string `json:"speaker,omitempty"`  // absent: it only listens
	Phase       string `json:"phase"`              // away, ready, asking, listening, thinking, speaking, announcing, pausing or failed
	Home        bool   `json:"home"`               // Home Assistant serves it
	Paused      bool   `json:"paused,omitempty"`   // somebody has muted it there
	Busy        bool   `json:"busy"`               // a conversation or an announcement is under way
	Keyed       bool   `json:"keyed"`              // there is a key: connections are encrypted
	Plain       bool   `json:"plain,omitempty"`    // everybody who reaches it may use it unencrypted
	Connections int    `json:"connections"`
	Error       string `json:"error,omitempty"` // why it is not served
	LastWake    string `json:"last_wake,omitempty"`
	LastText    string `json:"last_text,omitempty"`   // what was said last
	LastAnswer  string `json:"last_answer,omitempty"` // what Home Assistant said last
}
