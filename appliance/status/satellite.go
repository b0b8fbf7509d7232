package status

// Satellite is an esphome block that runs: how it stands with Home Assistant.
type Satellite struct {
	Name        string
	Listener    string // "": it only speaks
	Phase       string
	Home        bool // Home Assistant serves it
	Busy        bool // a conversation or an announcement is under way
	Keyed       bool // connections are encrypted
	Connections int
	Error       string // why it is not served; "" if it is
	LastWake    string
	LastText    string // what was said last
}
