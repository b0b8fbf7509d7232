package auth

import (
	"net/netip"
	"sync"
	"time"
)

// Guessing a password costs time: the first tries are free, then each must wait twice as long as the one before, up to a
// limit. Tries are counted when they begin, so making many in parallel does not help. All times are monotonic: setting the
// machine's clock neither frees nor delays anybody.
const (
	freeTries    = 3
	firstDelay   = time.Second
	maxUserDelay = 30 * time.Second // short: otherwise anybody could lock a user out
	maxAddrDelay = 15 * time.Minute
	forgetAfter  = time.Hour // without a try
	maxThrottled = 10_000    // names and addresses that are remembered
)

// setupKind is the kind of guesses at the set-up code.
const setupKind Kind = "setup"

// throttle slows down guessing. It is safe for concurrent use.
//
// Each target of guesses (a person, an account or the set-up) has a separate budget at each address: wrong secrets of a
// service account do not keep out others who share its address. Somebody who has logged in from an address before has a
// private budget there, which is not used up by guesses at the same name from elsewhere or at other names from the same
// address.
type throttle struct {
	passed func() time.Duration // monotonic
	names  bool                 // addresses do not count: what is guessed at cannot be guessed, and a guess only costs time

	mu    sync.Mutex // guards everything that follows
	users map[lane]*tries
	addrs map[lane]*tries
	known map[lane]time.Duration // who has logged in from where, and when that was last due to be stored
}

// lane is what tries are counted under: somebody everywhere, somebody at a network, or a kind at a network. It is a struct and
// not a text because a name may hold any byte.
type lane struct {
	kind          Kind
	name, network string
}

type tries struct {
	n    int
	next time.Duration // no try before that
	last time.Duration
}

func newThrottle(passed func() time.Duration) *throttle {
	return &throttle{passed: passed, users: map[lane]*tries{}, addrs: map[lane]*tries{}, known: map[lane]time.Duration{}}
}

func newGuesses(passed func() time.Duration) *throttle {
	t := newThrottle(passed)
	t.names = true
	return t
}

// begin counts a try, or returns how long to wait before it.
func (t *throttle) begin(kind Kind, name string, from netip.Addr) (wait time.Duration) {
	now := t.passed()
	t.mu.Lock()
	defer t.mu.Unlock()
	u, a, known := t.keys(kind, name, from)
	if wait = held(t.users, u, now); !known {
		wait = max(wait, held(t.addrs, a, now))
	}
	if wait > 0 {
		return wait // the try is not remembered: names that nobody looks at displace no others
	}
	entry(t.users, u, now).count(now, maxUserDelay)
	if !known && !t.names {
		entry(t.addrs, a, now).count(now, maxAddrDelay)
	}
	return 0
}

// keys returns what a try is counted under: a name and an address. Somebody who has logged in from there before has a private
// name there, and so has everybody at the set-up, where nothing can be guessed.
func (t *throttle) keys(kind Kind, name string, from netip.Addr) (user, addr lane, known bool) {
	user = lane{kind, name, Network(from)}
	if _, known = t.known[user]; !known && kind != setupKind {
		user.network = ""
	}
	return user, lane{kind, "", Network(from)}, known
}

// held returns how long the owner of a key must wait.
func held(m map[lane]*tries, key lane, now time.Duration) time.Duration {
	if e := m[key]; e != nil && now-e.last < forgetAfter {
		return e.next - now
	}
	return 0
}

// succeed takes back what begin has counted. For the address it takes back only this try: other users may have been guessed at
// from there. remember tells whether to store the login across restarts, which is done once a day.
func (t *throttle) succeed(kind Kind, name string, from netip.Addr) (remember bool) {
	now := t.passed()
	t.mu.Lock()
	defer t.mu.Unlock()
	user, addr, known := t.keys(kind, name, from)
	delete(t.users, user)
	if a := t.addrs[addr]; a != nil && !known {
		if a.n--; a.n <= freeTries {
			a.next = 0
		}
	}
	if kind == setupKind {
		return false
	}
	user.network = addr.network
	if known && now-t.known[user] < rememberEvery {
		return false
	}
	if !known {
		t.forgetOne(kind, name)
	}
	t.known[user] = now
	return true
}

// rememberEvery is how often a login of the same pair is stored.
const rememberEvery = 24 * time.Hour

// forgetOne makes room for one more network of somebody who has the most of them: one person's networks never
// displace another's.
func (t *throttle) forgetOne(kind Kind, name string) {
	n, oldest := 0, lane{}
	for l, at := range t.known {
		if l.kind != kind || l.name != name {
			continue
		}
		if n++; n == 1 || at < t.known[oldest] {
			oldest = l
		}
	}
	if n >= maxKnown {
		delete(t.known, oldest)
	}
}

// knows tells whether somebody has logged in from there before.
func (t *throttle) knows(kind Kind, name string, from netip.Addr) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, known := t.known[lane{kind, name, Network(from)}]
	return known
}

func entry(m map[lane]*tries, key lane, now time.Duration) *tries {
	e := m[key]
	if e != nil && now-e.last < forgetAfter {
		return e
	}
	if e == nil && len(m) >= maxThrottled {
		drop(m)
	}
	e = &tries{last: now}
	m[key] = e
	return e
}

// drop makes room: it removes the oldest of a few entries, which the map picks at random.
func drop(m map[lane]*tries) {
	oldest, n := lane{}, 0
	for key, e := range m {
		if n == 0 || e.last < m[oldest].last {
			oldest = key
		}
		if n++; n == 64 {
			break
		}
	}
	delete(m, oldest)
}

func (e *tries) count(now, longest time.Duration) {
	e.n++
	e.last = now
	if over := e.n - freeTries; over >= 0 {
		delay := longest
		if over < 20 {
			delay = min(longest, firstDelay<<over)
		}
		e.next = now + delay
	}
}

// Network returns what counts as one address: for IPv6 the first 64 bits, since one customer has the
// whole rest.
func Network(a netip.Addr) string {
	a = a.Unmap()
	if a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
