// Package play runs scenarios on a live appliance, in real time: the real binary, a real audio server with virtual
// microphones, a real speech-to-text server in a process of its own, a state directory on a file system of its own, and real
// faults.
//
// Like package journal, it guarantees that everything it makes or breaks is undone, even if it is killed. It signals only
// processes that it started, and their children. Outside the folder of the run, it writes only to its own control groups. Names
// in a scenario are checked before they become a path, an address or an argument of a program. A fault that cannot be made here
// is unsupported, and an unsupported result is never a pass.
package play
