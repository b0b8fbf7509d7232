package kernel

// #include "kernel.h"
import "C"

import "unsafe"

// builder takes the memory of a network and fills it. It keeps its first error.
type builder struct {
	memory
	lanes int
	err   error
}

func newBuilder(s Set) *builder { return &builder{lanes: s.lanes} }

// slice takes memory for n values. After an error it returns Go's, so that the caller can go on.
func slice[T any](b *builder, n int) []T {
	var p unsafe.Pointer
	if b.err == nil {
		var one T
		p, b.err = b.take(n * int(unsafe.Sizeof(one)))
	}
	if b.err != nil {
		return make([]T, max(n, 1))
	}
	return unsafe.Slice((*T)(p), max(n, 1))
}

// one takes memory for a value.
func one[T any](b *builder) *T { return &slice[T](b, 1)[0] }

// room is what vectors may read beyond the last row of a buffer, and write beyond its last output.
const room = 16

func (b *builder) floats(n int) []float32 { return slice[float32](b, n) }

// buffer takes memory for rows that kernels read and write by vectors.
func (b *builder) buffer(n int) []float32 { return b.floats(n + room) }

func (b *builder) table(v []int) *C.int32_t {
	t := slice[C.int32_t](b, len(v))
	for i, x := range v {
		t[i] = C.int32_t(x)
	}
	return &t[0]
}

func pointer(f []float32) *C.float { return (*C.float)(unsafe.Pointer(&f[0])) }

// eights rounds up to a whole number of eights: rows of outputs are that long.
func eights(n int) int { return (n + 7) &^ 7 }

// shape returns how the outputs of a matrix are cut into vectors and blocks, for a kernel that computes so many positions at once.
func (b *builder) shape(n, positions int) (vectors, wide int) {
	vectors = (eights(n) + b.lanes - 1) / b.lanes
	most := 12 // of a single position: enough additions that do not wait for each other
	switch {
	case b.lanes == 16 && positions >= 8:
		most = 3
	case b.lanes == 16:
		most = 6
	case positions >= 4:
		most = 3
	case positions >= 2:
		most = 6
	}
	blocks := (vectors + most - 1) / most
	return vectors, (vectors + blocks - 1) / blocks
}

// matrix packs weights, which at gives for an input and an output. bias may be nil.
func (b *builder) matrix(k, n, positions int, at func(k, n int) float32, bias []float32) C.struct_orac_matrix {
	return b.matrices(1, k, n, positions, func(_, k, n int) float32 { return at(k, n) }, bias)
}

// matrices packs several of the same shape, one behind the other.
func (b *builder) matrices(count, k, n, positions int, at func(i, k, n int) float32, bias []float32) C.struct_orac_matrix {
	vectors, wide := b.shape(n, positions)
	w, next := b.floats(count*k*vectors*b.lanes), 0
	for m := range count {
		for v := 0; v < vectors; v += wide {
			for i := range k {
				for j := v * b.lanes; j < min(v+wide, vectors)*b.lanes; j++ {
					if j < n {
						w[next] = at(m, i, j)
					}
					next++
				}
			}
		}
	}
	return C.struct_orac_matrix{k: C.int32_t(k), n: C.int32_t(n), vectors: C.int32_t(vectors), wide: C.int32_t(wide), w: pointer(w),
		bias: pointer(b.row(n, bias))}
}

// row copies values of n outputs into as many whole vectors.
func (b *builder) row(n int, v []float32) []float32 {
	vectors, _ := b.shape(n, 1)
	r := b.floats(vectors * b.lanes)
	copy(r, v)
	return r
}

// floatsAt is the inverse of pointer.
func floatsAt(p *C.float, n int) []float32 { return unsafe.Slice((*float32)(unsafe.Pointer(p)), n) }
