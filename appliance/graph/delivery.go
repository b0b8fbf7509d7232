package graph

import (
	"strings"
	"time"

	"orac/appliance/health"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/appliance/stt/spoken"
	"orac/runbook"
)

// Delivery is the name of the kind.
const Delivery Name = "delivery"

// Service is how a speech-to-text service is reached.
type Service struct {
	STT runbook.STT `of:"stt"`
	Login
}

// Login is the service account that proves who calls, if there is one.
type Login struct {
	Account *runbook.ServiceAccount `of:"service_account"`
	Issuer  *Issuer                 `of:"auth"`
}

// Issuer is who tokens of service accounts come from, and how long they last.
type Issuer struct {
	Address         runbook.Address
	Issuer          string        `hcl:"issuer"`
	ServiceLifetime time.Duration `hcl:"service_lifetime"`
}

func (c *compiler) login(account runbook.Address) (l Login) {
	if a, ok := c.Runbook.ServiceAccount(account); ok {
		issuer := see[Issuer](c.Runbook.Auth)
		l.Account, l.Issuer = &a, &issuer
	}
	return l
}

// distant is how the health of what talks to other programs is judged: a single failure of a service on the network is normal.
var distant = health.Rule{ShowDegraded: 2 * time.Second, ShowUnhealthy: 2 * time.Second, Clear: time.Second}

func deliveries() *Kind {
	return built(Kind{
		Name: Delivery, Role: Delivers, Words: "hands each utterance to a speech-to-text service, in order, until it has answered",
		Health: distant, Reads: []string{healthy.Name}, Writes: []string{requests.Name, sights.Name, jobs.Name, glimpses.Name},
		add: addDeliveries,
	}, buildDelivery)
}

func addDeliveries(c *compiler, k *Kind) {
	for _, s := range c.served() {
		target := brief(s.URL)
		switch {
		case s.Protocol == "exec" && len(s.Command) > 0:
			target = brief(s.Command[0])
		case s.Embedded():
			target = see[Speech](s).Catalogued()
		}
		c.add(Node{
			Address: At(Delivery, s.Name), Kind: k, Block: s.Address, Service: s.Address, Detail: target + wayInWords(s),
			Identity: nothing{}, Settings: Service{s, c.login(s.Auth)},
		})
		requests.connect(c, At(Delivery, s.Name), string(Spool))
	}
}

// wayInWords says how utterances reach a service over the network, and why they are not streamed.
func wayInWords(s runbook.STT) string {
	switch way, why := s.Way(); way {
	case runbook.ByStream:
		return ", streamed"
	case runbook.ByHTTP:
		return ", by HTTP: " + why
	}
	return ""
}

func buildDelivery(a *Assembly, n *Node, _ nothing, to Service) (node.Node, error) {
	client, err := a.client(to)
	if err != nil {
		return nil, err
	}
	s := to.STT
	way, _ := s.Way()
	c := node.DeliveryConfig{
		Client: client, Whole: string(runbook.ByHTTP), Longest: stt.MaxSpeech, MaxDelay: s.MaxRetryDelay,
		Way: strings.TrimPrefix(wayInWords(s), ", "), Keeps: spoken.All &^ spoken.Named(s.Strip),
	}
	_, streams := client.(stt.Streamer)
	c.Live = way == runbook.ByStream && streams
	switch way {
	case runbook.ByCommand:
		c.Whole = string(way)
	case runbook.ByEngine:
		c.Whole, c.Streamed, c.Live = string(way), string(way), s.Partials
	}
	return &node.Delivery{
		Name: n.Address, STT: s.Name, Config: rt.NewCell(c), Gate: a.Gate,
		Spool: requests.inbox(a, string(Spool)), Healthy: healthy.inbox(a, n.Address), Sights: sights.out(a, n.Address), Events: a.Events(n.Address),
	}, nil
}
