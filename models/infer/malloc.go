package infer

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
static void one_arena(void) { mallopt(M_ARENA_MAX, 1); }
#else
static void one_arena(void) {}
#endif
*/
import "C"

// oneArena keeps glibc from giving every thread that runs a network a heap of its own, which is never given back. Networks
// run one at a time for the most part, so the lock they share costs nothing that can be measured.
func oneArena() { C.one_arena() }
