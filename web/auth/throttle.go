package auth

import (
	"net/netip"
	"sync"
	"time"
)

// Guessing a password costs time: the first tries are free, then each must wait twice as long as the one before, up to a
// bound. Tries are counted when they begin, so that it does not matter how many are made side by side.
const (
	freeTries     = 3
	firstDelay    = time.Second
	maxUserDelay  = 30 * time.Second // short: else anybody could keep a user out
	maxAddrDelay  = 15 * time.Minute
	forgetAfter   = time.Hour // without a try
	maxThrottled  = 10_000    // names, and addresses, that are remembered
	maxKnownPairs = 1000
)

// throttle slows guessing down. It may be used by many at once.
type throttle struct {
	mu    sync.Mutex // guards everything that follows
	users map[string]*tries
	addrs map[string]*tries
	known map[string]time.Time // user and address that have got in: others' tries do not hold these up
	names bool                 // addresses do not count: what is guessed at cannot be guessed, and only costs
}

type tries struct {
	n    int
	next time.Time // no try before that
	last time.Time
}

func newThrottle() *throttle {
	return &throttle{users: map[string]*tries{}, addrs: map[string]*tries{}, known: map[string]time.Time{}}
}

func newGuesses() *throttle {
	t := newThrottle()
	t.names = true
	return t
}

// begin counts a try, or says how long to wait with it.
func (t *throttle) begin(user string, from netip.Addr) (wait time.Duration) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	u, a := t.userKey(user, from), Network(from)
	if wait = max(held(t.users, u, now), held(t.addrs, a, now)); wait > 0 {
		return wait // nothing is remembered of it: names that nobody looks at push none out
	}
	entry(t.users, u, now).count(now, maxUserDelay)
	if !t.names {
		entry(t.addrs, a, now).count(now, maxAddrDelay)
	}
	return 0
}

// held is how long what has a key must wait.
func held(m map[string]*tries, key string, now time.Time) time.Duration {
	if e := m[key]; e != nil && now.Sub(e.last) < forgetAfter {
		return e.next.Sub(now)
	}
	return 0
}

// succeed takes back what begin has counted. Of an address only this try is: it may have guessed at other users.
func (t *throttle) succeed(user string, from netip.Addr) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.users, t.userKey(user, from))
	if a := t.addrs[Network(from)]; a != nil {
		if a.n--; a.n <= freeTries {
			a.next = time.Time{}
		}
	}
	if len(t.known) >= maxKnownPairs {
		drop(t.known, func(at time.Time) time.Time { return at })
	}
	t.known[pair(user, from)] = now
}

// knows tells whether the user has got in from there before.
func (t *throttle) knows(user string, from netip.Addr) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.known[pair(user, from)].IsZero()
}

func pair(user string, from netip.Addr) string { return user + "\x00" + Network(from) }

// userKey is what tries at a user are counted under: where the user has logged in from before, apart from all others.
func (t *throttle) userKey(user string, from netip.Addr) string {
	if p := pair(user, from); !t.known[p].IsZero() {
		return p
	}
	return user
}

func entry(m map[string]*tries, key string, now time.Time) *tries {
	e := m[key]
	if e != nil && now.Sub(e.last) < forgetAfter {
		return e
	}
	if e == nil && len(m) >= maxThrottled {
		drop(m, func(e *tries) time.Time { return e.last })
	}
	e = &tries{last: now}
	m[key] = e
	return e
}

// drop makes room: it removes the oldest of some entries, whichever the map gives first.
func drop[V any](m map[string]V, age func(V) time.Time) {
	oldest, found, n := "", time.Time{}, 0
	for key, v := range m {
		if at := age(v); n == 0 || at.Before(found) {
			oldest, found = key, at
		}
		if n++; n == 64 {
			break
		}
	}
	delete(m, oldest)
}

func (e *tries) count(now time.Time, longest time.Duration) {
	e.n++
	e.last = now
	if over := e.n - freeTries; over >= 0 {
		delay := longest
		if over < 20 {
			delay = min(longest, firstDelay<<over)
		}
		e.next = now.Add(delay)
	}
}

// Network is what counts as one address: of IPv6 the first 64 bits, since whoever has one has all of them.
func Network(a netip.Addr) string {
	a = a.Unmap()
	if a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
