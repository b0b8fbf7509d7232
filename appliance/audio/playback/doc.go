// Package playback plays sound at a speaker, through a child process that may be killed at any moment: see package capture, whose reasons
// hold here, too. It guarantees:
//
//   - Nothing in the parent ever blocks on the audio library. Open, Write, Close and List return by their deadline.
//   - A worker never outlives its output: Close ends it by closing its standard input, by SIGKILL to its process group 150 ms later, and
//     always reaps it; if the parent dies, the worker sees its input end, and the kernel kills it.
//   - Sound goes to the device that was asked for or not at all: it is opened by ID, and pinned there. A device that the server no longer
//     lists is an error, within about a second.
//   - A worker tells of each frame that the device has taken, so that its parent knows what was heard, and that it hangs.
//
// The device runs while there is sound, and rests after some seconds without.
package playback
