package auth

import (
	"fmt"
	"runtime"
	"strings"
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
	h, err := bcrypt.GenerateFromPassword([]byte(password), Cost)
	return string(h), err
}

// comparer compares passwords with hashes, few at a time: hashing is what a login costs, and the microphone comes first.
type comparer struct {
	running chan struct{}
	waiting chan struct{}
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
	text := []byte(password)
	fits := len(text) <= maxPassword
	if !fits {
		text = text[:maxPassword] // as much work as any other
	}
	return bcrypt.CompareHashAndPassword([]byte(hash), text) == nil && fits, nil
}

// decoys are hashes by cost. A name that nobody has is compared with one, so that it takes as long as a wrong password; what
// the comparison says does not matter, since there is nobody to let in.
var decoys = map[int]string{
	12: "$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
	13: "$2a$13$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
	14: "$2a$14$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
	15: "$2a$15$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
}

// decoy gives a hash that costs as much as the dearest of the users'.
func decoy(users map[string]user) string {
	cost := Cost
	for _, u := range users {
		if c, err := bcrypt.Cost([]byte(u.hash)); err == nil {
			cost = max(cost, c)
		}
	}
	return decoys[min(cost, 15)]
}
