package enrol

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	// CodeLife is how long a code is good.
	CodeLife = 15 * time.Minute
	// mostOpen is how many codes may be open at a time.
	mostOpen = 16
	// mostWrong is how many wrong proofs a code bears, and mostWrongOfAll how many wrong tries everybody may make in a minute.
	mostWrong      = 5
	mostWrongOfAll = 100
)

// Ticket is what a code is good for.
type Ticket struct {
	Member string    `json:"member"`
	URL    string    `json:"url,omitempty"` // of its console; "" if it has none
	By     string    `json:"by"`            // who has made it, as audit records name them
	Ends   time.Time `json:"ends"`

	keys   keys
	wrong  int
	stands func() bool
}

// Book keeps the open codes in memory: a restart ends them, and nothing on the disk is worth a code. It is safe for concurrent use. The
// zero value has none.
type Book struct {
	mu    sync.Mutex // guards everything that follows
	open  []*Ticket
	wrong []time.Time // the wrong tries of the last minute
	decoy keys        // proves as no code does
}

// Errors of a Book.
var (
	ErrFull = errors.New("16 codes are open: wait until one is used or has expired")
	// ErrNoCode is the same for a code that never was, is used or expired, and for a wrong proof.
	ErrNoCode  = errors.New("the code is wrong, used or expired")
	ErrTooMany = errors.New("too many wrong codes: try again in a minute")
)

// Open makes a code. It replaces an open one for the same member.
func (b *Book) Open(t Ticket) (Code, Ticket, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sweep()
	b.open = slices.DeleteFunc(b.open, func(o *Ticket) bool { return o.Member == t.Member })
	if len(b.open) >= mostOpen {
		return Code{}, Ticket{}, ErrFull
	}
	c := NewCode()
	t.keys, t.Ends, t.wrong = c.keys(), time.Now().Add(CodeLife), 0
	b.open = append(b.open, &t)
	return c, t, nil
}

// List returns the open codes, oldest first, without anything that proves them.
func (b *Book) List() (list []Ticket) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sweep()
	for _, t := range b.open {
		list = append(list, Ticket{Member: t.Member, URL: t.URL, By: t.By, Ends: t.Ends})
	}
	return list
}

// Cancel ends the open code of a member, and tells whether there was one.
func (b *Book) Cancel(member string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := len(b.open)
	b.open = slices.DeleteFunc(b.open, func(t *Ticket) bool { return t.Member == member })
	return len(b.open) < was
}

// hello proves to whoever names a code that this side knows it. For a code that is not open it makes a proof that convinces nobody, in
// the same time: the answer does not tell which codes there are.
func (b *Book) hello(id string, ch []byte, said ...[]byte) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sweep()
	if len(b.wrong) >= mostWrongOfAll {
		return nil, ErrTooMany
	}
	t := b.find(id)
	k := b.nobody()
	if t != nil {
		k = t.keys
	} else {
		b.wrong = append(b.wrong, time.Now())
	}
	return k.prove(issuerSide, stepHello, ch, said...), nil
}

// proven returns the ticket of a code whose knowledge is proven. A wrong proof counts against the code, which ends after five.
func (b *Book) proven(id, step string, ch, proof []byte, said ...[]byte) (Ticket, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sweep()
	if len(b.wrong) >= mostWrongOfAll {
		return Ticket{}, ErrTooMany
	}
	t := b.find(id)
	k := b.nobody()
	if t != nil {
		k = t.keys
	}
	good := subtle.ConstantTimeCompare(k.prove(memberSide, step, ch, said...), proof) == 1
	if good && t != nil {
		return *t, nil
	}
	b.wrong = append(b.wrong, time.Now())
	if t != nil {
		if t.wrong++; t.wrong >= mostWrong {
			b.drop(t.keys.id)
		}
	}
	return Ticket{}, ErrNoCode
}

// take uses a code up. Only one caller gets it.
func (b *Book) take(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sweep()
	if b.find(id) == nil {
		return false
	}
	b.drop(id)
	return true
}

// putBack opens a code again that was taken for nothing, as long as it was good.
func (b *Book) putBack(t Ticket) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Now().Before(t.Ends) && len(b.open) < mostOpen && !slices.ContainsFunc(b.open, func(o *Ticket) bool { return o.Member == t.Member }) {
		b.open = append(b.open, &t)
	}
}

// find compares with all open codes, so that its time tells nothing. The caller holds the lock.
func (b *Book) find(id string) (found *Ticket) {
	for _, t := range b.open {
		if subtle.ConstantTimeCompare([]byte(t.keys.id), []byte(id)) == 1 {
			found = t
		}
	}
	return found
}

func (b *Book) drop(id string) {
	b.open = slices.DeleteFunc(b.open, func(t *Ticket) bool { return t.keys.id == id })
}

// nobody returns keys that belong to no code. The caller holds the lock.
func (b *Book) nobody() keys {
	if b.decoy.issuer == nil {
		b.decoy = keys{issuer: make([]byte, 32), member: make([]byte, 32)}
		_, _ = rand.Read(b.decoy.issuer) // never fails
		_, _ = rand.Read(b.decoy.member)
	}
	return b.decoy
}

// sweep forgets what has expired. The caller holds the lock.
func (b *Book) sweep() {
	now := time.Now()
	b.open = slices.DeleteFunc(b.open, func(t *Ticket) bool { return !now.Before(t.Ends) })
	b.wrong = slices.DeleteFunc(b.wrong, func(at time.Time) bool { return now.Sub(at) >= time.Minute })
}
