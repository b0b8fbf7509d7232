package node

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"orac/appliance/event"
	"orac/appliance/login"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/stt/wire"
)

const (
	// mostWaiting bounds those that wait for one token.
	mostWaiting = 64
	// tokenPatience is how long a sender waits for a token that is being fetched.
	tokenPatience = 15 * time.Second
)

// TokenAsk asks a Login for a token.
type TokenAsk struct {
	Audience string
	Refused  string // the token that a server has rejected; "" for none
	Reply    *rt.Mailbox[TokenAnswer]
}

// TokenAnswer is a token that lives, or why there is none.
type TokenAnswer struct {
	Text string
	Err  error
}

// LoginTokens are the tokens of a login for an audience, as a sender sees them: wire.Tokens.
type LoginTokens struct {
	Audience string
	Asks     *rt.Mailbox[TokenAsk]
}

// Token implements wire.Tokens. It waits a little for a token that is being fetched.
func (l LoginTokens) Token(t *rt.Task, refused string) (string, error) {
	reply := rt.NewMailbox[TokenAnswer]("token", 1)
	defer reply.Close(t)
	if !l.Asks.TrySend(t, TokenAsk{Audience: l.Audience, Refused: refused, Reply: reply}) {
		return "", noToken(errors.New("too many ask for tokens already"))
	}
	a, err := reply.Recv(t, t.Now().Add(tokenPatience))
	switch {
	case errors.Is(err, rt.ErrTimeout):
		return "", noToken(fmt.Errorf("none came within %v", tokenPatience))
	case err != nil:
		return "", err
	}
	return a.Text, a.Err
}

// noToken is the error of a sender that gets no token.
func noToken(cause error) error { return &wire.Error{Op: "token", Kind: wire.NoToken, Cause: cause} }

// take takes a question of a sender.
func (n *Login) take(t *rt.Task, a TokenAsk) {
	p := n.purse(a.Audience)
	if p == nil {
		a.Reply.TrySend(t, TokenAnswer{Err: noToken(errors.New("too many audiences are asked for"))})
		return
	}
	if a.Refused != "" && a.Refused == p.text && t.Now().Sub(p.asked) >= refusedGap && t.Now() >= p.due {
		p.text, p.discarded = "", a.Refused
	}
	if len(p.waiting) == mostWaiting {
		oldest := p.waiting[0]
		p.waiting = slices.Delete(p.waiting, 0, 1)
		oldest.Reply.TrySend(t, TokenAnswer{Err: noToken(errors.New("too many wait for a token"))})
	}
	p.waiting = append(p.waiting, a)
}

// serve answers those that wait, as far as that can be done now.
func (n *Login) serve(t *rt.Task) {
	now := t.Now()
	for _, p := range n.purses {
		p.waiting = slices.DeleteFunc(p.waiting, func(a TokenAsk) bool {
			answer := TokenAnswer{Text: p.text}
			switch {
			case a.Reply.Closed():
				return true
			case p.lives(now) && p.text != a.Refused:
			case p.lives(now):
				answer = TokenAnswer{Err: wire.ErrSame}
			case n.pending == p || p.cause == nil && n.pending != nil: // it is asked for, or is next
				return false
			default:
				answer = TokenAnswer{Err: noToken(p.why(n))}
			}
			a.Reply.TrySend(t, answer)
			return true
		})
	}
}

// why is why there is no token.
func (p *purse) why(n *Login) error {
	switch {
	case p.cause != nil:
		return p.cause
	case n.state.Error != "":
		return errors.New(n.state.Error)
	}
	return errors.New("the issuer has not been asked yet")
}

// report tells when the issuer goes away, comes back, refuses, and when a token is missing because of that. A question that fails while
// every token lives is told when it fails again: a single failure may be a blip.
func (n *Login) report(t *rt.Task) {
	now := t.Now()
	is, cause, missing, until := issuerWell, error(nil), "", rt.Never
	for _, p := range n.purses {
		if !slices.Contains(n.c.Audiences, p.audience) {
			continue
		}
		if p.text == "" && p.cause == nil && n.fails == 0 { // the first question is still open
			if n.told == issuerUnknown {
				is = issuerUnknown
			}
			continue
		}
		if p.lives(now) {
			until = min(until, p.ends)
		} else if missing == "" {
			missing = p.audience
		}
		if p.cause != nil && (cause == nil || login.Final(p.cause) && !login.Final(cause)) {
			cause = p.cause
		}
	}
	switch {
	case cause == nil:
	case login.Final(cause):
		is = issuerRefuses
	case missing != "":
		is = issuerMissed
	case n.fails > 1 || n.told == issuerAway || n.told == issuerMissed:
		is = issuerAway
	default:
		return
	}
	if is == n.told || is == issuerUnknown {
		return
	}
	n.told = is
	b := event.LoginHealth{Login: n.Login, Issuer: n.c.Issuer, OK: is == issuerWell, Refused: is == issuerRefuses, Missing: missing}
	if cause != nil {
		b.Cause = cause.Error()
	}
	if is != issuerWell && missing == "" && until != rt.Never {
		b.Lives = until.Sub(now).Round(time.Second).Seconds()
	}
	t.Trace("login", int64(is))
	say(t, n.Events, n.Name, b)
}

// show publishes the state.
func (n *Login) show(t *rt.Task) {
	s := n.state
	s.Name, s.Issuer, s.Account, s.Tokens = n.Login, n.c.Issuer, n.c.Account, make([]status.Token, 0, len(n.purses))
	now, wall := t.Now(), t.Wall()
	for _, p := range n.purses {
		a := status.Token{Audience: p.audience}
		if p.lives(now) {
			a.Until = wall.Add(p.ends.Sub(now)).Truncate(time.Second)
		}
		s.Tokens = append(s.Tokens, a)
	}
	n.shown.Take(rt.NewCell(s))
}
