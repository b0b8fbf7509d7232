//go:build asan

package kernel

/*
#include <stdlib.h>
#include <string.h>
static void *aligned(size_t n)
{
	void *p;
	return posix_memalign(&p, 64, n) == 0 ? memset(p, 0, n) : NULL;
}
*/
import "C"

import (
	"errors"
	"unsafe"
)

// memory is what one network owns. Under the address sanitizer each piece is an allocation of its own, so that a kernel that reads or
// writes beyond one is found.
type memory struct{ owned []unsafe.Pointer }

func (m *memory) take(n int) (unsafe.Pointer, error) {
	p := C.aligned(C.size_t(max(n, 1)))
	if p == nil {
		return nil, errors.New("no memory for a network")
	}
	m.owned = append(m.owned, p)
	return p, nil
}

func (m *memory) release() {
	for _, p := range m.owned {
		C.free(p)
	}
	m.owned = nil
}
