package graph

import (
	"time"

	"orac/appliance/health"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/runbook"
	"orac/runbook/language"
)

// History is the name of the kind.
const History Name = "history"

type historySettings struct {
	Store struct {
		Address   runbook.Address
		Retention time.Duration `hcl:"retention"`
		MaxRows   int           `hcl:"max_rows"`
	} `of:"store"`
}

func histories() *Kind {
	return built(Kind{
		Name: History, Role: Remembers, Words: "writes what happens into the history",
		Health: health.Rule{ShowDegraded: time.Second, ShowUnhealthy: time.Second, Clear: time.Second},
		Reads:  []string{happens.Name}, Writes: nil,
		add: func(c *compiler, k *Kind) {
			var s historySettings
			fill(&s.Store, c.Runbook.Store)
			writers := c.Nodes
			c.add(Node{
				Address: string(History), Kind: k, Block: c.Runbook.Store.Address, Detail: "SQLite, " + language.FormatDuration(s.Store.Retention),
				Identity: nothing{}, Settings: s,
			})
			for _, n := range writers {
				happens.connect(c, n.Address, string(History))
			}
		},
	}, func(a *Assembly, n *Node, _ nothing, s historySettings) (node.Node, error) {
		return &node.History{
			Name: n.Address, Book: a.History, Age: a.Age,
			Config: rt.NewCell(node.HistoryConfig{Retention: s.Store.Retention, MaxRows: s.Store.MaxRows}),
			In:     happens.inbox(a, n.Address), Events: a.Parts.Events,
		}, nil
	})
}
