// Package echo measures what a microphone that hears its own loudspeaker needs, so that the appliance does not wake itself and people
// can still interrupt it. It has no code of the appliance: `make bench` runs its benchmark.
//
// Wake words and answers, spoken by voices of flite and espeak-ng, are heard in a simulated room: the loudspeaker beside the microphone, the
// person two metres away. BenchmarkEcho tells, for each way to deal with the loudspeaker, how often the device wakes itself in 100 answers
// that say the wake word, and how many of 100 wake words of people it hears during an answer. README.md has the figures, and what follows
// from them.
package echo
