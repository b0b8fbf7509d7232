package auth

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
)

const (
	// Cost of bcrypt: some 250 ms on the machines of 2025.
	Cost = 12
	// MinPassword is in characters (NIST SP 800-63B asks for 8 at least), maxPassword in bytes: bcrypt looks at no more.
	MinPassword = 10
	maxPassword = 72
)

// cost is Cost, but for tests of what does not depend on it: with the race detector a hash takes seconds.
var cost = Cost

// CheckPassword says what is wrong with a new password; nil if nothing.
func CheckPassword(password string) error {
	switch {
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		return Unfit("the password is not text")
	case utf8.RuneCountInString(password) < MinPassword:
		return Unfit(fmt.Sprintf("the password is too short: take at least %d characters", MinPassword))
	case len(password) > maxPassword:
		return Unfit(fmt.Sprintf("the password is too long: bcrypt looks at %d bytes and no more", maxPassword))
	}
	return nil
}

// HashPassword gives the bcrypt hash of a password.
func HashPassword(password string) (string, error) {
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	h, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	return string(h), err
}

// comparer compares passwords with hashes, few at a time: hashing is what a login costs, and the microphone comes first.
type comparer struct {
	running chan struct{}
	waiting chan struct{}
	done    atomic.Int64 // comparisons
}

func newComparer() *comparer {
	return &comparer{running: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)), waiting: make(chan struct{}, 8)}
}

// busyFor is how long who finds the comparer busy is told to wait.
const busyFor = 2 * time.Second

// compare tells whether the password has the hash. It takes as long whatever it finds.
func (c *comparer) compare(hash, password string) (bool, error) {
	select {
	case c.waiting <- struct{}{}:
		defer func() { <-c.waiting }()
	default:
		return false, &Denied{Reason: "too many logins at once", RetryAfter: busyFor}
	}
	c.running <- struct{}{} // whoever runs ends within a second
	defer func() { <-c.running }()
	c.done.Add(1)
	text := []byte(password)
	fits := len(text) <= maxPassword
	if !fits {
		text = text[:maxPassword] // as much work as any other
	}
	return bcrypt.CompareHashAndPassword([]byte(hash), text) == nil && fits, nil
}

// decoy gives a hash that costs as much as the dearest of the users'. A name that nobody has is compared with it, so that it takes
// as long as a wrong password; what the comparison says does not matter, since there is nobody to let in.
func decoy(users map[string]user) string {
	dearest := cost
	for _, u := range users {
		if c, err := bcrypt.Cost([]byte(u.hash)); err == nil {
			dearest = max(dearest, c)
		}
	}
	return fmt.Sprintf("$2a$%02d$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW", dearest)
}
