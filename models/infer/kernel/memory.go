//go:build !asan

package kernel

import (
	"fmt"
	"slices"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Networks live outside Go's heap, side by side in regions that the kernel backs with pages of 2 MiB: their weights are read once a hop, in
// the order in which they lie there, and pages of 4 KiB cost a fifth more. The last of them stays in pages of 4 KiB until it is half full, so
// that little memory is held which nobody uses.
const (
	huge   = 2 << 20
	region = 16 << 20 // of addresses; memory is used as far as it is written to
)

var arena struct {
	mu      sync.Mutex // guards regions
	regions []*mapped
}

// mapped is a region with its free pieces, in the order of their addresses.
type mapped struct {
	whole []byte // as it was mapped
	bytes []byte // aligned to huge
	free  []piece
	large int // of bytes, from the beginning: in large pages
}

type piece struct{ from, to int }

// memory is what one network owns.
type memory struct{ owned []owned }

type owned struct {
	of *mapped
	piece
}

// take returns n zero bytes, aligned to 64.
func (m *memory) take(n int) (unsafe.Pointer, error) {
	n = (max(n, 1) + 63) &^ 63
	arena.mu.Lock()
	defer arena.mu.Unlock()
	for _, r := range arena.regions {
		if p, ok := r.fit(n); ok {
			return m.own(r, p), nil
		}
	}
	r, err := mapRegion(max(region, (n+huge-1)&^(huge-1)))
	if err != nil {
		return nil, err
	}
	arena.regions = append(arena.regions, r)
	p, _ := r.fit(n)
	return m.own(r, p), nil
}

func (m *memory) own(r *mapped, p piece) unsafe.Pointer {
	m.owned = append(m.owned, owned{r, p})
	r.enlarge()
	b := r.bytes[p.from:p.to]
	clear(b)
	return unsafe.Pointer(&b[0])
}

func mapRegion(size int) (*mapped, error) {
	whole, err := unix.Mmap(-1, 0, size+huge, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("memory for a network (%d MiB): %w", size>>20, err)
	}
	skip := int(-uintptr(unsafe.Pointer(&whole[0])) & (huge - 1))
	r := &mapped{whole: whole, bytes: whole[skip : skip+size], free: []piece{{0, size}}}
	_ = unix.Madvise(r.bytes, unix.MADV_NOHUGEPAGE) // kernels without large pages refuse
	return r, nil
}

// enlarge puts what is at least half full into large pages: at once, or on kernels before 6.1 when the system finds the time. Without them it is
// a little slower.
func (r *mapped) enlarge() {
	full := len(r.bytes)
	if len(r.free) > 0 {
		full = r.free[0].from
	}
	for ; full-r.large >= huge/2; r.large += huge {
		page := r.bytes[r.large : r.large+huge]
		_ = unix.Madvise(page, unix.MADV_HUGEPAGE)
		_ = unix.Madvise(page, unix.MADV_COLLAPSE)
	}
}

// fit cuts n bytes from the first free piece that has them.
func (r *mapped) fit(n int) (piece, bool) {
	i := slices.IndexFunc(r.free, func(p piece) bool { return p.to-p.from >= n })
	if i < 0 {
		return piece{}, false
	}
	p := &r.free[i]
	got := piece{p.from, p.from + n}
	if p.from += n; p.from == p.to {
		r.free = slices.Delete(r.free, i, i+1)
	}
	return got, true
}

// give returns a piece, and joins it with its free neighbours.
func (r *mapped) give(p piece) {
	i, _ := slices.BinarySearchFunc(r.free, p, func(a, b piece) int { return a.from - b.from })
	r.free = slices.Insert(r.free, i, p)
	if i+1 < len(r.free) && r.free[i].to == r.free[i+1].from {
		r.free[i].to = r.free[i+1].to
		r.free = slices.Delete(r.free, i+1, i+2)
	}
	if i > 0 && r.free[i-1].to == r.free[i].from {
		r.free[i-1].to = r.free[i].to
		r.free = slices.Delete(r.free, i, i+1)
	}
}

// release gives everything back. A region that nobody uses any more is unmapped.
func (m *memory) release() {
	arena.mu.Lock()
	defer arena.mu.Unlock()
	for _, o := range m.owned {
		o.of.give(o.piece)
	}
	m.owned = nil
	arena.regions = slices.DeleteFunc(arena.regions, func(r *mapped) bool {
		return len(r.free) == 1 && r.free[0] == piece{0, len(r.bytes)} && unix.Munmap(r.whole) == nil
	})
}
