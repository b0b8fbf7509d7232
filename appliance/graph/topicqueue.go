package graph

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"orac/appliance/node"
	"orac/appliance/outbox"
	"orac/appliance/rt"
	"orac/runbook"
)

// queueOf names the queue of the texts for a topic that acts here. No core block can have that name.
func queueOf(topic runbook.Address) string { return "topic." + topic.Name() }

// addTopicQueues adds a queue for each topic that acts on what listeners or servers of this appliance understand.
func addTopicQueues(c *compiler, k *Kind) {
	for _, topic := range Acting(c.Runbook) {
		address := At(Forward, queueOf(topic.Address))
		var from []string
		for _, l := range c.listeners {
			if l.Act == topic.Address && len(l.Routes()) > 0 && !slices.Contains(from, At(Delivery, l.Routes()[0][0].Name())) {
				from = append(from, At(Delivery, l.Routes()[0][0].Name()))
			}
		}
		for _, s := range c.Runbook.STTServers {
			from = append(from, At(STTServer, s.Name))
		}
		if len(from) == 0 {
			continue
		}
		s := forwardSettings{Topics: []queuedTopic{see[queuedTopic](topic)}, Traced: c.traced()}
		fill(&s.Disk, c.Runbook.Disk)
		c.add(Node{Address: address, Kind: k, Block: topic.Address, Detail: fmt.Sprintf("to be acted on within %v", topic.Expires), Identity: nothing{}, Settings: s})
		deeds.connect(c, address, At(Topic, topic.Name))
		for _, f := range from {
			texts.connect(c, f, address)
			if strings.HasPrefix(f, string(STTServer)) {
				topics.connect(c, f, address)
			}
		}
	}
}

// textsKept is how long a text waits at most: the topic itself refuses what has expired. textsBytes is how much may wait.
const (
	textsKept  = 2 * time.Hour
	textsBytes = 1 << 20
)

func buildTopicQueue(a *Assembly, n *Node, s forwardSettings) node.Node {
	topic := s.Topics[0]
	to := At(Topic, topic.Address.Name())
	c := node.ForwardConfig{
		Client:   &node.TopicClient{Topic: topic.Address.Name(), Asks: deeds.inbox(a, to), Patience: time.Duration(topic.Queue+2) * (topic.Timeout + time.Minute)},
		MaxDelay: min(topic.Expires, 8*time.Second), Sampling: s.Traced.sampling(),
		Limits: outbox.Limits{Bytes: textsBytes, KeepFree: int64(s.Disk.KeepFree), Keep: textsKept},
	}
	return &node.Forward{
		Name: n.Address, Core: queueOf(topic.Address), FS: a.FS, Turn: a.Turn, Age: a.Age, Config: rt.NewCell(c),
		Texts: texts.inbox(a, n.Address), Topics: topics.inbox(a, n.Address), Requests: hookTasks.inbox(a, n.Address), Events: a.Events(n.Address),
	}
}
