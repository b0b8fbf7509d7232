package status

// MQTT is a broker at which the appliance shows itself. Counts are since the start.
type MQTT struct {
	Name      string `json:"name"`
	Broker    string `json:"broker"`              // its address
	Device    string `json:"device"`              // the identity of the appliance there
	Base      string `json:"base"`                // of its topics
	Discovery string `json:"discovery,omitempty"` // the topic on which Home Assistant is told of the appliance; absent: it is not
	Connected bool   `json:"connected"`
	Connects  int    `json:"connects"`
	Waiting   int    `json:"waiting"`   // messages
	Published int    `json:"published"` // messages that the broker has taken
	Dropped   int    `json:"dropped"`   // messages that were lost, because the broker was away or too slow
	Refused   int    `json:"refused"`   // messages that the broker did not allow
	Orders    int    `json:"orders"`    // that were carried out, or tried
	Denied    int    `json:"denied"`    // orders that were not: forbidden, unclear, old, or too many
	Unread    int    `json:"unread"`    // messages of the broker that were too long, or too many to be read
	Error     string `json:"error,omitempty"`
}
