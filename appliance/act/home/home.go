// Package home carries commands out at a Home Assistant, by its REST and WebSocket interfaces.
//
// Guarantees:
//
//   - A call is a success only if the states of Home Assistant show it: those that the call returns, or those that events tell within
//     the timeout. What Home Assistant only assumes proves nothing.
//   - A call is sent once. If its answer does not come and no state shows what it did, the verdict is act.Unknown.
//   - The token reaches the configured host and nothing else; no redirect is followed.
//   - Whatever Home Assistant sends is data: names are cleaned and cut, counts and sizes are bounded, and one entity that makes no sense
//     does not keep the others from being known.
package home

import (
	"cmp"
	"fmt"
	"maps"
	"sync"
	"time"

	"orac/appliance/act"
	"orac/appliance/stt/wire"
)

// DefaultTimeout is how long a call and its proof may take.
const DefaultTimeout = 10 * time.Second

// quickTimeout is how long Home Assistant may take to tell states.
const quickTimeout = 3 * time.Second

// Limits of what a Home Assistant may tell. What is over them is left out; a message that is over ends the connection.
const (
	maxEntities = 5000
	maxAreas    = 500
	maxAliases  = 20
	maxMembers  = 500
	maxMessage  = 32 << 20 // bytes: the registry of a large home has 10 MB
	maxText     = 255      // bytes of a state, as Home Assistant has it
)

// Config makes a Home. URL and Token are required; the rest may be zero.
type Config struct {
	Name     string // of the backend block
	URL      string // "http://homeassistant.local:8123"
	Token    wire.Secret
	Timeout  time.Duration // of a call with its proof; 0 means DefaultTimeout
	TLS      wire.TLS
	Entities []string // patterns of entity IDs that sentences may name, * is anything; none: all that Home Assistant shows to its Assist
	Hide     []string // patterns of those that they may not name
	Areas    []string // names or IDs of the areas whose entities they may name; none: all, and those without an area
}

// Home is an act.Backend. It may be used by several tasks at once; Watch by one.
type Home struct {
	config  Config
	base    wire.Base
	client  *wire.Client
	quick   *wire.Client  // for states, which Home Assistant knows without asking a device
	refresh chan struct{} // holds one request to fetch the vocabulary anew

	mu      sync.Mutex // guards everything that follows
	live    bool       // Watch keeps what follows current
	seen    map[string]seen
	home    *act.Home
	changed chan struct{} // closed and replaced when seen or live change
}

// New makes a client; it connects to nothing yet.
func New(c Config) (*Home, error) {
	base, err := wire.ParseBaseOf(c.URL, "/api/")
	if err != nil {
		return nil, fmt.Errorf("home assistant: %w", err)
	}
	if c.Token == nil || c.Token.Reveal() == "" {
		return nil, fmt.Errorf("home assistant %s: a token is missing: make a long-lived access token in your profile in Home Assistant", base)
	}
	c.Timeout = cmp.Or(max(c.Timeout, 0), DefaultTimeout)
	h := &Home{config: c, base: base, refresh: make(chan struct{}, 1), changed: make(chan struct{})}
	o := wire.Options{Timeout: c.Timeout, Token: c.Token, TLS: c.TLS, Peer: "a Home Assistant", Answer: maxMessage}
	if h.client, err = wire.NewClient(o); err == nil {
		o.Timeout = min(c.Timeout, quickTimeout)
		h.quick, err = wire.NewClient(o)
	}
	if err != nil {
		return nil, fmt.Errorf("home assistant %s: %w", base, err)
	}
	return h, nil
}

// Refresh implements act.Backend.
func (h *Home) Refresh() {
	select {
	case h.refresh <- struct{}{}:
	default: // one waits already
	}
}

// update changes what is known, and wakes who waits for it.
func (h *Home) update(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
	close(h.changed)
	h.changed = make(chan struct{})
}

// look returns the states of entities that Watch knows, and a channel that is closed when they change. live is false if nobody keeps
// them current.
func (h *Home) look(entities []string) (states map[string]seen, changed <-chan struct{}, live bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	states = map[string]seen{}
	for _, id := range entities {
		if s, ok := h.seen[id]; ok {
			states[id] = s
		}
	}
	return states, h.changed, h.live
}

// one returns what is known of an entity.
func (h *Home) one(id string) (seen, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, ok := h.seen[id]
	return s, ok
}

// all returns a copy of what is known.
func (h *Home) all() map[string]seen {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.seen)
}

// merge takes states that a call returned.
func (h *Home) merge(list []seen) {
	h.update(func() {
		for _, s := range list {
			if old, ok := h.seen[s.Entity]; ok && !s.updated.Before(old.updated) {
				h.seen[s.Entity] = s
			}
		}
	})
}

// named is the name of an entity for people.
func (h *Home) named(id string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s, ok := h.seen[id]; ok && s.name != "" {
		return s.name
	}
	return plain(id)
}
