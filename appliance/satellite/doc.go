// Package satellite is what a voice satellite and Home Assistant say to each other, as values, and the conversation that follows from
// it. It knows no protocol, no clock and no sound.
//
// It guarantees of a Voice:
//
//   - Every run ends: each phase has a limit, and a run that Home Assistant has forgotten is given up.
//   - What belongs to a run that was cancelled is not taken for the one that followed.
//   - A wake word is answered once: by Home Assistant, or by whoever takes the wakes that Home Assistant cannot have understood. See Hand.
//   - Every announcement, and every answer that was to be heard, is reported as over, also when it could not be played.
package satellite
