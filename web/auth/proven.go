package auth

import (
	"crypto/sha256"
	"sync"
)

// proven remembers what bcrypt has found true, so that a program that comes often does not cost a hash each time.
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
