// Package play runs scenarios on a live appliance, in real time: the real binary, a real audio server with virtual
// microphones, a real speech-to-text server in a process of its own, a state directory on a file system of its own, and real
// faults.
//
// It guarantees what package journal does: everything that it makes or breaks is undone, also when it is killed. Only processes
// are signalled that it started or that those started; nothing outside of the run's folder is written but control groups of its
// own. No name that a scenario holds becomes a path, an address or an argument of a program unchecked. A fault that cannot be
// made here is unsupported, and whatever is unsupported is never a pass.
package play
