package health

// Listener is something that the appliance serves to the network beside the graph, or that it watches there.
type Listener struct {
	Component string // "web", "stt_server.house.listen"
	Why       string // why it is not served; "" if it is
	Level     Level  // how bad that is; "": Unhealthy
}
