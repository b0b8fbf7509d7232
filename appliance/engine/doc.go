// Package engine understands speech in a child process that may be killed at any moment.
//
// An inference engine can crash, loop or take all memory for reasons outside of ORAC. So the networks are loaded and run by a
// worker: this binary, run again as "orac stt-worker". It guarantees:
//
//   - Nothing in the parent blocks on the engine. Transcribe ends when its task is told to stop, when the worker dies, or with an
//     answer; a worker that does not answer is killed by whoever waits for it.
//   - A worker never outlives its parent, and is always reaped: Close asks it to end, and kills it 100 ms later.
//   - Neither side trusts the other: frames have a kind and a bounded length, and whatever is not expected at that point ends the worker.
//   - The worker gets no secret: its environment holds what finding libraries takes, and nothing else. It opens no network
//     connection, and leaves no core file.
//   - Its memory is its own: it is not part of what the appliance measures of itself, and Resident tells it.
//
// The parent sends jobs (sound) over standard input, one at a time, and may cancel one. The worker says over standard output that
// its model is loaded, and answers each job with what it understood or with an error.
package engine
