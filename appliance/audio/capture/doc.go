// Package capture brings sound from a microphone, through a child process that may be killed at any moment.
//
// A read inside an audio library can block for ever, and so can stopping, closing and enumerating; nothing in the process can
// interrupt them. So everything that touches the library happens in a worker: this binary, run again as "orac capture-worker". It
// guarantees:
//
//   - Nothing in the parent ever blocks on the audio library. Open, Read, Close and List return by their deadline.
//   - A worker never outlives its stream: Close ends it by closing its standard input, by SIGKILL to its process group 100 ms
//     later, and always reaps it; if the parent dies, the worker sees its input end, and the kernel kills it.
//   - Sound comes from the device that was asked for or not at all. A device is found by name or identity at every opening,
//     because a replugged one has a new index. It is opened by ID, never as "default" unless that is its ID: a server silently
//     moves a default stream to another device. A PCM of ALSA's plugins or of asound.conf is opened by the name in the ID; ALSA
//     decides what it leads to. An opened device that the server no longer lists is an error, within about a second.
//
// The last guarantee has two foundations. Under PulseAudio the stream is opened with PA_STREAM_DONT_MOVE, which the server obeys.
// A check of the server's list every second covers servers that do not, and streams that just end: the library reports neither.
//
// The worker converts to 16 kHz mono int16 and sends hops of 80 ms, framed, over its standard output.
package capture
