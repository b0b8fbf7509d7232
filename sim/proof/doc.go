// Package proof tells whether a recording is what a microphone heard: every sample of it, in order, bit for bit, from the first of
// its pre-roll to the last before its end. The simulator and the chaos runner both judge with it. They can, since the sounds that
// they play are their own: they know each sample that a microphone has given.
//
// It guarantees that it knows nothing of how the appliance records: what a recording must hold follows from the sound and from what
// the runbook says, and is worked out here a second time.
//
// Sound is 16 kHz mono int16.
package proof
