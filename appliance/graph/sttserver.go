package graph

import (
	"fmt"
	"time"

	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/stt/spoken"
	"orac/runbook"
)

// STTServer is the name of the kind.
const STTServer Name = "stt_server"

// serverAddress is where a server listens. Another address cuts off whoever is connected, so it is another server.
type serverAddress struct {
	Server struct {
		Address   runbook.Address
		Listen    string      `hcl:"listen"`
		PlainHTTP bool        `hcl:"plain_http_on_the_network"`
		TLS       runbook.TLS `hcl:"tls"`
		Members   bool        `hcl:"members"`
	} `of:"stt_server"`
}

type serverSettings struct {
	Server struct {
		Address        runbook.Address
		Name           string
		Engine         runbook.Address   `hcl:"engine"`
		MaxConnections int               `hcl:"max_connections"`
		PerPeer        int               `hcl:"per_peer"`
		Legacy         []runbook.Address `hcl:"legacy"`
		Core           runbook.Address   `hcl:"core"`
		Queue          int               `hcl:"queue"`
		MaxSound       time.Duration     `hcl:"max_sound"`
		Forget         time.Duration     `hcl:"forget"`
		Keep           int               `hcl:"keep"`
	} `of:"stt_server"`
	Engine Service
	Legacy []runbook.Peer `of:"peer"`
	Topics []servedTopic  `of:"topic"`
}

// servedTopic is what a server must know of a topic.
type servedTopic struct {
	Address       runbook.Address
	Name          string
	WakeWords     []string          `hcl:"wake_words"`
	Core          runbook.Address   `hcl:"core"`
	Backends      []runbook.Address `hcl:"backends"`
	Intents       []runbook.Address `hcl:"intents"`
	English       *bool             `hcl:"english"`
	LanguageModel runbook.Address   `hcl:"language_model"`
}

// queue is where the texts of the topic go to: a core, or the queue of a topic that acts here; "" for where the server says.
func (t servedTopic) queue() string {
	topic := runbook.Topic{Backends: t.Backends, Intents: t.Intents, English: t.English, LanguageModel: t.LanguageModel}
	switch {
	case topic.Acts():
		return queueOf(t.Address)
	case t.Core != "":
		return t.Core.Name()
	}
	return ""
}

func sttServers() *Kind {
	return built(Kind{
		Name: STTServer, Role: Serves, Words: "transcribes what other machines send, one utterance after the other, and knows which wake words listen there",
		Health: distant, Reads: []string{asked.Name}, Writes: []string{texts.Name, topics.Name, sounds.Name, wakes.Name},
		add: addSTTServers,
	}, buildSTTServer)
}

func addSTTServers(c *compiler, k *Kind) {
	for _, s := range c.Runbook.STTServers {
		engine, _ := c.Runbook.STT(s.Engine)
		settings := serverSettings{Engine: Service{engine, c.login(engine.Auth)}}
		for _, t := range c.Runbook.Topics {
			settings.Topics = append(settings.Topics, see[servedTopic](t))
		}
		fill(&settings.Server, s)
		detail := fmt.Sprintf("%s, %s", s.Listen, s.Engine)
		for _, a := range s.Legacy {
			p, _ := c.Runbook.Peer(a)
			settings.Legacy = append(settings.Legacy, p)
		}
		var identity serverAddress
		fill(&identity.Server, s)
		n := Node{Address: At(STTServer, s.Name), Kind: k, Block: s.Address, Service: s.Engine, Detail: detail, Identity: identity, Settings: settings}
		if open := openTo(c.Runbook, &n); open != "" {
			n.Detail += ", open without a login to " + open
		}
		c.add(n)
		for _, core := range coresOf(c.Runbook, s) { // those of topics that act here connect themselves
			texts.connect(c, At(STTServer, s.Name), At(Forward, core.Name()))
			topics.connect(c, At(STTServer, s.Name), At(Forward, core.Name()))
		}
	}
}

func buildSTTServer(a *Assembly, n *Node, _ serverAddress, s serverSettings) (node.Node, error) {
	client, err := a.serverClient(s.Engine)
	if err != nil {
		return nil, err
	}
	c := node.STTServerConfig{
		Client: client, Engine: s.Engine.STT.Name, Model: s.Engine.STT.Protocol, Keeps: spoken.All &^ spoken.Named(s.Engine.STT.Strip),
		Queue: s.Server.Queue, MaxSound: s.Server.MaxSound, Forget: s.Server.Forget, Keep: s.Server.Keep,
	}
	for _, p := range s.Legacy {
		c.Legacy = append(c.Legacy, p.Name+" ("+p.From+")")
	}
	if s.Server.Core != "" {
		c.Core = s.Server.Core.Name()
	}
	for _, t := range s.Topics {
		c.Topics = append(c.Topics, node.TopicConfig{Name: t.Name, WakeWords: t.WakeWords, Core: t.queue()})
	}
	return &node.STTServer{
		Name: n.Address, Server: s.Server.Name, Config: rt.NewCell(c), Asks: asked.inbox(a, n.Address),
		Wakes: wakes.out(a, n.Address), Texts: texts.out(a, n.Address), Topics: topics.out(a, n.Address), Events: a.Events(n.Address),
	}, nil
}
