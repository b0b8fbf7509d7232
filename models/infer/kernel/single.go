package kernel

// #include "kernel.h"
import "C"

// single is one convolution by itself. Tests run it: cgo cannot be used in a test.
type single struct {
	b    *builder
	c    *C.struct_orac_conv
	v, m []float32
}

func alone(b *builder, c Conv, in, to, next layout) single {
	vectors := (max(c.Inputs, c.Outputs) + b.lanes - 1) / b.lanes * b.lanes
	s := single{b, one[C.struct_orac_conv](b), b.buffer(6 * C.ORAC_TILES * vectors), b.buffer(6 * C.ORAC_TILES * vectors)}
	*s.c = b.conv(c, in, to)
	if c.PoolTime > 0 {
		s.c.pooled, s.c.pooled_row = pointer(next.data[next.into(0, 0):]), C.int32_t(next.row())
	}
	return s
}

func (s single) run() { C.orac_conv(C.int(s.b.lanes), s.c, pointer(s.v), pointer(s.m)) }
