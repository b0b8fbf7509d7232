package runbook

import "fmt"

// runbookRule is a demand on several blocks together. It sees a runbook whose
// blocks are all valid in themselves.
type runbookRule struct {
	doc   string
	check func(*Runbook, *problems)
}

var runbookRules = []runbookRule{
	{"Two microphones may not select the same device.", microphonesDiffer},
	{"A heartbeat may not name an stt of protocol exec.", heartbeatsHaveServers},
}

// microphonesDiffer refuses two blocks that select the same device: a device is
// opened once, and listeners share it.
func microphonesDiffer(rb *Runbook, p *problems) {
	type selection struct{ backend, match, identity, id string }
	first := map[selection]Address{}
	for _, m := range rb.Microphones {
		s := selection{m.Backend, m.Match, m.Identity, m.ID}
		other, taken := first[s]
		if !taken {
			first[s] = m.Address
			continue
		}
		b, _ := rb.Block(m.Address)
		p.fail(m.Address, b.Range, fmt.Sprintf("%s selects the same device as %s", m.Address, other),
			"Several listeners may share one device block; or give each block its own match, identity or id.")
	}
}

// heartbeatsHaveServers refuses a heartbeat to a speech-to-text service that is a
// command and has no address.
func heartbeatsHaveServers(rb *Runbook, p *problems) {
	for _, h := range rb.Heartbeats {
		s, ok := rb.STT(h.STT)
		if !ok || s.Protocol == "orac" {
			continue
		}
		b, _ := rb.Block(h.Address)
		p.fail(h.Address, b.Attrs["stt"].Range, fmt.Sprintf("stt is %s, which is a command and takes no heartbeats", h.STT),
			`Name an stt of protocol = "orac", or give url.`)
	}
}
