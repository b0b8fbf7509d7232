// Package workers is what the worker that records (see package capture) and the one that plays (see package playback) have in common: the frames
// that both write, the work beside the sound, and how a parent lists devices, listens to a worker and ends it. It guarantees:
//
//   - A worker tells its parent why it gives up, by a word that the parent knows. It reports a device that is no longer listed.
//   - A worker whose parent wants the end ends within its grace, even if the audio library is stuck.
//   - A parent never waits for a worker beyond its deadline. What a worker says in the wrong order is malformed.
package workers
