package auth

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"

	"orac/web/auth/internal/cost"
)

const (
	// MinPassword is in characters (NIST SP 800-63B asks for at least 8), maxPassword in bytes: bcrypt reads no more.
	MinPassword = 10
	maxPassword = 72
)

// CheckPassword says what is wrong with a new password, or returns nil. name is the user's, or "" if it is not known yet.
// Any characters are allowed (NIST SP 800-63B): what matters is the length, and that the password is not among those that
// are tried first.
func CheckPassword(name, password string) error {
	switch {
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		return Unfit("the password is not text")
	case utf8.RuneCountInString(password) < MinPassword:
		return Unfit(fmt.Sprintf("the password is too short: use at least %d characters", MinPassword))
	case len(password) > maxPassword:
		return Unfit(fmt.Sprintf("the password is too long: use at most %d bytes (bcrypt ignores the rest)", maxPassword))
	}
	if why := guessable(name, password); why != "" {
		return Unfit(why)
	}
	return nil
}

// HashPassword returns the bcrypt hash of a new password that CheckPassword accepts.
func HashPassword(name, password string) (string, error) {
	if err := CheckPassword(name, password); err != nil {
		return "", err
	}
	h, err := bcrypt.GenerateFromPassword([]byte(password), cost.New)
	return string(h), err
}

// comparer compares passwords with hashes, a few at a time: hashing is the expensive part of a login, and the microphone comes
// first. People who have logged in from their address before wait in a queue of their own, so strangers who guess cannot fill
// it.
type comparer struct {
	running         chan struct{}
	strangers, kept queue
	done            atomic.Int64 // comparisons
}

// queue holds those who wait for a comparison. Only its first few compete with those of the other queue, so the other queue
// never waits for more than these.
type queue struct{ waiting, first chan struct{} }

func newComparer() *comparer {
	n := max(1, runtime.GOMAXPROCS(0)/2)
	line := func(room int) queue { return queue{make(chan struct{}, room), make(chan struct{}, n)} }
	return &comparer{running: make(chan struct{}, n), strangers: line(8), kept: line(8)}
}

// busyFor is how long a caller is told to wait when the comparer is busy.
const busyFor = 2 * time.Second

// compare tells whether the password matches the hash. It takes the same time either way. known means that somebody has logged
// in from that address before.
func (c *comparer) compare(hash, password string, known bool) (bool, error) {
	q := c.strangers
	if known {
		q = c.kept
	}
	select {
	case q.waiting <- struct{}{}:
		defer func() { <-q.waiting }()
	default:
		return false, &Denied{Reason: "too many logins at once", RetryAfter: busyFor}
	}
	for _, turn := range []chan struct{}{q.first, c.running} { // each holder finishes within seconds
		turn <- struct{}{}
		defer func() { <-turn }()
	}
	c.done.Add(1)
	text := []byte(password)
	fits := len(text) <= maxPassword
	if !fits {
		text = text[:maxPassword] // costs as much work as any other
	}
	return bcrypt.CompareHashAndPassword([]byte(hash), text) == nil && fits, nil
}

// decoy returns a hash that costs as much as the most expensive one of the users. An unknown name is compared with it, so that it
// takes as long as a wrong password; the result does not matter, since there is nobody to let in.
func decoy(users map[string]user) string {
	dearest := cost.New
	for _, u := range users {
		if c, err := bcrypt.Cost([]byte(u.hash)); err == nil {
			dearest = max(dearest, c)
		}
	}
	return fmt.Sprintf("$2a$%02d$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW", dearest)
}
