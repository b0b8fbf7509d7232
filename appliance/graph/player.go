package graph

import (
	"fmt"
	"time"

	"orac/appliance/health"
	"orac/appliance/node"
	"orac/appliance/play"
	"orac/appliance/rt"
	"orac/appliance/tts"
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
	Voices []runbook.TTS `of:"tts"`
}

func players() *Kind {
	return built(Kind{
		Name: Player, Role: Plays, Words: "plays sounds at a speaker, the most important first",
		// The player judges its speaker itself, by what that takes.
		Health: health.Rule{Clear: time.Second},
		Reads:  []string{plays.Name}, Writes: []string{seenPlayer.Name},
		add: addPlayers,
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
		settings.Voices = c.Runbook.TTSs
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
	open, err := a.opener(n, s.Voices)
	if err != nil {
		return nil, err
	}
	w := s.Watchdog
	return &node.Player{
		Name: n.Address, Speaker: id.Speaker.Name, Output: speaker, FS: a.FS, Asks: plays.inbox(a, n.Address), Events: a.Events(n.Address), Aloud: a.Parts.Aloud.Of(id.Speaker.Name), Seen: seenPlayer.out(a, n.Address),
		Config: rt.NewCell(node.PlayerConfig{
			Open: open, Volume: s.Speaker.Volume, Stall: s.Speaker.Stall, Retry: node.Retry{Delay: w.RetryDelay, Tries: w.Retries, Slow: w.RetrySlow},
		}),
	}, nil
}

// opener opens sounds, and has texts spoken.
func (a *Assembly) opener(n *Node, blocks []runbook.TTS) (play.Opener, error) {
	voices := map[string]tts.Voice{}
	for _, b := range blocks {
		if a.Voice == nil {
			return nil, fmt.Errorf("%s: nothing speaks here", n.Address)
		}
		voice, err := a.Voice(b, a.graph.Runbook.Resolve)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.Address, err)
		}
		voices[b.Name] = voice
	}
	sound := a.Sound
	return func(t *rt.Task, s play.Source) (play.Sound, error) {
		if s.Say == nil {
			return sound(t, s)
		}
		voice, ok := voices[s.Say.Voice]
		if !ok {
			return nil, fmt.Errorf("there is no tts block %q", s.Say.Voice)
		}
		return voice.Speak(t, s.Say.Text)
	}, nil
}

// PlaysAt is the mailbox in which the player of a speaker takes what it is asked; nil if there is no such player.
func PlaysAt(boxes Boxes, speaker string) *rt.Mailbox[node.PlayAsk] {
	m, _ := boxes[Box{At(Player, speaker), plays.Name}].(*rt.Mailbox[node.PlayAsk])
	return m
}
