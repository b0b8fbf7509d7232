package graph

import (
	"slices"
	"time"

	"orac/appliance/node"
	"orac/appliance/outbox"
	"orac/appliance/rt"
	"orac/runbook"
	"orac/runbook/language"
)

// Forward is the name of the kind.
const Forward Name = "forward"

// CoreService is how a Core is reached.
type CoreService struct {
	Core runbook.Core `of:"core"`
	Login
}

// forwardSettings name one receiver: a Core, or a topic that acts here.
type forwardSettings struct {
	Cores  []CoreService
	Topics []queuedTopic `of:"topic"`
	Disk   struct {
		Address  runbook.Address
		KeepFree language.Size `hcl:"keep_free"`
	} `of:"disk"`
	Traced
}

func forwards() *Kind {
	return built(Kind{
		Name: Forward, Role: Tells, Words: "hands texts to a Core, or to a topic of this appliance, in order, each once, and tells it which topics are listened for",
		Health: distant, Reads: []string{texts.Name, topics.Name, hookTasks.Name}, Writes: []string{deeds.Name, tokens.Name},
		add: addForwards,
	}, buildForward)
}

// queuedTopic is what a queue of texts for a topic goes by.
type queuedTopic struct {
	Address runbook.Address
	Expires time.Duration `hcl:"expires"`
	Timeout time.Duration `hcl:"timeout"`
	Queue   int           `hcl:"queue"`
}

// addForwards adds the Cores that a server's texts go to, and the queues of the topics that act here.
func addForwards(c *compiler, k *Kind) {
	for _, to := range c.Runbook.Cores {
		if !slices.ContainsFunc(c.Runbook.STTServers, func(s runbook.STTServer) bool { return slices.Contains(coresOf(c.Runbook, s), to.Address) }) {
			continue
		}
		s := forwardSettings{Cores: []CoreService{{to, c.login(to.Auth)}}, Traced: c.traced()}
		fill(&s.Disk, c.Runbook.Disk)
		c.add(Node{Address: At(Forward, to.Name), Kind: k, Block: to.Address, Detail: brief(to.URL) + ", timeout " + to.Timeout.String(), Identity: nothing{}, Settings: s})
	}
	addTopicQueues(c, k)
}

// coresOf are the Cores that the texts of a server may go to.
func coresOf(rb *runbook.Runbook, s runbook.STTServer) (list []runbook.Address) {
	if s.Core != "" {
		list = append(list, s.Core)
	}
	for _, t := range rb.Topics {
		if t.Core != "" && !slices.Contains(list, t.Core) {
			list = append(list, t.Core)
		}
	}
	return list
}

func buildForward(a *Assembly, n *Node, _ nothing, s forwardSettings) (node.Node, error) {
	if len(s.Topics) > 0 {
		return buildTopicQueue(a, n, s), nil
	}
	client, err := a.Core(s.Cores[0], a.tokens(s.Cores[0]))
	if err != nil {
		return nil, err
	}
	to := s.Cores[0].Core
	c := node.ForwardConfig{
		Client: client, MaxDelay: to.MaxRetryDelay, Sampling: s.Traced.sampling(),
		Limits: outbox.Limits{Bytes: int64(to.Queue), KeepFree: int64(s.Disk.KeepFree), Keep: to.Keep},
	}
	return &node.Forward{
		Name: n.Address, Core: to.Name, FS: a.FS, Turn: a.Turn, Age: a.Age, Config: rt.NewCell(c),
		Texts: texts.inbox(a, n.Address), Topics: topics.inbox(a, n.Address), Requests: hookTasks.inbox(a, n.Address), Events: a.Events(n.Address),
	}, nil
}
