package scenario

// State is what expressions see: the appliance and its world at one moment, from outside. Both backends fill it in.
type State struct {
	Time   float64 // seconds since the start
	Healed bool    // the heal point has passed
	Faults int     // that are active now
	Up     bool    // the appliance runs (false between a power loss and the restart)

	Health     string            // healthy, degraded or unhealthy
	Components map[string]string // the same for each component
	Nodes      map[string]Node

	Spoken, Recorded, Delivered int     // commands that were spoken, recordings that ended, utterances that were answered
	Waiting                     int     // utterances in the spool
	Refused                     int     // utterances that were set aside
	Lost, Duplicated            int     // recordings that are neither waiting nor answered; answered more than once
	Acted, ActedTwice           int     // utterances that ORAC Core acted on, through any service; more than once
	Asked, Served               int     // commands that other appliances have sent to a server of this one; those that it has answered
	TokenRefusedFor             float64 // seconds for which a server has refused every token of a login, at the longest
	Told                        int     // events that webhooks have accepted
	HooksWaiting, HooksAside    int     // events that wait for webhooks; events that were set aside
	SpansSent, SpansDropped     int     // spans of traces that the collector has taken since the start of the process; that were dropped
	SpansWaiting                int     // spans that wait for it
	MQTTPublished, MQTTDropped  int     // messages that MQTT brokers have taken since the start of the process; that were lost
	MQTTWaiting, MQTTShown      int     // messages that wait for brokers; brokers that keep what is true of the appliance now
	OrdersTaken, OrdersDenied   int     // orders by way of brokers that were begun since the start of the process; that were refused
	SoundsHeard, SoundsFailed   int     // sounds that were heard whole; of which it was said that they were not
	SoundsEnded                 int     // that a wake word, a person or another sound has ended
	ChimeAfter, BargeInAfter    float64 // seconds from a wake to its chime, and to the end of the answer that it interrupts, at the longest
	HomeServes                  int     // satellites that Home Assistant serves now
	HomeAsked, HomeAnswered     int     // commands that went to Home Assistant; those that it was done with
	HomeHanded, HomeLost        int     // those that were left to another service; that were said to be lost
	Wakes, FalseWakes, Missed   int     // wakes; wakes without a sound that should wake; sounds that should have woken the appliance and did not, while it could hear
	Incidents, Open             int     // since the start; still open
	Restarts, Reexecs, Boots    int     // of nodes and devices; of the process by itself; starts of the process
	Leaked                      int     // instances that hang
	Applied, RolledBack         int
	Pushes, Pushed              int // from the centre, that have ended; that have changed this appliance
	PushesPending               int // that have found it away
	PushesStopped               int // that have stopped in the middle
	Generation                  int
	Memory                      int64 // bytes
	Tasks                       int
	Holders                     int // the most holders of one device at once, so far
	DiskFree                    int64
}

// Node is a node of the graph in a State.
type Node struct {
	State    string // running, waiting, stopping, finished, leaked
	Taken    int64
	Dropped  int64
	Restarts int
}
