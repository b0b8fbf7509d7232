package infer

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
static void one_arena(void) { mallopt(M_ARENA_MAX, 1); }
#else
static void one_arena(void) {}
#endif
static void no_telemetry(void) { setenv("ORT_DISABLE_TELEMETRY", "1", 1); }
*/
import "C"

// oneArena stops glibc from giving every thread that runs a network its own heap, which it never returns. Networks mostly
// run one at a time, so sharing a lock costs nothing measurable.
func oneArena() { C.one_arena() }

// noTelemetry stops ONNX Runtime from reporting to its makers which networks this machine loads and how long they run. Since
// version 1.29 it does so by default: it keeps a database in the home directory and connects to a server. The library reads the
// variable once, when its environment is made; DisableTelemetry comes too late. Programs that ORAC starts do not inherit it.
func noTelemetry() { C.no_telemetry() }
