package members

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"orac/appliance/event"
	"orac/appliance/health"
	"orac/appliance/rollout"
	"orac/runbook"
	"orac/web/audit"
	"orac/web/auth"
)

// Tokens issues tokens for members: auth.Guard.
type Tokens interface {
	CentreToken(member, by string) (auth.Token, error)
	IssuerURL() string
}

// Options make a Centre.
type Options struct {
	StateDir string
	Tokens   Tokens
	// Transport returns the way to a member, which checks that it is the right one.
	Transport func(runbook.Member) (http.RoundTripper, error)
	Tell      func(node string, what event.Body) // nil: nobody is told
	Audit     *audit.Log                         // where it is recorded how pushes end, and what is wrong with a member's log; nil: nowhere
	Log       *slog.Logger
}

// Centre is all that an issuer knows of its members. It runs beside the graph, and does nothing while the runbook declares no issuer.
type Centre struct {
	*Watcher
	*rollout.Roller
	*Collector
	o Options

	changed chan struct{} // the runbook has

	mu     sync.Mutex // guards everything that follows
	on     bool
	ways   map[string]way
	tokens map[tokenOf]auth.Token
}

// way is how a member is reached.
type way struct {
	of     runbook.Member
	remote Remote
}

type tokenOf struct{ member, by string }

// maxTokens is how many tokens are remembered.
const maxTokens = 512

// New makes a centre. Run lets it work.
func New(o Options) *Centre {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	dir := filepath.Join(o.StateDir, "members")
	c := &Centre{o: o, changed: make(chan struct{}, 1), ways: map[string]way{}, tokens: map[tokenOf]auth.Token{}}
	journal := rollout.OpenJournal(dir, o.Log)
	c.Watcher = &Watcher{Tell: o.Tell, Pushed: func(name string) string { return journal.Mark(name).Hash }}
	c.Roller = &rollout.Roller{Members: c.Watcher.Targets, As: inTheNameOf, Issuer: o.Tokens.IssuerURL, Look: c.Watcher.Look, Tell: o.Tell, Record: c.recordPush, Log: o.Log, Journal: journal}
	c.Collector = &Collector{Dir: dir, Members: c.Watcher.Members, Tell: o.Tell, Record: c.recordBreak, Log: o.Log, soon: make(chan struct{}, 1)}
	return c
}

// inTheNameOf has members asked in the name of whoever had something pushed.
func inTheNameOf(ctx context.Context, by string) context.Context { return audit.By(ctx, by, "push") }

// recordPush writes into the audit log how a push ended.
func (c *Centre) recordPush(p *rollout.Push) {
	c.Soon()
	r := audit.Record{Who: p.By, Way: "push", Action: "members.pushed", Target: p.ID, Outcome: audit.Done, After: map[string]any{"what": p.What, "state": p.State, "members": outcomes(p)}}
	if p.State != rollout.Over && p.State != rollout.TakenBack {
		r.Outcome, r.Why = audit.Failed, p.Why
	}
	c.record(r)
}

// outcomes are the stages of a push by member.
func outcomes(p *rollout.Push) map[string]rollout.Stage {
	m := map[string]rollout.Stage{}
	for _, s := range p.Steps {
		m[s.Member] = s.Stage
	}
	return m
}

// recordBreak writes into the audit log that that of a member has broken.
func (c *Centre) recordBreak(member, why string) {
	c.record(audit.Record{Who: "orac", Way: "members", Action: "members.audit", Target: member, Outcome: audit.Failed, Why: why})
}

func (c *Centre) record(r audit.Record) {
	if c.o.Audit == nil {
		return
	}
	if err := c.o.Audit.Append(r); err != nil {
		c.o.Log.Error("cannot record in the audit log what happened to a member", "action", r.Action, "target", r.Target, "cause", err)
	}
}

// Run works until ctx ends, whenever the runbook declares an issuer.
func (c *Centre) Run(ctx context.Context) {
	for {
		c.mu.Lock()
		on := c.on
		c.mu.Unlock()
		if on {
			c.work(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-c.changed:
		}
	}
}

// work works until ctx ends or the runbook declares no issuer any more.
func (c *Centre) work(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var work sync.WaitGroup
	work.Go(func() { c.Watcher.Run(ctx) })
	work.Go(func() { c.Roller.Run(ctx) })
	work.Go(func() { c.Collector.Run(ctx) })
	for on := true; on; {
		select {
		case <-ctx.Done():
			on = false
		case <-c.changed:
			c.mu.Lock()
			on = c.on
			c.mu.Unlock()
		}
	}
	cancel()
	work.Wait()
}

// Check implements appliance.Beside.
func (c *Centre) Check(rb *runbook.Runbook) error {
	if rb.Issuer.URL == "" {
		return nil
	}
	for _, m := range rb.Members {
		if m.URL == "" {
			continue
		}
		if _, err := c.o.Transport(m); err != nil {
			return fmt.Errorf("%s: %w", m.Address, err)
		}
	}
	return nil
}

// Accept implements appliance.Beside.
func (c *Centre) Accept(*runbook.Runbook) error { return nil }

// Use implements appliance.Beside.
func (c *Centre) Use(rb *runbook.Runbook) {
	var list []Member
	c.mu.Lock()
	ways := map[string]way{}
	if c.on = rb.Issuer.URL != ""; c.on {
		for _, m := range rb.Members {
			w, ok := c.ways[m.Name]
			if !ok || w.of != m {
				w = way{m, c.remote(m)}
			}
			ways[m.Name] = w
			list = append(list, Member{m.Name, m.URL, w.remote})
		}
	}
	c.ways = ways
	clear(c.tokens) // of members and accounts as they were
	c.mu.Unlock()
	c.Watcher.Use(list)
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// remote returns how a member is asked; nil if it has no address. The caller holds the lock.
func (c *Centre) remote(m runbook.Member) Remote {
	if m.URL == "" {
		return nil
	}
	over, err := c.o.Transport(m)
	if err != nil { // Check has refused it already, unless a file has changed since
		c.o.Log.Error("a member cannot be asked", "member", m.Name, "cause", err)
		return nil
	}
	return NewHTTP(m.URL, over, func(by string, fresh bool) (string, error) { return c.token(m.Name, by, fresh) })
}

// token returns a token for a member that lives for a while yet.
func (c *Centre) token(member, by string, fresh bool) (string, error) {
	of := tokenOf{member, by}
	c.mu.Lock()
	t, ok := c.tokens[of]
	c.mu.Unlock()
	if ok && !fresh && time.Until(t.Expires) > time.Minute {
		return t.Token, nil
	}
	t, err := c.o.Tokens.CentreToken(member, by)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.tokens) >= maxTokens {
		clear(c.tokens)
	}
	c.tokens[of] = t
	return t.Token, nil
}

// Listeners implements appliance.Beside: how well each member is.
func (c *Centre) Listeners() (list []health.Listener) {
	for _, s := range c.States() {
		s.Audit = c.Collector.State(s.Name)
		level, why := s.Level()
		list = append(list, health.Listener{Component: NodeOf(s.Name), Level: level, Why: why})
	}
	return list
}

// List returns what is known of all members, in order of name.
func (c *Centre) List() (list []State) {
	doing := c.Doing()
	for _, s := range c.States() {
		s.Audit, s.Busy = c.Collector.State(s.Name), doing[s.Name]
		list = append(list, s)
	}
	return list
}

// Member returns what is known of one member.
func (c *Centre) Member(name string) (State, bool) {
	for _, s := range c.List() {
		if s.Name == name {
			return s, true
		}
	}
	return State{}, false
}
