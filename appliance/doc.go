// Package appliance is ORAC on a real machine: the world that a graph is put into, the state directory, and the daemon that others
// ask and change.
//
// It guarantees:
//
//   - One process uses a state directory at a time, and reaches it through one handle.
//   - Whatever runs beside the graph, such as the console, can neither hold up the way from sound to detection nor a change.
//   - When the appliance is told to stop, everything recorded is in the spool before it ends.
//
// Which nodes there are says appliance/graph; how they are kept alive and changed says appliance/core.
package appliance
