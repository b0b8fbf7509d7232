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

// oneArena stops glibc from giving every thread that runs a network its own heap, which it never returns. Networks mostly
// run one at a time, so sharing a lock costs nothing measurable.
func oneArena() { C.one_arena() }
