// Package play says what a speaker plays, and in which order: sounds as values, their priorities, and the mixer that makes one
// stream of them. It is pure code on the runtime seam: what a sound is read from, and where the stream goes, are adapters.
//
// The mixer guarantees:
//
//   - Every frame of a sound that ends by itself is played once, in order. A sound of a higher priority lets one of a lower wait; it goes
//     on where it was. A chime is never interrupted: it is short.
//   - Music and other media go on, quieter, while anything else is played.
//   - No change of loudness is a step: each takes a frame or more.
package play
