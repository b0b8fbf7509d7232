package status

// Speaker is a loudspeaker of the appliance. Counts are since the start.
type Speaker struct {
	Name    string   `json:"name"`
	Device  string   `json:"device,omitempty"` // identity of the one that is open; absent: none is
	Error   string   `json:"error,omitempty"`  // why none is
	Volume  float64  `json:"volume"`           // 0 to 1
	Muted   bool     `json:"muted,omitempty"`
	Playing []string `json:"playing,omitempty"` // what is heard or waits, in words
	Played  uint64   `json:"played"`            // to the end
	Failed  uint64   `json:"failed"`
}
