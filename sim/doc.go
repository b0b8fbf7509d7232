// Package sim runs the appliance's own graph in virtual time, in a world of models: a disk in memory, services that answer
// after a virtual delay, microphones that play a sound.
//
// It guarantees that the graph, its nodes and their recovery are the code that production runs (appliance.Run on the
// virtual driver of the runtime seam), and that a run is a function of its World and its seed: the same two give the same
// trace.
package sim
