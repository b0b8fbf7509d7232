package auth

import (
	"crypto/sha256"
	"slices"
	"sync"
	"time"
)

// proven remembers what bcrypt has accepted, so that a program that calls often does not cost a hash each time.
type proven struct {
	mu   sync.Mutex // guards sums
	sums map[[sha256.Size]byte]bool
}

func (p *proven) has(sum [sha256.Size]byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sums[sum]
}

func (p *proven) add(sum [sha256.Size]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sums == nil || len(p.sums) >= maxProven {
		p.sums = map[[sha256.Size]byte]bool{} // they prove themselves again
	}
	p.sums[sum] = true
}

// signed remembers tokens whose signature and claims were found valid, so that a program that calls often does not cost as
// much each time. Whether a token is valid now is checked each time: its owner, the owner's password and role, revocation, the
// key and the time.
type signed struct {
	mu     sync.Mutex // guards tokens
	tokens map[[sha256.Size]byte]verified
}

// verified is a token that was valid once.
type verified struct {
	claims claims
	key    string  // ID of the key that signed it
	by     *policy // the policy whose issuer and audience it matched
}

// maxSigned is how many are remembered; a token is less than 4 KiB, and usually a few hundred
// bytes.
const maxSigned = 256

// get returns the claims of a token that was valid before and whose key and time are still valid. Any other token must be
// checked in full, to find out what is wrong with it.
func (s *signed) get(sum [sha256.Size]byte, p *policy, keys []signingKey, now time.Time) (claims, bool) {
	s.mu.Lock()
	v, ok := s.tokens[sum]
	s.mu.Unlock()
	if !ok || v.by != p || !slices.ContainsFunc(keys, func(k signingKey) bool { return k.id == v.key }) {
		return claims{}, false
	}
	c := v.claims
	early, late := now.Add(leeway), now.Add(-leeway)
	return c, late.Before(c.ExpiresAt.Time) && !early.Before(c.IssuedAt.Time) && (c.NotBefore == nil || !early.Before(c.NotBefore.Time))
}

func (s *signed) add(sum [sha256.Size]byte, v verified) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens == nil || len(s.tokens) >= maxSigned {
		s.tokens = map[[sha256.Size]byte]verified{} // they are checked again
	}
	s.tokens[sum] = v
}
