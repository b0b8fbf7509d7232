package node

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"orac/appliance/login"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/stt/wire"
)

// Login gets tokens from an issuer, and gives them to the nodes that send. It asks before a token is needed, one question at a time, and
// goes on using a token as long as it lives when the issuer is away. Tokens are only in memory.
type Login struct {
	Name   string // address of the node
	Login  string // name of the block
	Config *rt.Cell[LoginConfig]
	Asks   *rt.Mailbox[TokenAsk]
	Events Events

	// The fields below outlive an instance.
	c       LoginConfig
	mark    any
	purses  []*purse
	state   status.Login
	told    issuerHealth // of the issuer, as it was last reported
	fails   int          // questions in a row that failed
	rests   rt.Instant
	pending *purse // that the question under way is about
	stale   bool   // that question was asked with settings from before: its answer counts for nothing
	jitter  *rand.Rand
	shown   rt.Cell[status.Login]
}

// Issuer gives tokens for an audience.
type Issuer interface {
	Token(t *rt.Task, audience string) (login.Token, error)
}

// LoginConfig are the settings of a Login.
type LoginConfig struct {
	Client    Issuer
	Issuer    string // its address, for people
	Account   string
	Audiences []string // that the runbook names
	MaxDelay  time.Duration
}

// issuerHealth is what was reported of an issuer.
type issuerHealth int8

const (
	issuerUnknown issuerHealth = iota
	issuerWell
	issuerAway    // and every token still lives
	issuerMissed  // it is away, and a token is missing
	issuerRefuses // it has answered, and gives no token
)

// purse is the token for an audience.
type purse struct {
	audience  string
	text      string
	asked     rt.Instant // when it was asked for
	renew     rt.Instant // when to ask for the next one
	ends      rt.Instant
	cause     error      // why the last question failed
	fails     int        // in a row
	due       rt.Instant // no question before that: it has just failed
	waiting   []TokenAsk
	discarded string // the token that a server has rejected
}

const (
	// refusedGap is how old a token must be before a server's refusal of it makes another one. A server may need that long to learn of
	// a new key of its issuer, and one that refuses all tokens must not make us ask for one with each request.
	refusedGap = 10 * time.Second
	// askAgain and askSeldom are the first pauses after a failure: of an issuer that is away, and of one that refuses. mostSeldom is the
	// longest one of the second.
	askAgain   = time.Second
	askSeldom  = time.Minute
	mostSeldom = 15 * time.Minute
	// spare is how long before its end a token is not sent any more: what it is sent with takes time. It is at most a tenth of its life.
	spare = 5 * time.Second
	// mostAudiences bounds what is remembered: the audiences of the runbook, and those of senders that still have older settings.
	mostAudiences = 64
)

// Update implements Updater.
func (n *Login) Update(fresh Node) { n.Config.Take(fresh.(*Login).Config) }

// Shown is the state. It may be called from anywhere.
func (n *Login) Shown() status.Login { return n.shown.Get() }

// fetched is the end of a question.
type fetched struct {
	token login.Token
	err   error
}

// Run implements Node.
func (n *Login) Run(t *rt.Task) error {
	n.jitter = t.Rand("jitter")
	done := rt.NewMailbox[fetched]("token", 1)
	var asked rt.Instant
	var asking *rt.Task
	n.pending, n.stale = nil, false
	for {
		if fresh, changed := n.Config.Changed(&n.mark); changed {
			n.settings(fresh)
			if n.pending != nil {
				n.stale = true
				asking.Stop()
			}
		}
		now := t.Now()
		if n.pending == nil {
			if n.pending = n.next(now); n.pending != nil {
				asked, asking = now, n.ask(t, n.pending.audience, done)
			}
		}
		n.serve(t)
		n.report(t)
		n.show(t)
		cases := []rt.Case{n.Asks}
		if n.pending != nil {
			cases = append(cases, asking)
		}
		which, err := rt.Select(t, n.until(now), cases...)
		switch {
		case errors.Is(err, rt.ErrTimeout):
		case err != nil:
			return err
		case which == 1:
			f, ok := done.TryRecv(t)
			if !ok {
				f.err = fmt.Errorf("the question was lost: %w", cmp.Or(asking.Err(), rt.ErrStopped))
			}
			if !n.stale {
				n.answered(t, n.pending, asked, f)
			}
			n.pending, n.stale = nil, false
		default:
			if a, ok := n.Asks.TryRecv(t); ok {
				n.take(t, a)
			} else if n.Asks.Closed() {
				return nil
			}
		}
	}
}

// settings takes new settings. What an account had is of no use to another; what remains is asked for at once.
func (n *Login) settings(c LoginConfig) {
	other := c.Issuer != n.c.Issuer || c.Account != n.c.Account
	n.c, n.fails, n.rests = c, 0, 0
	n.purses = slices.DeleteFunc(n.purses, func(p *purse) bool { return !slices.Contains(c.Audiences, p.audience) && len(p.waiting) == 0 })
	for _, audience := range c.Audiences {
		n.purse(audience)
	}
	for _, p := range n.purses {
		p.due, p.fails = 0, 0
		if other {
			p.text = ""
		}
		if p.cause != nil { // the new settings may be the remedy
			p.renew = 0
		}
	}
}

// purse finds the purse of an audience; nil if there are too many.
func (n *Login) purse(audience string) *purse {
	if i := slices.IndexFunc(n.purses, func(p *purse) bool { return p.audience == audience }); i >= 0 {
		return n.purses[i]
	}
	if len(n.purses) >= mostAudiences {
		return nil
	}
	p := &purse{audience: audience}
	n.purses = append(n.purses, p)
	return p
}

// lives tells whether the token may be sent now.
func (p *purse) lives(now rt.Instant) bool { return p.text != "" && now < p.ends }

// when is when to ask for the next token.
func (p *purse) when() rt.Instant {
	if p.text == "" {
		return p.due
	}
	return max(p.renew, p.due)
}

// next is the purse to ask for now, the most urgent one; nil if none is due. While the issuer does not answer, one question is enough to
// find out whether it is back.
func (n *Login) next(now rt.Instant) (next *purse) {
	if now < n.rests {
		return nil
	}
	for _, p := range n.purses {
		if p.when() > now {
			continue
		}
		if next == nil || !p.lives(now) && next.lives(now) || p.lives(now) == next.lives(now) && p.when() < next.when() {
			next = p
		}
	}
	return next
}

// until is when to look again, if nothing happens before.
func (n *Login) until(now rt.Instant) rt.Instant {
	at := rt.Never
	for _, p := range n.purses {
		if n.pending == nil {
			at = min(at, max(p.when(), n.rests))
		}
		if p.lives(now) {
			at = min(at, p.ends)
		}
		if p.cause != nil { // new settings, which may be the remedy, wake nobody
			at = min(at, now.Add(askAgain))
		}
	}
	return at
}

// ask asks the issuer, in a task of its own. The client keeps to its timeout.
func (n *Login) ask(t *rt.Task, audience string, done *rt.Mailbox[fetched]) *rt.Task {
	client := n.c.Client
	return t.Go("fetch", func(t *rt.Task) error {
		token, err := client.Token(t, audience)
		if errors.Is(err, rt.ErrStopped) {
			return err
		}
		return done.Send(t, fetched{token, err})
	})
}

// answered notes what came of a question that was asked then.
func (n *Login) answered(t *rt.Task, p *purse, asked rt.Instant, f fetched) {
	if f.err != nil {
		n.failed(t, p, f.err)
		return
	}
	life := f.token.Life
	t.Trace("token")
	n.state.Fetched++
	n.state.Error, n.fails, n.rests = "", 0, 0
	p.text, p.asked, p.cause, p.fails, p.due = f.token.Text, asked, nil, 0, t.Now().Add(askAgain) // however short it lives
	p.ends = asked.Add(life - min(spare, life/10))
	p.renew = asked.Add(life*2/3 - time.Duration(n.jitter.Int64N(int64(life/20)+1)))
	if p.text == p.discarded { // the issuer gives the same again
		p.due = t.Now().Add(refusedGap)
	}
}

// failed notes that a question failed, and when the next is asked.
func (n *Login) failed(t *rt.Task, p *purse, err error) {
	p.cause = err
	p.fails++
	n.state.Error = err.Error()
	var wait time.Duration
	if login.Final(err) {
		n.state.Refused++
		n.fails = 0
		wait = backoff(n.jitter, p.fails, askSeldom, mostSeldom)
	} else {
		n.state.Failed++
		n.fails++
		wait = backoff(n.jitter, n.fails, askAgain, n.c.MaxDelay)
	}
	if e, ok := errors.AsType[*wire.Error](err); ok {
		wait = max(wait, e.RetryAfter)
	}
	p.due = t.Now().Add(wait)
	if !login.Final(err) {
		n.rests = p.due
	}
	t.Trace("no token")
}
