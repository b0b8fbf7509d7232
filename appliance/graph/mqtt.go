package graph

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"orac/appliance/discovery"
	"orac/appliance/entity"
	"orac/appliance/node"
	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/runbook"
)

// MQTT is the name of the kind.
const MQTT Name = "mqtt"

// mqttIdentity is what the appliance is at a broker: another one is another device.
type mqttIdentity struct {
	MQTT struct {
		Address runbook.Address
		Device  string `hcl:"device_id"`
		Base    string `hcl:"base"`
		Prefix  string `hcl:"discovery_prefix"`
	} `of:"mqtt"`
}

// BrokerService is a broker, and who is there.
type BrokerService struct {
	MQTT      runbook.MQTT `of:"mqtt"`
	Appliance Sender       `of:"appliance"`
}

type mqttSettings struct {
	BrokerService
	Listeners []heardAt     `of:"listener"`
	Models    []spokenModel `of:"model"`
	Speakers  []speakerName `of:"device.speaker"` // at which texts can be spoken
}

// heardAt is what a listener listens for, and where its commands go.
type heardAt struct {
	Address runbook.Address
	Deliver []runbook.Route   `hcl:"deliver"`
	Models  []runbook.Address `hcl:"models"`
}

// speakerName is a speaker by its name.
type speakerName struct {
	Address runbook.Address
	Name    string
}

func mqtts() *Kind {
	return built(Kind{
		Name: MQTT, Role: Tells, Words: "shows the appliance at an MQTT broker, to Home Assistant and to others, and takes orders there",
		Health: distant, Reads: []string{wakes.Name, happens.Name}, Writes: nil,
		add: addMQTTs,
	}, buildMQTT)
}

func addMQTTs(c *compiler, k *Kind) {
	writers := slices.Clone(c.Nodes)
	for _, m := range c.Runbook.MQTTs {
		var id mqttIdentity
		fill(&id.MQTT, m)
		s := mqttSettings{BrokerService: BrokerService{MQTT: m, Appliance: see[Sender](c.Runbook.Appliance)}}
		named := map[runbook.Address]bool{}
		for _, l := range c.listeners {
			s.Listeners = append(s.Listeners, see[heardAt](l))
			for _, a := range l.Models {
				if !named[a] {
					named[a] = true
					model, _ := c.Runbook.Model(a)
					s.Models = append(s.Models, see[spokenModel](model))
				}
			}
		}
		if len(c.Runbook.TTSs) > 0 {
			for _, x := range c.Runbook.Speakers {
				s.Speakers = append(s.Speakers, see[speakerName](x))
			}
		}
		address := At(MQTT, m.Name)
		c.add(Node{Address: address, Kind: k, Block: m.Address, Detail: mqttDetail(m), Identity: id, Settings: s})
		for _, l := range c.listeners {
			wakes.connect(c, At(Trigger, l.Name), address)
		}
		for _, n := range writers {
			if n.Kind.Name != MQTT {
				happens.connect(c, n.Address, address)
			}
		}
	}
}

// mqttDetail says where the appliance is shown, and what may be ordered there.
func mqttDetail(m runbook.MQTT) string {
	parts := []string{brief(m.URL)}
	if m.Encrypted {
		parts = append(parts, "encrypted")
	}
	if m.HomeAssistant {
		parts = append(parts, "for Home Assistant")
	}
	if len(m.Allow) > 0 {
		parts = append(parts, "takes orders: "+strings.Join(m.Allow, ", "))
	}
	return strings.Join(parts, ", ")
}

func buildMQTT(a *Assembly, n *Node, _ mqttIdentity, s mqttSettings) (node.Node, error) {
	if a.Broker == nil {
		return nil, fmt.Errorf("%s: no broker can be reached here", n.Address)
	}
	link, err := a.Broker(s.BrokerService)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Block, err)
	}
	m, appliance := s.MQTT, s.Appliance.Name
	c := node.MQTTConfig{
		Link: link, Announced: m.HomeAssistant, Kinds: m.Events, Queue: m.Queue, MaxDelay: m.MaxRetryDelay,
		Reach: node.MQTTReach{
			URL: m.URL, Username: m.Username, CA: m.CA, ClientCert: m.ClientCert, ClientKey: m.ClientKey, Password: m.Password, Encrypted: m.Encrypted, Timeout: m.Timeout,
		},
		Device: discovery.Device{
			ID: m.DeviceID(appliance), Name: cmp.Or(m.Friendly, appliance), Area: m.Area, Version: a.Version,
			Base: m.BaseTopic(appliance), Prefix: m.Prefix, Transcripts: m.Transcripts,
		},
		Of:         discovery.Of{Allow: m.Allow, Triggers: m.Triggers, Transcripts: m.Transcripts},
		Thresholds: map[string]float64{}, Satellites: map[string]string{},
		Publish: notify.Publishes(m, m.BaseTopic(appliance)), Appliance: appliance, InstanceID: s.Appliance.id(a.Host), Version: a.Version, BrokerShown: brief(m.URL),
	}
	for _, x := range s.Speakers {
		c.Of.Speakers = append(c.Of.Speakers, x.Name)
	}
	for _, l := range s.Listeners {
		of := entity.Of{Listener: l.Address.Name()}
		for _, address := range l.Models {
			i := slices.IndexFunc(s.Models, func(m spokenModel) bool { return m.Address == address })
			x := s.Models[i]
			of.Words = append(of.Words, entity.Word{Model: x.Name, Phrase: entity.Phrase(x.WakeWord, x.Name)})
			c.Thresholds[x.Name] = x.Threshold
		}
		c.Of.Listeners = append(c.Of.Listeners, of)
		if home := (runbook.Listener{Deliver: l.Deliver}).Home(); home != "" {
			c.Satellites[l.Address.Name()] = home.Name()
		}
	}
	x := &node.MQTT{
		Name: n.Address, Broker: m.Name, Config: rt.NewCell(c), FS: a.FS, In: wakes.inbox(a, n.Address), News: happens.inbox(a, n.Address),
		Events: a.Events(n.Address), Mutes: a.Mutes,
	}
	if a.Orders != nil {
		x.Orders = a.Orders(n.Block)
	}
	return x, nil
}
