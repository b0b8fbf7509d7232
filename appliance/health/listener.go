package health

// Listener is something that the appliance serves to the network beside the graph.
type Listener struct {
	Component string // "web", "stt_server.house.listen"
	Why       string // why it is not served; "" if it is
	Warns     bool   // it is served, and Why says what will end that
}
