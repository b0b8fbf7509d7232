// Package proof tells whether a recording is what a microphone heard: every sample of it, in order, bit for bit, from the first
// of its pre-roll to the last before its end. The simulator and the chaos runner both judge with it. This works because they play
// their own sounds, and so know every sample that a microphone has produced.
//
// It guarantees that it knows nothing of how the appliance records: it works out independently, from the sound and the runbook,
// what a recording must hold.
//
// Sound is 16 kHz mono int16.
package proof
