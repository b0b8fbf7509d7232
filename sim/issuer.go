package sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"orac/appliance/graph"
	"orac/appliance/login"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
	"orac/runbook/scenario"
)

// issuer is a model of an issuer of tokens. Its tokens are names of entries in its book, which the servers read as real ones read a
// signature: as far as they know its keys.
type issuer struct {
	ailments
	m     *machine
	name  string // of the login
	asked calls
	key   int // that signs; each rotation makes the next
	least int // the oldest key that it publishes
	given map[string]pass
	known map[string]*keys // what the servers know of its keys, by address
}

// pass is a token.
type pass struct {
	audience string
	key      int
	ends     time.Duration
}

// keys are what a server knows of an issuer.
type keys struct {
	least, most int
	fetched     time.Duration
	refusing    time.Duration // since when it refuses whatever we show; -1: it does not
}

// As the real ones: the life of a token of an account, how long a server waits between two looks at the issuer's keys, how old they may
// become, and how far the clocks of both may differ.
const (
	passLife   = 15 * time.Minute
	retryKeys  = 10 * time.Second
	freshKeys  = 15 * time.Minute
	clockSlack = time.Minute
	heldBack   = 200 * time.Millisecond // how often it is looked whether a slow issuer is quick again
)

// issuerOf returns the issuer of a login by its name.
func (m *machine) issuerOf(name string) *issuer {
	i, ok := m.issuers[name]
	if !ok {
		i = &issuer{m: m, name: name, key: 1, least: 1, given: map[string]pass{}, known: map[string]*keys{}}
		m.issuers[name] = i
	}
	return i
}

// asker is an issuer as the client of a login sees it.
type asker struct {
	*issuer
	timeout time.Duration
}

func (m *machine) issuer(s graph.IssuerService) (node.Issuer, error) {
	return asker{m.issuerOf(s.Login.Name), cmp.Or(s.Login.Timeout, 5*time.Second)}, nil
}

func (i *issuer) address() string { return "https://" + i.name }

// Token implements node.Issuer.
func (a asker) Token(t *rt.Task, audience string) (login.Token, error) {
	const op = "token"
	a.asked.call(a.m, "the issuer of login "+a.name)
	if err := t.Sleep(peerTime); err != nil {
		return login.Token{}, err
	}
	if err := a.m.unreached(op, a.address()); err != nil {
		return login.Token{}, err
	}
	if err := a.refusal(op, a.address()); err != nil {
		return login.Token{}, err
	}
	// An answer that is held back comes as soon as the issuer is quick again.
	for waited := time.Duration(0); waited < a.delay(); waited += heldBack {
		if waited >= a.timeout {
			return login.Token{}, &wire.Error{Op: op, Address: a.address(), Kind: wire.Timeout, Cause: context.DeadlineExceeded}
		}
		if err := t.Sleep(heldBack); err != nil {
			return login.Token{}, err
		}
	}
	text := fmt.Sprintf("pass-%s-%d", a.name, len(a.given)+1)
	a.given[text] = pass{audience, a.key, a.m.now() + passLife}
	return login.Token{Text: text, Life: passLife}, nil
}

// rotate makes another key. The one before stays published, unless the issuer has lost its keys.
func (i *issuer) rotate(lost bool) {
	i.key++
	if lost {
		i.least = i.key
	}
}

// forget has a server know no keys any more, because it has ended. One that starts asks for them.
func (i *issuer) forget(server string) {
	if k := i.known[server]; k != nil {
		k.least, k.most, k.fetched = 0, 0, 0
	}
}

// reached tells whether a server can ask the issuer for its keys.
func (i *issuer) reached() bool {
	return i.first(func(x *ailment) bool { return x.Kind.Info().Refuses }) == nil && i.delay() < 3*time.Second
}

// accepts tells whether a server accepts a token. It knows a key, or looks it up, as web/trust does.
func (i *issuer) accepts(server, audience, text string) bool {
	now := i.m.now()
	k := i.known[server]
	if k == nil {
		k = &keys{refusing: -1}
		i.known[server] = k
	}
	p, ok := i.given[text]
	if !ok || p.audience != audience {
		i.m.judge.Break(now, "tokens", fmt.Sprintf("%s was shown a token that is not for %s", server, audience))
		return false
	}
	if now >= p.ends+clockSlack {
		i.m.judge.Break(now, "tokens", fmt.Sprintf("%s was shown a token that ended %v before", server, now-p.ends))
	}
	knows := func() bool { return p.key >= k.least && p.key <= k.most }
	if (!knows() || now-k.fetched >= freshKeys) && (k.most == 0 || now-k.fetched >= retryKeys) && i.reached() {
		k.least, k.most, k.fetched = i.least, i.key, now
	}
	return knows() && now < p.ends+clockSlack
}

// refused keeps account of how long a server refuses, which is one of the things that scenarios ask.
func (i *issuer) refused(server string, yes bool) {
	k, now := i.known[server], i.m.now()
	switch {
	case !yes:
		k.refusing = -1
	case k.refusing < 0:
		k.refusing = now
	}
	if k.refusing >= 0 {
		i.m.refusedFor = max(i.m.refusedFor, now-k.refusing)
	}
}

// credential is what a client shows to a server that demands tokens. A nil one shows nothing, and the server asks for nothing.
type credential struct {
	m        *machine
	issuer   *issuer
	audience string
	tokens   wire.Tokens
}

// credential is what a client shows: tokens of a login for an audience; "" if the server demands none.
func (m *machine) credential(tokens wire.Tokens, name, audience string) *credential {
	if audience == "" {
		return nil
	}
	return &credential{m, m.issuerOf(name), audience, tokens}
}

// show shows a token, and another one if the server refuses it, as the real client does.
func (p *credential) show(t *rt.Task, op, server string) error {
	if p == nil {
		return nil
	}
	if p.tokens == nil {
		p.m.judge.Break(p.m.now(), "tokens", fmt.Sprintf("%s was sent something without a token, and its block names a login", server))
		return wire.Answered(op, server, 401)
	}
	token, err := p.tokens.Token(t, "")
	if err != nil {
		return wire.Unproven(op, server, err)
	}
	if p.issuer.accepts(server, p.audience, token) {
		p.issuer.refused(server, false)
		return nil
	}
	p.issuer.refused(server, true)
	token, err = p.tokens.Token(t, token)
	switch {
	case errors.Is(err, wire.ErrSame):
	case err != nil:
		return wire.Unproven(op, server, err)
	case p.issuer.accepts(server, p.audience, token):
		p.issuer.refused(server, false)
		return nil
	}
	return wire.Answered(op, server, 401)
}

// rotated makes the fault issuer_keys_rotated.
func rotated(m *machine, o *occurrence) func() {
	m.issuerOf(o.Target).rotate(o.Way == scenario.LosesKeys)
	return nil
}
