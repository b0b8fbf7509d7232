package runbook

// Microphone finds a microphone by its address.
func (rb *Runbook) Microphone(a Address) (Microphone, bool) {
	return find(rb.Microphones, a, func(m *Microphone) Address { return m.Address })
}

// WAV finds a sound file by its address.
func (rb *Runbook) WAV(a Address) (WAV, bool) {
	return find(rb.WAVs, a, func(w *WAV) Address { return w.Address })
}

// Device finds a device by its address: a Microphone or a WAV.
func (rb *Runbook) Device(a Address) (any, bool) {
	if m, ok := rb.Microphone(a); ok {
		return m, true
	}
	if w, ok := rb.WAV(a); ok {
		return w, true
	}
	return nil, false
}

// Model finds a model by its address.
func (rb *Runbook) Model(a Address) (Model, bool) {
	return find(rb.Models, a, func(m *Model) Address { return m.Address })
}

// Listener finds a listener by its address.
func (rb *Runbook) Listener(a Address) (Listener, bool) {
	return find(rb.Listeners, a, func(l *Listener) Address { return l.Address })
}

// STT finds a speech-to-text service by its address.
func (rb *Runbook) STT(a Address) (STT, bool) {
	return find(rb.STTs, a, func(s *STT) Address { return s.Address })
}

// Heartbeat finds a heartbeat by its address.
func (rb *Runbook) Heartbeat(a Address) (Heartbeat, bool) {
	return find(rb.Heartbeats, a, func(h *Heartbeat) Address { return h.Address })
}

// Webhook finds a webhook by its address.
func (rb *Runbook) Webhook(a Address) (Webhook, bool) {
	return find(rb.Webhooks, a, func(w *Webhook) Address { return w.Address })
}

// HeartbeatURL returns the address of a heartbeat: its own, or its STT's.
func (rb *Runbook) HeartbeatURL(h Heartbeat) string {
	if h.URL != "" {
		return h.URL
	}
	s, _ := rb.STT(h.STT)
	return s.URL
}

// ServiceAccount finds a service account by its address.
func (rb *Runbook) ServiceAccount(a Address) (ServiceAccount, bool) {
	return find(rb.ServiceAccounts, a, func(s *ServiceAccount) Address { return s.Address })
}

// HeartbeatAuth returns the service account that sends a heartbeat: its own, or its STT's; "" for none.
func (rb *Runbook) HeartbeatAuth(h Heartbeat) Address {
	if h.Auth != "" || h.Login != "" {
		return h.Auth
	}
	s, _ := rb.STT(h.STT)
	return s.Auth
}

func find[T any](list []T, a Address, address func(*T) Address) (T, bool) {
	for i := range list {
		if address(&list[i]) == a {
			return list[i], true
		}
	}
	var none T
	return none, false
}

// STTServer finds a speech-to-text server by its address.
func (rb *Runbook) STTServer(a Address) (STTServer, bool) {
	return find(rb.STTServers, a, func(s *STTServer) Address { return s.Address })
}

// Core finds a Core by its address.
func (rb *Runbook) Core(a Address) (Core, bool) {
	return find(rb.Cores, a, func(c *Core) Address { return c.Address })
}

// Topic finds a topic by its address.
func (rb *Runbook) Topic(a Address) (Topic, bool) {
	return find(rb.Topics, a, func(t *Topic) Address { return t.Address })
}

// Intent finds an intent by its address.
func (rb *Runbook) Intent(a Address) (Intent, bool) {
	return find(rb.Intents, a, func(i *Intent) Address { return i.Address })
}

// Words finds the words of a slot by their address.
func (rb *Runbook) Words(a Address) (Words, bool) {
	return find(rb.Vocabularies, a, func(w *Words) Address { return w.Address })
}

// Backend finds a backend by its address.
func (rb *Runbook) Backend(a Address) (Backend, bool) {
	return find(rb.Backends, a, func(b *Backend) Address { return b.Address })
}

// LanguageModel finds a language model by its address.
func (rb *Runbook) LanguageModel(a Address) (LanguageModel, bool) {
	return find(rb.LanguageModels, a, func(m *LanguageModel) Address { return m.Address })
}

// CoreServer finds a Core server by its address.
func (rb *Runbook) CoreServer(a Address) (CoreServer, bool) {
	return find(rb.CoreServers, a, func(s *CoreServer) Address { return s.Address })
}

// Peer finds a peer without a login by its address.
func (rb *Runbook) Peer(a Address) (Peer, bool) {
	return find(rb.Peers, a, func(p *Peer) Address { return p.Address })
}

// ESPHome finds a satellite of Home Assistant by its address.
func (rb *Runbook) ESPHome(a Address) (ESPHome, bool) {
	return find(rb.ESPHomes, a, func(e *ESPHome) Address { return e.Address })
}

// WyomingSatellite finds a Wyoming satellite by its address.
func (rb *Runbook) WyomingSatellite(a Address) (WyomingSatellite, bool) {
	return find(rb.WyomingSatellites, a, func(s *WyomingSatellite) Address { return s.Address })
}

// MQTT finds a broker by its address.
func (rb *Runbook) MQTT(a Address) (MQTT, bool) {
	return find(rb.MQTTs, a, func(m *MQTT) Address { return m.Address })
}

// Wyoming finds a Wyoming service by its address.
func (rb *Runbook) Wyoming(a Address) (Wyoming, bool) {
	return find(rb.Wyomings, a, func(w *Wyoming) Address { return w.Address })
}
