package event

// brokers tell what passes between the appliance and an MQTT broker.
var brokers = []Kind{
	kind("The MQTT broker is there: it is told how everything is.", Kind{about: itself},
		func(b BrokerFound) Words {
			return fine("mqtt", usual("%s is connected to the broker at %s", b.Broker, b.Address))
		}),
	kind("The MQTT broker is not there. What happens until it is back is dropped, and counted.", Kind{about: itself},
		func(b BrokerLost) Words {
			return warning("mqtt", usual("%s has no broker: %s", b.Broker, b.Cause))
		}),
	kind("The MQTT broker does not take a message. Its access list probably lacks a topic.", Kind{about: itself},
		func(b BrokerRefused) Words {
			return warning("mqtt", usual("%s may not publish everything: %s", b.Broker, b.Cause))
		}),
	kind("Something that was ordered over MQTT was not done: it is not allowed, unclear, old, or one of too many. At most one is told every 10 s.", Kind{},
		func(b OrderRefused) Words {
			return warning("refused", usual("an order by %s to %s: %s", b.Broker, b.Order, b.Cause))
		}),
}

// BrokerFound: the broker is there.
type BrokerFound struct {
	Broker  string `json:"broker"` // name of the block
	Address string `json:"address"`
	Dropped int    `json:"dropped"` // messages, since the start
}

func (BrokerFound) Kind() string { return "broker_found" }

func (BrokerFound) told() Told { return well() }

// BrokerLost: it is not. Nothing that is heard or done depends on it, so this is never worse than degraded.
type BrokerLost struct {
	Broker string `json:"broker"`
	Cause  string `json:"cause"`
	Denied bool   `json:"denied,omitempty"` // it stays so until somebody changes the credentials or the address
}

func (BrokerLost) Kind() string { return "broker_lost" }

func (b BrokerLost) told() Told { return poor(b.Cause) }

// BrokerRefused: the broker does not take a message.
type BrokerRefused struct {
	Broker string `json:"broker"`
	Cause  string `json:"cause"`
}

func (BrokerRefused) Kind() string { return "broker_refused" }

func (b BrokerRefused) told() Told { return poor(b.Cause) }

// OrderRefused: something that was ordered was not done.
type OrderRefused struct {
	Broker string `json:"broker"`
	Order  string `json:"order"` // what was to be changed; "a topic" if nothing is there
	Cause  string `json:"cause"`
}

func (OrderRefused) Kind() string { return "order_refused" }
