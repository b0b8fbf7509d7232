package graph

import (
	"slices"
	"time"

	"orac/appliance/health"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/spool"
	"orac/runbook"
	"orac/runbook/language"
)

// Spool is the name of the kind.
const Spool Name = "spool"

type spoolSettings struct {
	Disk  runbook.Disk `of:"disk"`
	Store struct {
		Address   runbook.Address
		Retention time.Duration `hcl:"retention"`
		KeepAudio bool          `hcl:"keep_audio"`
		AudioSize language.Size `hcl:"audio_size"`
	} `of:"store"`
	Services []service `of:"stt"`
}

// service is a service that utterances are kept for, whatever its attributes.
type service struct {
	Address runbook.Address
	Name    string
}

func spools() *Kind {
	return built(Kind{
		Name: Spool, Role: Keeps, Words: "keeps utterances on the disk until all their services have answered",
		Health: health.Rule{ShowDegraded: time.Second, ShowUnhealthy: time.Second, Clear: time.Second},
		Reads:  []string{pieces.Name, requests.Name}, Writes: nil,
		add: addSpool,
	}, buildSpool)
}

// served are the services that any recorder delivers to. One that only stands in for others has a delivery of its own, too: it may
// have been the first of its list when a recording was made that still waits.
func (c *compiler) served() []runbook.STT {
	return slices.DeleteFunc(slices.Clone(c.Runbook.STTs), func(s runbook.STT) bool {
		return !slices.ContainsFunc(c.listeners, func(l runbook.Listener) bool { return l.Delivers(s.Address) })
	})
}

func addSpool(c *compiler, k *Kind) {
	served := c.served()
	if len(served) == 0 {
		return
	}
	s := spoolSettings{Disk: c.Runbook.Disk}
	fill(&s.Store, c.Runbook.Store)
	for _, to := range served {
		s.Services = append(s.Services, see[service](to))
	}
	c.add(Node{Address: string(Spool), Kind: k, Block: c.Runbook.Disk.Address, Detail: c.Runbook.Disk.Spool.String(), Identity: nothing{}, Settings: s})
	for _, r := range c.Of(Recorder) {
		pieces.connect(c, r.Address, string(Spool))
	}
}

func buildSpool(a *Assembly, n *Node, _ nothing, s spoolSettings) (node.Node, error) {
	c := node.SpoolConfig{Limits: spool.Limits{Disk: int64(s.Disk.Spool), KeepFree: int64(s.Disk.KeepFree), Memory: int64(s.Disk.MemorySpool)}}
	if s.Store.KeepAudio {
		c.Limits.Audio, c.Limits.Retention = int64(s.Store.AudioSize), s.Store.Retention
	}
	for _, to := range s.Services {
		c.Services = append(c.Services, to.Name)
	}
	return &node.Spool{
		Name: n.Address, FS: a.FS, Age: a.Age, Config: rt.NewCell(c),
		In: pieces.inbox(a, n.Address), Requests: requests.inbox(a, n.Address), Events: a.Events(n.Address),
	}, nil
}
