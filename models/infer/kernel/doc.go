// Package kernel computes the networks of the wake path with its own C.
package kernel

/*
#cgo CFLAGS: -O3
#cgo LDFLAGS: -lm
#cgo noescape orac_mel
#cgo nocallback orac_mel
#cgo noescape orac_embed
#cgo nocallback orac_embed
#cgo noescape orac_head
#cgo nocallback orac_head
#cgo noescape orac_gate
#cgo nocallback orac_gate
#include "kernel.h"
*/
import "C"
