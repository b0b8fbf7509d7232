package auth

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
)

// sessionName is the cookie of a session; see cookieName.
const sessionName = "orac_session"

// maxSessions is how many browsers a user can be logged in with at once.
const maxSessions = 100

// What a session holds.
const (
	sessionUser  = "user"
	sessionEpoch = "epoch"
	sessionPrint = "print"
	sessionCSRF  = "csrf"
	sessionSince = "since" // when it began, in seconds since 1970 UTC
)

// sessions returns the policy's manager for requests with or without TLS.
func (p *policy) sessions(secure bool) *scs.SessionManager {
	m := *p.plain // a copy: StartSession gives it its own store
	if secure {
		m = *p.secure
	}
	return &m
}

func (p *policy) newSessions(d *DB, key []byte, secure bool) *scs.SessionManager {
	// Not scs.New: it starts a goroutine for an in-memory store that nobody can stop.
	m := &scs.SessionManager{Store: sessionStore{DB: d}, Codec: scs.GobCodec{}, Lifetime: p.sessionAbsolute, IdleTimeout: p.sessionIdle}
	m.Cookie = scs.SessionCookie{Name: cookieName(key, secure, sessionName), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Persist: true, Secure: secure}
	return m
}

// StartSession logs a user in with a browser. The session is always new, and any session that the browser brought is ended.
// Like a token, it is made from a proof.
func (g *Guard) StartSession(w http.ResponseWriter, r *http.Request, v Verified, via Via) (Identity, error) {
	g.checked()
	g.mu.RLock()
	defer g.mu.RUnlock()
	p := g.policy.Load()
	m := p.sessions(via.Secure)
	if back := g.forget(m, r); back != nil {
		g.renewing.work.Go(back)
	}
	ctx, err := m.Load(r.Context(), "")
	if err != nil {
		return Identity{}, err
	}
	csrf := rand.Text()
	m.Put(ctx, sessionUser, v.Identity().Subject())
	m.Put(ctx, sessionEpoch, v.epoch)
	m.Put(ctx, sessionPrint, v.print)
	m.Put(ctx, sessionCSRF, csrf)
	now := g.now()
	m.Put(ctx, sessionSince, now.Unix())
	m.Store = sessionStore{g.DB, func(tx *sql.Tx, cookie string) error {
		comes := v.kind == CoreUser && v.core.lent != nil
		if v.kind != User && !comes {
			return denied("proof: it is not good for sessions")
		}
		if _, err := g.stands(tx, v); err != nil || !comes {
			return err
		}
		return g.keepLent(tx, cookie, v)
	}}
	token, expires, err := m.Commit(ctx)
	if err != nil {
		return Identity{}, err
	}
	m.WriteSessionCookie(ctx, w, token, m.Deadline(ctx)) // the idle time is measured here, not by the browser
	v.session, v.since, v.core.lent = digest(token), now, nil
	return Identity{Kind: v.kind, Name: v.name, Role: v.role, Way: BySession, Expires: expires, CSRF: csrf, proof: v}, nil
}

// Session returns who a browser is logged in as, or nobody without an error if it is not logged in.
func (g *Guard) Session(r *http.Request, via Via) (Identity, error) { return g.session(r, via, true) }

// Unattended is the header of a request that a page makes on its own, without its reader. Such a request does not keep a session
// alive: otherwise a page that is left open would never be idle. Streams of events count as unattended without the header, since
// EventSource cannot send one.
const Unattended = "X-Unattended"

func unattended(r *http.Request) bool {
	return r.Header.Get(Unattended) != "" || r.Header.Get("Accept") == "text/event-stream"
}

// Recheck is Identify for a running stream: it does not keep a session alive.
func (g *Guard) Recheck(r *http.Request, via Via) (Identity, error) {
	if token := Bearer(r); token != "" {
		return g.token(token, via.From)
	}
	return g.session(r, via, false)
}

func (g *Guard) session(r *http.Request, via Via, touch bool) (Identity, error) {
	p := g.policy.Load()
	m := p.sessions(via.Secure)
	c, err := r.Cookie(m.Cookie.Name)
	if err != nil || c.Value == "" {
		return Identity{}, nil
	}
	if len(c.Value) > 256 {
		return Identity{}, denied("session: malformed")
	}
	ctx, err := m.Load(r.Context(), c.Value)
	if err != nil {
		return Identity{}, err
	}
	name := m.GetString(ctx, sessionUser)
	if name == "" {
		return Identity{}, denied("session: unknown or ended")
	}
	if kind, _ := ParseSubject(name); kind == CoreUser {
		i, err := g.coreSession(p, c.Value, name)
		if err != nil {
			return Identity{}, err
		}
		i.Way, i.CSRF = BySession, m.GetString(ctx, sessionCSRF)
		i.proof.session, i.proof.since = digest(c.Value), time.Unix(m.GetInt64(ctx, sessionSince), 0)
		i.Expires, err = g.stay(p, m, ctx, c.Value, touch)
		return i, err
	}
	who, ok := p.users[name]
	epoch, err := g.DB.epoch(user{kind: User, name: name}.subject())
	switch {
	case err != nil:
		return Identity{}, err
	case !ok:
		err = deniedOf(name, "session: its user was removed")
	case m.GetString(ctx, sessionPrint) != who.print:
		err = deniedOf(name, "session: password or role changed since")
	case epoch == "" || m.GetString(ctx, sessionEpoch) != epoch:
		err = deniedOf(name, "session: logged out everywhere since")
	}
	if err != nil {
		_ = g.DB.deleteSession(c.Value) // it is no longer valid, and will be swept
		return Identity{}, err
	}
	expires, err := g.stay(p, m, ctx, c.Value, touch)
	if err != nil {
		return Identity{}, err
	}
	proof := Verified{kind: User, name: name, role: who.role, print: who.print, epoch: epoch, session: digest(c.Value), since: time.Unix(m.GetInt64(ctx, sessionSince), 0)}
	return Identity{Kind: User, Name: name, Role: who.role, Way: BySession, Expires: expires, CSRF: m.GetString(ctx, sessionCSRF), proof: proof}, nil
}

// stay returns when a session ends that is used no more, and keeps it alive if touch is set.
func (g *Guard) stay(p *policy, m *scs.SessionManager, ctx context.Context, cookie string, touch bool) (time.Time, error) {
	now := time.Now()
	expires := now.Add(p.sessionIdle)
	if end := m.Deadline(ctx); end.Before(expires) {
		expires = end
	}
	if !touch {
		return expires, nil
	}
	return expires, g.DB.touchSession(cookie, now, expires, p.sessionIdle/10)
}

// EndSession logs a browser out. If it was logged in with the issuer, its tokens end there too, or the log says why not.
func (g *Guard) EndSession(w http.ResponseWriter, r *http.Request, via Via) {
	m := g.policy.Load().sessions(via.Secure)
	if back := g.forget(m, r); back != nil {
		back()
	}
	m.WriteSessionCookie(r.Context(), w, "", time.Time{})
}

// forget ends the session that a browser sends. What it returns ends its tokens at the issuer; nil if there are none.
func (g *Guard) forget(m *scs.SessionManager, r *http.Request) (back func()) {
	if c, err := r.Cookie(m.Cookie.Name); err == nil && c.Value != "" && len(c.Value) <= 256 {
		back = g.giveBack(c.Value)
		_ = g.DB.deleteSession(c.Value) // if the disk fails, the session expires by its time
	}
	return back
}

// sessionStore keeps sessions by the hash of their token. An ended session stays ended: only new ones are inserted.
// stands, if set, runs in the transaction that inserts a session and refuses a proof that no longer holds.
type sessionStore struct {
	*DB
	stands func(tx *sql.Tx, cookie string) error
}

// Find implements scs.Store.
func (s sessionStore) Find(token string) (data []byte, found bool, err error) {
	err = s.db.QueryRow("SELECT data FROM sessions WHERE token = ? AND expires > ?", digest(token), time.Now().UnixMicro()).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return data, err == nil, err
}

// Commit implements scs.Store.
func (s sessionStore) Commit(token string, data []byte, expires time.Time) error {
	_, values, err := scs.GobCodec{}.Decode(data)
	if err != nil {
		return err
	}
	name, _ := values[sessionUser].(string)
	if s.stands == nil {
		return errors.New("BUG: a session of nobody who was proven")
	}
	return s.write(func(tx *sql.Tx) error {
		if err := s.stands(tx, token); err != nil {
			return err
		}
		_, err := tx.Exec("INSERT INTO sessions (token, subject, data, expires, due) VALUES (?, ?, ?, ?, ?)",
			digest(token), name, data, expires.UnixMicro(), s.due(expires.Sub(s.clock.wall())))
		if err == nil { // repeated logins end the user's own oldest sessions instead of filling the disk
			_, err = tx.Exec("DELETE FROM sessions WHERE subject = ?1 AND token <> ?3 AND token NOT IN (SELECT token FROM sessions WHERE subject = ?1 AND token <> ?3 ORDER BY expires DESC LIMIT ?2)", name, maxSessions-1, digest(token))
		}
		return err
	})
}

// Delete implements scs.Store.
func (s sessionStore) Delete(token string) error { return s.deleteSession(token) }

func (d *DB) deleteSession(token string) error {
	_, err := d.db.Exec("DELETE FROM sessions WHERE token = ?", digest(token))
	return err
}

// touchSession extends a session, unless the extension would be shorter than step: most requests write nothing.
func (d *DB) touchSession(token string, now, expires time.Time, step time.Duration) error {
	_, err := d.db.Exec("UPDATE sessions SET expires = ?1, due = ?5 WHERE token = ?2 AND expires > ?3 AND expires < ?4",
		expires.UnixMicro(), digest(token), now.UnixMicro(), expires.Add(-step).UnixMicro(), d.due(expires.Sub(now)))
	return err
}

// CheckCSRF tells whether a changing request that uses a session carries the session's token.
func CheckCSRF(i Identity, given string) bool {
	return i.Way != BySession || i.CSRF != "" && equal(given, i.CSRF)
}

// Bearer returns the bearer token of a request, or "". With two Authorization headers there is none: a proxy in front may have looked at
// the other one.
func Bearer(r *http.Request) string {
	if len(r.Header["Authorization"]) > 1 {
		return ""
	}
	kind, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(kind, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
