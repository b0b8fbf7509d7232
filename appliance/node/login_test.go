package node_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"orac/appliance/event"
	"orac/appliance/login"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
)

// office is a model of an issuer: says is what it answers to its nth question; nil: a fresh token that lives a quarter of an hour.
type office struct {
	says  func(n int, now rt.Instant) error
	life  time.Duration // 0: a quarter of an hour
	same  bool          // it gives the same token again and again
	at    []rt.Instant
	given int
	open  int // questions at a time
}

func (o *office) Token(t *rt.Task, audience string) (login.Token, error) {
	o.at = append(o.at, t.Now())
	if o.open++; o.open > 1 {
		panic("two questions at a time")
	}
	defer func() { o.open-- }()
	if err := t.Sleep(10 * time.Millisecond); err != nil {
		return login.Token{}, err
	}
	if o.says != nil {
		if err := o.says(len(o.at), t.Now()); err != nil {
			return login.Token{}, err
		}
	}
	if o.given++; o.same {
		o.given = 1
	}
	life := o.life
	if life == 0 {
		life = 15 * time.Minute
	}
	return login.Token{Text: fmt.Sprint(audience, " ", o.given), Life: life}, nil
}

var (
	issuerAway    = &wire.Error{Op: "token", Address: "https://core", Kind: wire.Unreachable, Cause: errors.New("connection refused")}
	issuerRefuses = &wire.Error{Op: "token", Address: "https://core", Kind: wire.Unauthorised, Status: 401, Cause: errors.New("invalid_client")}
)

// loggedIn runs a login for the audiences stt and core in a virtual world, beside f.
func loggedIn(t *testing.T, o func() *office, f func(k *rt.Task, o *office, tokens func(audience string) wire.Tokens, n *node.Login, events *rt.Mailbox[event.Event])) {
	world(t, 100*time.Hour, func(k *rt.Task) {
		o, asks, events := o(), rt.NewMailbox[node.TokenAsk]("tokens", 64), mailbox()
		n := &node.Login{Name: "login.house", Login: "house", Asks: asks, Events: rt.NewOut(events), Config: rt.NewCell(node.LoginConfig{
			Client: o, Issuer: "https://core", Account: "kitchen", Audiences: []string{"stt", "core"}, MaxDelay: 30 * time.Second,
		})}
		task := k.Go("login", n.Run)
		f(k, o, func(audience string) wire.Tokens { return node.LoginTokens{Audience: audience, Asks: asks} }, n, events)
		task.Stop()
		if err := k.Wait(task, k.Now().Add(time.Second)); !errors.Is(err, rt.ErrStopped) {
			t.Errorf("it ended with %v", err)
		}
	})
}

// issuerSaid is what was told of an issuer, in brief.
func issuerSaid(k *rt.Task, events *rt.Mailbox[event.Event]) (list []string) {
	for e, ok := events.TryRecv(k); ok; e, ok = events.TryRecv(k) {
		switch b := e.Body.(event.LoginHealth); {
		case b.OK:
			list = append(list, "well")
		case b.Refused:
			list = append(list, "refused "+b.Missing)
		default:
			list = append(list, "away "+b.Missing)
		}
	}
	return list
}

// tokenFor gets a token; ok tells whether there is one.
func tokenFor(t *testing.T, k *rt.Task, from wire.Tokens, refused string) (string, bool) {
	t.Helper()
	text, err := from.Token(k, refused)
	if e, no := errors.AsType[*wire.Error](err); err != nil && (!no || e.Kind != wire.NoToken) {
		t.Errorf("the error of a sender is %v", err)
	}
	return text, err == nil
}

// TestTokensAreFetchedBeforeTheyAreNeeded, replaced at two thirds of their life, and shared by all senders for an audience.
func TestTokensAreFetchedBeforeTheyAreNeeded(t *testing.T) {
	loggedIn(t, func() *office { return &office{} }, func(k *rt.Task, o *office, tokens func(string) wire.Tokens, n *node.Login, events *rt.Mailbox[event.Event]) {
		_ = k.Sleep(time.Second)
		if len(o.at) != 2 {
			t.Errorf("%d questions before anybody sends", len(o.at))
		}
		for range 2 * 60 * 6 {
			_ = k.Sleep(10 * time.Second)
			began := k.Now()
			if _, ok := tokenFor(t, k, tokens("stt"), ""); !ok || k.Now() != began {
				t.Fatalf("a sender waited %v", k.Now().Sub(began))
			}
		}
		if n := len(o.at) / 2; n < 12 || n > 14 { // 120 minutes, 9 to 10 minutes each
			t.Errorf("%d tokens in two hours", n)
		}
		for i := 2; i < len(o.at); i++ {
			if d := o.at[i].Sub(o.at[i-2]); d > 10*time.Minute+time.Second || d < 9*time.Minute {
				t.Errorf("the next one was asked for after %v", d)
			}
		}
		s := n.Shown()
		if s.Fetched != len(o.at) || len(s.Tokens) != 2 || s.Tokens[0].Until.IsZero() || s.Error != "" {
			t.Errorf("%+v", s)
		}
		if d := cmp.Diff([]string{"well"}, issuerSaid(k, events)); d != "" {
			t.Error(d)
		}
	})
}

// TestAnIssuerThatIsAway: tokens that live go on being used, then senders are told why there is none, and all is well when it is back. It
// is not asked more often than the pauses say.
func TestAnIssuerThatIsAway(t *testing.T) {
	const from, to = rt.Instant(5 * time.Minute), rt.Instant(65 * time.Minute)
	loggedIn(t, func() *office {
		return &office{says: func(_ int, now rt.Instant) error {
			if now >= from && now < to {
				return issuerAway
			}
			return nil
		}}
	}, func(k *rt.Task, o *office, tokens func(string) wire.Tokens, _ *node.Login, events *rt.Mailbox[event.Event]) {
		without := rt.Instant(0)
		for k.Now() < to.Add(time.Minute) {
			_ = k.Sleep(time.Second)
			_, ok := tokenFor(t, k, tokens("core"), "")
			switch now := k.Now(); {
			case !ok && (now < rt.Instant(14*time.Minute) || now > to.Add(31*time.Second)):
				t.Fatalf("there is no token at %v", now)
			case ok && now > rt.Instant(15*time.Minute) && now < to:
				t.Fatalf("there is a token at %v", now)
			case !ok && without == 0:
				without = now
			}
		}
		if without == 0 {
			t.Error("there was a token all the time")
		}
		if n := len(o.at); n < 100 || n > 260 { // 55 minutes, 15 to 30 s each
			t.Errorf("%d questions", n)
		}
		if d := cmp.Diff([]string{"well", "away ", "away stt", "well"}, issuerSaid(k, events)); d != "" && !strings.Contains(d, "away core") {
			t.Error(d)
		}
	})
}

// TestAnIssuerThatRefuses is told once, and asked seldom until the settings change.
func TestAnIssuerThatRefuses(t *testing.T) {
	open := false
	loggedIn(t, func() *office {
		open = false
		return &office{says: func(int, rt.Instant) error {
			if open {
				return nil
			}
			return issuerRefuses
		}}
	}, func(k *rt.Task, o *office, tokens func(string) wire.Tokens, n *node.Login, events *rt.Mailbox[event.Event]) {
		for range 3600 {
			_ = k.Sleep(time.Second)
			if _, ok := tokenFor(t, k, tokens("stt"), ""); ok {
				t.Fatal("there is a token")
			}
		}
		if len(o.at) > 2*10 {
			t.Errorf("it was asked %d times in an hour", len(o.at))
		}
		if d := cmp.Diff([]string{"refused stt"}, issuerSaid(k, events)); d != "" {
			t.Error(d)
		}
		open = true
		c := n.Config.Get()
		n.Update(&node.Login{Config: rt.NewCell(c)})
		_ = k.Sleep(2 * time.Second)
		if _, ok := tokenFor(t, k, tokens("stt"), ""); !ok {
			t.Error("new settings change nothing")
		}
		if d := cmp.Diff([]string{"well"}, issuerSaid(k, events)); d != "" {
			t.Error(d)
		}
	})
}

// TestAnIssuerThatAsksForTime is given it.
func TestAnIssuerThatAsksForTime(t *testing.T) {
	busy := &wire.Error{Op: "token", Kind: wire.Busy, Status: 429, RetryAfter: 4 * time.Minute}
	loggedIn(t, func() *office {
		return &office{says: func(n int, _ rt.Instant) error {
			if n == 1 {
				return busy
			}
			return nil
		}}
	}, func(k *rt.Task, o *office, tokens func(string) wire.Tokens, _ *node.Login, _ *rt.Mailbox[event.Event]) {
		_ = k.Sleep(5 * time.Minute)
		if d := o.at[1].Sub(o.at[0]); d < 4*time.Minute || d > 4*time.Minute+time.Second {
			t.Errorf("it was asked again after %v", d)
		}
	})
}

// TestARefusedToken: another one is fetched, once for all senders, unless it is so young that the server may not know its issuer's keys
// yet, or the issuer gives the same again.
func TestARefusedToken(t *testing.T) {
	for _, same := range []bool{false, true} {
		loggedIn(t, func() *office { return &office{same: same} }, func(k *rt.Task, o *office, tokens func(string) wire.Tokens, _ *node.Login, _ *rt.Mailbox[event.Event]) {
			_ = k.Sleep(time.Second)
			first, _ := tokenFor(t, k, tokens("stt"), "")
			if _, err := tokens("stt").Token(k, first); !errors.Is(err, wire.ErrSame) {
				t.Errorf("a young one is replaced: %v", err)
			}
			_ = k.Sleep(time.Minute)
			before := len(o.at)
			for range 20 {
				k.Go("sender", func(k *rt.Task) error {
					text, err := tokens("stt").Token(k, first)
					if !same && (err != nil || text == first) || same && !errors.Is(err, wire.ErrSame) {
						t.Errorf("instead of a refused one: %q, %v", text, err)
					}
					return nil
				})
			}
			_ = k.Sleep(time.Second)
			if n := len(o.at) - before; n != 1 {
				t.Errorf("20 refusals made %d questions", n)
			}
			for range 600 { // a server that refuses everything
				_ = k.Sleep(time.Second)
				text, _ := tokenFor(t, k, tokens("stt"), "")
				_, _ = tokens("stt").Token(k, text)
			}
			if n := len(o.at) - before; n > 62 {
				t.Errorf("a server that refuses everything made %d questions in ten minutes", n)
			}
		})
	}
}

// TestTokensThatHardlyLive do not make it ask more than once a second.
func TestTokensThatHardlyLive(t *testing.T) {
	loggedIn(t, func() *office { return &office{life: time.Second} }, func(k *rt.Task, o *office, tokens func(string) wire.Tokens, _ *node.Login, _ *rt.Mailbox[event.Event]) {
		_ = k.Sleep(time.Minute)
		if n := len(o.at); n > 2*61 {
			t.Errorf("%d questions in a minute", n)
		}
	})
}

// TestAClientThatBreaks is one question that failed.
func TestAClientThatBreaks(t *testing.T) {
	loggedIn(t, func() *office {
		return &office{says: func(n int, _ rt.Instant) error {
			if n == 1 {
				panic("a defect of the test")
			}
			return nil
		}}
	}, func(k *rt.Task, _ *office, tokens func(string) wire.Tokens, n *node.Login, _ *rt.Mailbox[event.Event]) {
		_ = k.Sleep(5 * time.Second)
		if _, ok := tokenFor(t, k, tokens("stt"), ""); !ok || n.Shown().Failed != 1 {
			t.Errorf("%+v", n.Shown())
		}
	})
}

// TestATokenOfAnotherAccount: settings that come while a question is under way do not get the token of the account before, nor its
// failure.
func TestATokenOfAnotherAccount(t *testing.T) {
	for _, fails := range []bool{false, true} {
		loggedIn(t, func() *office {
			return &office{says: func(n int, now rt.Instant) error {
				if n > 1 && now < rt.Instant(time.Minute+time.Second) && fails {
					return issuerRefuses
				}
				return nil
			}, life: 90 * time.Second}
		}, func(k *rt.Task, o *office, tokens func(string) wire.Tokens, n *node.Login, _ *rt.Mailbox[event.Event]) {
			for len(o.at) < 3 { // it renews one
				_ = k.Sleep(time.Millisecond)
			}
			other := &office{}
			n.Update(&node.Login{Config: rt.NewCell(node.LoginConfig{
				Client: other, Issuer: "https://core", Account: "attic", Audiences: []string{"stt", "core"}, MaxDelay: 30 * time.Second,
			})})
			for _, audience := range []string{"stt", "core"} {
				_, _ = tokenFor(t, k, tokens(audience), "")
			}
			_ = k.Sleep(100 * time.Millisecond)
			if len(other.at) != 2 {
				t.Errorf("the account in force was asked for %d tokens", len(other.at))
			}
			for _, audience := range []string{"stt", "core"} {
				if text, ok := tokenFor(t, k, tokens(audience), ""); !ok || text != audience+" 1" && text != audience+" 2" {
					t.Errorf("the token for %s is %q", audience, text)
				}
			}
		})
	}
}
