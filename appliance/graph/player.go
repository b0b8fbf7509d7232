package graph

import (
	"fmt"
	"time"

	"orac/appliance/health"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/runbook"
)

// Player is the name of the kind.
const Player Name = "player"

// Loudspeaker is what a player opens.
type Loudspeaker struct {
	Speaker struct {
		Address      runbook.Address
		Name         string
		Match        string        `hcl:"match"`
		Identity     string        `hcl:"identity"`
		ID           string        `hcl:"id"`
		Backend      string        `hcl:"backend"`
		StartTimeout time.Duration `hcl:"start_timeout"`
	} `of:"device.speaker"`
	Look Look `of:"watchdog"`
}

type playerSettings struct {
	Speaker struct {
		Address runbook.Address
		Volume  float64       `hcl:"volume"`
		Stall   time.Duration `hcl:"stall"`
	} `of:"device.speaker"`
	Watchdog struct {
		Address    runbook.Address
		RetryDelay time.Duration `hcl:"retry_delay"`
		Retries    int           `hcl:"retries"`
		RetrySlow  time.Duration `hcl:"retry_slow"`
	} `of:"watchdog"`
}

func players() *Kind {
	return built(Kind{
		Name: Player, Role: Plays, Words: "plays sounds at a speaker, the most important first",
		// The player judges its speaker itself, by what that takes.
		Health: health.Rule{Clear: time.Second},
		Reads:  []string{plays.Name},
		add:    addPlayers,
	}, buildPlayer)
}

func addPlayers(c *compiler, k *Kind) {
	for _, s := range c.Runbook.Speakers {
		var id Loudspeaker
		fill(&id.Speaker, s)
		id.Look = see[Look](c.Runbook.Watchdog)
		var settings playerSettings
		fill(&settings.Speaker, s)
		fill(&settings.Watchdog, c.Runbook.Watchdog)
		c.add(Node{
			Address: At(Player, s.Name), Kind: k, Block: s.Address, Claim: string(s.Address),
			Detail:   fmt.Sprintf("%s, volume %g", selector(s.Match, s.Identity, s.ID, "the system's default output"), s.Volume),
			Identity: id, Settings: settings,
		})
	}
}

func buildPlayer(a *Assembly, n *Node, id Loudspeaker, s playerSettings) (node.Node, error) {
	if a.Speaker == nil {
		return nil, fmt.Errorf("%s: nothing is played here", n.Address)
	}
	speaker, err := a.Speaker(id)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Address, err)
	}
	w := s.Watchdog
	return &node.Player{
		Name: n.Address, Speaker: id.Speaker.Name, Output: speaker, Open: a.Sound, FS: a.FS, Asks: plays.inbox(a, n.Address), Events: a.Events(n.Address),
		Config: rt.NewCell(node.PlayerConfig{
			Volume: s.Speaker.Volume, Stall: s.Speaker.Stall, Retry: node.Retry{Delay: w.RetryDelay, Tries: w.Retries, Slow: w.RetrySlow},
		}),
	}, nil
}

// PlaysAt is the mailbox in which the player of a speaker takes what it is asked; nil if there is no such player.
func PlaysAt(boxes Boxes, speaker string) *rt.Mailbox[node.PlayAsk] {
	m, _ := boxes[Box{At(Player, speaker), plays.Name}].(*rt.Mailbox[node.PlayAsk])
	return m
}
