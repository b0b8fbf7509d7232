package runbook

import "fmt"

var runbookRules = []Between{
	{"Two microphones may not select the same device.", microphonesDiffer},
	{"A heartbeat may not name an stt of protocol exec.", heartbeatsHaveServers},
}

// microphonesDiffer refuses two blocks that select the same device: a device is
// opened once, and listeners share it.
func microphonesDiffer(value any, d *Document) Diagnostics {
	var found Diagnostics
	type selection struct{ backend, match, identity, id string }
	first := map[selection]Address{}
	for _, m := range value.(*Runbook).Microphones {
		s := selection{m.Backend, m.Match, m.Identity, m.ID}
		other, taken := first[s]
		if !taken {
			first[s] = m.Address
			continue
		}
		found = append(found, d.Problem(m.Address, "", Error, fmt.Sprintf("%s selects the same device as %s", m.Address, other),
			"Several listeners may share one device block; or give each block its own match, identity or id."))
	}
	return found
}

// heartbeatsHaveServers refuses a heartbeat to a speech-to-text service that is a
// command and has no address.
func heartbeatsHaveServers(value any, d *Document) Diagnostics {
	rb := value.(*Runbook)
	var found Diagnostics
	for _, h := range rb.Heartbeats {
		s, ok := rb.STT(h.STT)
		if !ok || s.Protocol == "orac" {
			continue
		}
		found = append(found, d.Problem(h.Address, "stt", Error, fmt.Sprintf("stt is %s, which is a command and takes no heartbeats", h.STT),
			`Name an stt of protocol = "orac", or give url.`))
	}
	return found
}
