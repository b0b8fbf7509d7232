// Package kernel computes the networks of the wake path: mel spectrogram, embedding, heads and voice gate, a hop of 80 ms at a time.
//
// Guarantees:
//
//   - A hop allocates nothing, neither in Go nor in C, and costs the same however long the process has been listening.
//   - Shapes that the kernels do not compute are refused when a network is packed, whatever they are: nothing that a model file says
//     lets a kernel read or write what is not its own. The sanitizers and a fuzzer over shapes check that (.ci/kernel).
//   - The scores of a head are the same, bit for bit, for the same window; those of the gate for the same state and sound; an
//     embedding for the same newest 12 hops.
//   - Closing a network gives its memory back.
//
// It does not know where a network comes from, nor whether its numbers are right: models/infer/known reads networks, and models/infer
// proves them. kernel.c says how everything is computed. One goroutine at a time owns a network; different ones may run at the same time.
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
