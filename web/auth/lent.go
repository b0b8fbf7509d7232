package auth

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"orac/web/trust"
)

// A session of somebody who has logged in with the issuer holds what the issuer has lent: an access token, which says what the person
// may do, and a refresh token, with which the session gets the next one. Both are encrypted with a key that is made from the session's
// cookie, which is stored nowhere: who reads the database gets in nowhere with it.

const (
	lentPurpose = "lent tokens 1"
	// renewEarly is which part of an access token's life is left when it is renewed, beside the work of the session.
	renewEarly = 3
	// renewAgain is how long a session waits after a try that failed.
	renewAgain = 15 * time.Second
	// maxRenewing is how many sessions are renewed at a time.
	maxRenewing = 8
)

// renewing are the sessions that get their next tokens, by digest.
type renewing struct {
	mu     sync.Mutex // guards everything that follows
	now    map[string]chan struct{}
	failed map[string]time.Time
	closed bool

	work sync.WaitGroup
}

// close waits for what is under way: each question has a timeout.
func (n *renewing) close() {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.work.Wait()
}

// keepLent stores what a new session has been lent.
func (g *Guard) keepLent(tx *sql.Tx, cookie string, v Verified) error {
	sealed, err := sealLent(cookie, *v.core.lent)
	if err != nil {
		return err
	}
	_, err = tx.Exec("INSERT INTO lent (session, issuer, subject, issued, expires, sealed) VALUES (?, ?, ?, ?, ?, ?)",
		digest(cookie), v.core.issuer, v.Identity().Subject(), g.now().UnixMicro(), v.core.expires.UnixMicro(), sealed)
	return err
}

func sealLent(cookie string, l trust.Lent) ([]byte, error) {
	l.ID = ""
	text, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	a, err := aead([]byte(cookie), lentPurpose)
	if err != nil {
		return nil, err
	}
	return a.Seal(nil, nil, text, nil), nil
}

// lentRow is what the database has of a session.
type lentRow struct {
	issuer, subject string
	issued, expires time.Time
	trust.Lent
}

// findLent returns what a session has been lent.
func (g *Guard) findLent(cookie string) (l lentRow, err error) {
	var issued, expires int64
	var sealed []byte
	err = g.DB.db.QueryRow("SELECT issuer, subject, issued, expires, sealed FROM lent WHERE session = ?", digest(cookie)).Scan(&l.issuer, &l.subject, &issued, &expires, &sealed)
	if err != nil {
		return l, err
	}
	l.issued, l.expires = fromMicros(issued), fromMicros(expires)
	a, err := aead([]byte(cookie), lentPurpose)
	if err != nil {
		return l, err
	}
	text, err := a.Open(nil, nil, sealed, nil)
	if err != nil {
		return l, err
	}
	return l, json.Unmarshal(text, &l.Lent)
}

// coreSession returns who a session of the issuer's user is now. The role is that of the present access token, and at most that of the
// runbook.
func (g *Guard) coreSession(p *policy, cookie, subject string) (Identity, error) {
	l, err := g.findLent(cookie)
	t := p.trusted
	switch {
	case errors.Is(err, sql.ErrNoRows):
		err = deniedOf(subject, "session: unknown or ended")
	case err != nil:
		return Identity{}, err
	case t == nil || t.issuer.URL() != l.issuer:
		err = deniedOf(subject, "session: its issuer is no longer trusted")
	}
	if err != nil {
		_ = g.DB.deleteSession(cookie) // it is no longer valid, and will be swept
		return Identity{}, err
	}
	now := g.now()
	over := now.After(l.expires.Add(trust.Leeway))
	if over || l.expires.Sub(now) < l.expires.Sub(l.issued)/renewEarly {
		if done := g.renew(t, cookie); over && done != nil {
			<-done // a renewal has a timeout
			if l, err = g.findLent(cookie); errors.Is(err, sql.ErrNoRows) {
				return Identity{}, deniedOf(subject, "session: ended by its issuer")
			} else if err != nil {
				return Identity{}, err
			}
		}
	}
	who, err := g.coreIdentity(t, l.Access)
	switch {
	case err == nil:
		return who, nil
	case Reason(err) == endedByIssuer:
		_ = g.DB.deleteSession(cookie)
		return Identity{}, deniedOf(subject, "session: ended by its issuer")
	case g.now().After(l.expires.Add(trust.Leeway)): // it stays: when the issuer is back, so is the session
		return Identity{}, deniedOf(subject, "session: its issuer is away for too long")
	}
	return Identity{}, deniedOf(subject, "session: "+Reason(err))
}

// renew gets the next tokens of a session, beside its work. What it returns is closed when that has ended; nil: it is not the time.
func (g *Guard) renew(t *trusted, cookie string) <-chan struct{} {
	n, hash := &g.renewing, digest(cookie)
	n.mu.Lock()
	defer n.mu.Unlock()
	if done := n.now[hash]; done != nil {
		return done
	}
	if n.closed || len(n.now) >= maxRenewing || time.Since(n.failed[hash]) < renewAgain {
		return nil
	}
	if n.now == nil {
		n.now, n.failed = map[string]chan struct{}{}, map[string]time.Time{}
	}
	done := make(chan struct{})
	n.now[hash] = done
	n.work.Go(func() {
		defer close(done)
		ok := g.renewNow(t, cookie)
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.now, hash)
		if ok {
			delete(n.failed, hash)
			return
		}
		for other, at := range n.failed {
			if time.Since(at) >= renewAgain {
				delete(n.failed, other)
			}
		}
		n.failed[hash] = time.Now()
	})
	return done
}

// renewNow tells whether a session has new tokens, or has ended.
func (g *Guard) renewNow(t *trusted, cookie string) bool {
	l, err := g.findLent(cookie) // as it is now: another may just have ended
	if err != nil || l.expires.Sub(g.now()) >= l.expires.Sub(l.issued)/renewEarly {
		return err == nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), trust.AskTimeout)
	defer cancel()
	fresh, err := t.lender.Renew(ctx, t.audience, l.Refresh)
	switch {
	case errors.Is(err, trust.ErrRefused): // logged out there, or removed, or changed
		return g.DB.deleteSession(cookie) == nil
	case err != nil:
		g.logger().Warn("the issuer does not renew a session: it lasts until its token expires", "issuer", l.issuer, "who", l.subject, "cause", err)
		return false
	}
	who, err := g.coreIdentity(t, fresh.Access)
	if err != nil || who.Subject() != l.subject || fresh.Refresh == "" {
		g.logger().Warn("the issuer renews a session with a token that does not fit: the session has ended", "issuer", l.issuer, "who", l.subject, "cause", Reason(err))
		return g.DB.deleteSession(cookie) == nil
	}
	sealed, err := sealLent(cookie, fresh)
	if err == nil {
		err = g.DB.write(func(tx *sql.Tx) error {
			_, err := tx.Exec("UPDATE lent SET sealed = ?, issued = ?, expires = ? WHERE session = ?", sealed, g.now().UnixMicro(), who.Expires.UnixMicro(), digest(cookie))
			return err
		})
	}
	if err != nil { // the refresh token is used up, so the session ends with its present one
		g.logger().Error("cannot store the renewed tokens of a session", "who", l.subject, "cause", err)
	}
	return err == nil
}

// giveBack returns what ends, at the issuer, the tokens of a session that ends here; nil if there are none.
func (g *Guard) giveBack(cookie string) func() {
	l, err := g.findLent(cookie)
	t := g.policy.Load().trusted
	if err != nil || t == nil || t.issuer.URL() != l.issuer {
		return nil
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), trust.AskTimeout)
		defer cancel()
		if err := t.lender.Revoke(ctx, t.audience, l.Refresh); err != nil {
			g.logger().Warn("the issuer does not end the tokens of a session that has ended: they expire", "issuer", l.issuer, "who", l.subject, "cause", err)
		}
	}
}
