package graph

import (
	"cmp"
	"slices"
	"time"

	"orac/appliance/health"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/runbook"
	"orac/runbook/language"
)

// Engine is the name of the kind.
const Engine Name = "engine"

// Speech is the model that an engine understands speech with.
type Speech struct {
	Address runbook.Address
	Name    string
	Model   string `hcl:"model"` // "": runbook.DefaultSpeech
}

// Catalogued is the name of the model in the catalogue.
func (s Speech) Catalogued() string { return cmp.Or(s.Model, runbook.DefaultSpeech) }

type engineIdentity struct {
	STT struct {
		Address runbook.Address
		Name    string
	} `of:"stt"`
}

type engineSettings struct {
	STT struct {
		Address   runbook.Address
		Name      string
		Model     string        `hcl:"model"`
		Idle      time.Duration `hcl:"idle"`
		MaxMemory language.Size `hcl:"max_memory"`
	} `of:"stt"`
}

func engines() *Kind {
	return built(Kind{
		Name: Engine, Role: Understands, Words: "understands speech, in a process of its own",
		Health: health.Rule{ShowDegraded: time.Second, ShowUnhealthy: time.Second, Clear: time.Second},
		Reads:  []string{jobs.Name, sounds.Name, glimpses.Name, wakes.Name}, Writes: nil,
		add: addEngines,
	}, buildEngine)
}

// Engines are the speech-to-text blocks whose engine runs in the graph of a runbook: a listener delivers to them, or a server asks
// them. Another kind of server is one more loop here.
func Engines(rb *runbook.Runbook) (list []runbook.STT) {
	used := map[runbook.Address]bool{}
	for _, s := range newCompiler(rb).served() {
		used[s.Address] = true
	}
	for _, s := range rb.STTServers {
		used[s.Engine] = true
	}
	for _, w := range rb.Wyomings {
		used[w.Engine] = true
	}
	for _, s := range rb.STTs {
		if s.Embedded() && used[s.Address] {
			list = append(list, s)
		}
	}
	return list
}

func addEngines(c *compiler, k *Kind) {
	for _, s := range Engines(c.Runbook) {
		address := At(Engine, s.Name)
		var settings engineSettings
		fill(&settings.STT, s)
		var identity engineIdentity
		fill(&identity.STT, s)
		c.add(Node{
			Address: address, Kind: k, Block: s.Address, Detail: see[Speech](s).Catalogued(),
			Identity: identity, Settings: settings,
		})
		for _, delivery := range c.deliveriesTo(s) {
			jobs.connect(c, delivery, address)
			glimpses.connect(c, delivery, address)
		}
		for _, server := range c.Runbook.STTServers {
			if server.Engine == s.Address {
				sounds.connect(c, At(STTServer, server.Name), address)
				wakes.connect(c, At(STTServer, server.Name), address) // it will be needed
			}
		}
		for _, l := range c.listeners {
			first := func(r runbook.Route) bool { return r[0] == s.Address } // one that only stands in is loaded when it is needed
			if slices.ContainsFunc(l.Deliver, first) {
				wakes.connect(c, At(Trigger, l.Name), address)
			}
		}
	}
}

func buildEngine(a *Assembly, n *Node, _ engineIdentity, s engineSettings) (node.Node, error) {
	speech := Speech{s.STT.Address, s.STT.Name, s.STT.Model}
	start, err := a.Engine(speech)
	if err != nil && !a.lacks(speech.Address, ModelFile{}, err) {
		return nil, err
	}
	return &node.Engine{
		Name: n.Address, STT: speech.Name,
		Config: rt.NewCell(node.EngineConfig{Model: speech.Catalogued(), Start: start, Idle: s.STT.Idle, MaxMemory: int64(s.STT.MaxMemory)}),
		Jobs:   jobs.inbox(a, n.Address), Asked: sounds.inbox(a, n.Address), Glimpses: glimpses.inbox(a, n.Address),
		Wakes: wakes.inbox(a, n.Address), Events: a.Events(n.Address),
	}, nil
}

// engineClient asks the engine of a block.
func (a *Assembly) engineClient(s runbook.STT) *node.EngineClient {
	address := At(Engine, s.Name)
	return &node.EngineClient{STT: s.Name, Jobs: jobs.inbox(a, address), Glimpses: glimpses.inbox(a, address)}
}

// serverClient makes the client of a service for a server: its recordings wait behind those of this machine.
func (a *Assembly) serverClient(s Service) (stt.Client, error) {
	if s.STT.Embedded() {
		return &node.EngineClient{STT: s.STT.Name, Jobs: sounds.inbox(a, At(Engine, s.STT.Name))}, nil
	}
	return a.client(s)
}

// AskedOf is the mailbox in which an engine takes the jobs of servers; nil if there is no such engine.
func AskedOf(boxes Boxes, to runbook.Address) *rt.Mailbox[node.EngineJob] {
	m, _ := boxes[Box{At(Engine, to.Name()), sounds.Name}].(*rt.Mailbox[node.EngineJob])
	return m
}
