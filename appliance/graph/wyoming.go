package graph

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"orac/appliance/health"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/runbook"
)

// Wyoming is the name of the kind.
const Wyoming Name = "wyoming"

// wyomingIdentity is where a service is served. Another address is another socket.
type wyomingIdentity struct {
	Wyoming struct {
		Address runbook.Address
		Serve   string `hcl:"serve"`
		Listen  string `hcl:"listen"`
	} `of:"wyoming"`
}

type wyomingSettings struct {
	Wyoming   runbook.Wyoming `of:"wyoming"`
	Engine    *spokenTo       `of:"stt"`
	Models    []firingModel   `of:"model"`
	Appliance called          `of:"appliance"`
}

// spokenTo is what a service says of its engine.
type spokenTo struct {
	Address  runbook.Address
	Language string `hcl:"language"`
}

// called is the name of the appliance.
type called struct {
	Address runbook.Address
	Name    string
}

func wyomings() *Kind {
	return built(Kind{
		Name: Wyoming, Role: Serves, Words: "serves speech to text, or wake words, to Home Assistant",
		Health: health.Rule{ShowUnhealthy: time.Second, Clear: time.Second},
		add:    addWyomings,
	}, buildWyoming)
}

func addWyomings(c *compiler, k *Kind) {
	for _, w := range c.Runbook.Wyomings {
		var id wyomingIdentity
		fill(&id.Wyoming, w)
		s := wyomingSettings{Wyoming: w, Engine: seen[spokenTo](c.Runbook.STT(w.Engine)), Appliance: see[called](c.Runbook.Appliance)}
		for _, m := range c.Runbook.Models {
			if w.Serve == runbook.ServeWake && (len(w.Models) == 0 || slices.Contains(w.Models, m.Address)) {
				s.Models = append(s.Models, see[firingModel](m))
			}
		}
		c.add(Node{
			Address: At(Wyoming, w.Name), Kind: k, Block: w.Address, Detail: wyomingDetail(w),
			Identity: id, Settings: s,
		})
	}
}

// wyomingDetail says what is served where, and aloud that anybody may use it.
func wyomingDetail(w runbook.Wyoming) string {
	parts := []string{w.Serve + " at " + w.ListensAt()}
	if w.Engine != "" {
		parts = append(parts, "by "+string(w.Engine))
	}
	if !runbook.IsLoopback(w.ListensAt()) {
		parts = append(parts, "open to everybody on the network, without login or encryption")
	}
	if w.Advertise {
		parts = append(parts, "advertised")
	}
	return strings.Join(parts, ", ")
}

func buildWyoming(a *Assembly, n *Node, id wyomingIdentity, s wyomingSettings) (node.Node, error) {
	c := node.WyomingConfig{Block: s.Wyoming, Appliance: s.Appliance.Name, Extractor: a.Extractor}
	files := map[string]ModelFile{}
	if s.Engine != nil {
		c.Language = cmp.Or(s.Engine.Language, "en")
	}
	for _, m := range s.Models {
		if !m.Enabled {
			continue
		}
		rules, file, ok, err := a.rules(m)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		c.Words = append(c.Words, node.ServedWord{Model: rules, WakeWord: m.WakeWord})
		files[m.Name] = file
	}
	c.Head = func(model string) (node.Classifier, error) { return a.Head(files[model]) }
	listen := runbook.Wyoming{Serve: id.Wyoming.Serve, Listen: id.Wyoming.Listen}.ListensAt()
	door := node.Door(node.Unvisited{})
	if a.Door != nil {
		var err error
		if door, err = a.Door(n.Block, listen); err != nil {
			return nil, fmt.Errorf("%s: %w", n.Address, err)
		}
	}
	return &node.Wyoming{Name: n.Address, Listen: listen, Config: rt.NewCell(c), Door: door, Events: a.Events(n.Address)}, nil
}
