package graph

import (
	"slices"
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
		Health: distant, Reads: []string{healthy.Name}, Writes: []string{requests.Name, sights.Name, jobs.Name, glimpses.Name, texts.Name, tokens.Name},
		add: addDeliveries,
	}, buildDelivery)
}

// deliverySettings are the service of a delivery, and those that stand in for it.
type deliverySettings struct {
	Service
	Others []Service
	Acts   []actingListener `of:"listener"` // of which it is the first service
	Traced
}

// actingListener is a listener whose texts a topic acts on.
type actingListener struct {
	Address runbook.Address
	Name    string
	Act     runbook.Address `hcl:"act"`
	Area    string          `hcl:"area"`
}

func addDeliveries(c *compiler, k *Kind) {
	for _, s := range c.served() {
		to := deliverySettings{Service: Service{s, c.login(s.Auth)}, Traced: c.traced()}
		detail := target(s) + wayInWords(s)
		for _, other := range c.standIns(s.Address) {
			to.Others = append(to.Others, Service{other, c.login(other.Auth)})
			detail += "; else " + target(other) + wayInWords(other)
		}
		for _, l := range c.listeners {
			if l.Act != "" && len(l.Routes()) > 0 && l.Routes()[0][0] == s.Address {
				to.Acts = append(to.Acts, see[actingListener](l))
			}
		}
		c.add(Node{
			Address: At(Delivery, s.Name), Kind: k, Block: s.Address, Service: s.Address, Detail: detail, Identity: nothing{}, Settings: to,
		})
		requests.connect(c, At(Delivery, s.Name), string(Spool))
	}
}

// deliveriesTo are the deliveries that may use a service: its own, and those in which it stands in for another one.
func (c *compiler) deliveriesTo(s runbook.STT) (list []string) {
	for _, first := range c.served() {
		if first.Name == s.Name || slices.ContainsFunc(c.standIns(first.Address), func(o runbook.STT) bool { return o.Name == s.Name }) {
			list = append(list, At(Delivery, first.Name))
		}
	}
	return list
}

// target is where a service is, in brief.
func target(s runbook.STT) string {
	switch {
	case s.Protocol == "exec" && len(s.Command) > 0:
		return brief(s.Command[0])
	case s.Embedded():
		return see[Speech](s).Catalogued()
	}
	return brief(s.URL)
}

// standIns are the services that stand in for one, in their order. The language makes sure that all lists agree on them.
func (c *compiler) standIns(first runbook.Address) (list []runbook.STT) {
	for _, l := range c.listeners {
		for _, r := range l.Routes() {
			if r[0] != first {
				continue
			}
			for _, a := range r[1:] {
				s, _ := c.Runbook.STT(a)
				list = append(list, s)
			}
			return list
		}
	}
	return nil
}

// wayInWords says how utterances reach a service over the network, and why they are not streamed.
func wayInWords(s runbook.STT) string {
	switch way, why := s.Way(); way {
	case runbook.ByStream, runbook.ByWyoming:
		return ", streamed"
	case runbook.ByHTTP:
		return ", by HTTP: " + why
	}
	return ""
}

func buildDelivery(a *Assembly, n *Node, _ nothing, to deliverySettings) (node.Node, error) {
	c, err := a.deliveryConfig(to.Service)
	if err != nil {
		return nil, err
	}
	c.Sampling = to.Traced.sampling()
	for _, other := range to.Others {
		o, err := a.deliveryConfig(other)
		if err != nil {
			return nil, err
		}
		c.Others = append(c.Others, o)
	}
	for _, l := range to.Acts {
		if c.Acts == nil {
			c.Acts = map[string]node.ActsOn{}
		}
		c.Acts[l.Name] = node.ActsOn{Queue: queueOf(l.Act), Topic: l.Act.Name(), Area: l.Area}
	}
	return &node.Delivery{
		Name: n.Address, Texts: texts.out(a, n.Address), STT: to.STT.Name, Config: rt.NewCell(c), Gate: a.Gate,
		Spool: requests.inbox(a, string(Spool)), Healthy: healthy.inbox(a, n.Address), Sights: sights.out(a, n.Address), Events: a.Events(n.Address),
	}, nil
}

// deliveryConfig is how utterances are delivered to a service.
func (a *Assembly) deliveryConfig(to Service) (c node.DeliveryConfig, err error) {
	client, err := a.client(to)
	if err != nil {
		return c, err
	}
	s := to.STT
	way, _ := s.Way()
	c = node.DeliveryConfig{
		Service: s.Name, Client: client, Whole: string(runbook.ByHTTP), Streamed: string(runbook.ByStream), Longest: stt.MaxSpeech, MaxDelay: s.MaxRetryDelay,
		Way: strings.TrimPrefix(wayInWords(s), ", "), Keeps: spoken.Everything &^ spoken.Named(s.Strip),
	}
	_, streams := client.(stt.Streamer)
	c.Live = way == runbook.ByStream && streams
	switch way {
	case runbook.ByCommand:
		c.Whole = string(way)
	case runbook.ByWyoming:
		c.Whole, c.Streamed, c.Live, c.Pure = string(way), string(way), streams, true
	case runbook.ByEngine:
		c.Whole, c.Streamed, c.Live, c.Pure = string(way), string(way), s.Partials, true
	}
	return c, nil
}
