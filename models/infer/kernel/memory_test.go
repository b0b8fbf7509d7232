//go:build !asan

package kernel

import (
	"testing"
	"unsafe"
)

// TestMemoryIsGivenBack: what is free is joined and used again, and a region that nobody uses is unmapped.
func TestMemoryIsGivenBack(t *testing.T) {
	mapped := func() (n int) {
		arena.mu.Lock()
		defer arena.mu.Unlock()
		for _, r := range arena.regions {
			n += len(r.bytes)
		}
		return n
	}
	before := mapped()
	take := func(m *memory, n int) []byte {
		p, err := m.take(n)
		if err != nil {
			t.Fatal(err)
		}
		if uintptr(p)%64 != 0 {
			t.Errorf("%p is not aligned", p)
		}
		b := unsafe.Slice((*byte)(p), n)
		for i, v := range b {
			if v != 0 {
				t.Fatalf("byte %d of %d is %d", i, n, v)
			}
			b[i] = 0xff
		}
		return b
	}
	var stays memory
	take(&stays, 1000)
	once := mapped()
	for range 100 {
		var a, b, c memory
		for range 3 {
			take(&a, 900_000)
			take(&b, 1)
			take(&c, 65)
		}
		b.release()
		a.release()
		c.release()
	}
	if now := mapped(); now != once {
		t.Errorf("%d bytes are mapped, %d at first", now, once)
	}
	var large memory
	take(&large, region+1)
	large.release()
	stays.release()
	if now := mapped(); now != before {
		t.Errorf("%d bytes stay mapped of %d", now, before)
	}
}
