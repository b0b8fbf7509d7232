// Package wake decides when a score is a wake word.
//
// Guarantees:
//
//   - Trigger is a pure state machine: the same hops give the same detections,
//     on every machine. It reads no clock, keeps no goroutine, and touches
//     nothing else.
//   - A detection comes in the very hop in which its conditions are met.
//   - A masked score never fires, and a model does not fire again before its
//     cooldown has passed.
//   - A hop in which nothing fires allocates nothing.
//
// What the words mean:
//
//   - threshold: a score at or above it counts.
//   - patience: this many hops in a row must count; the last of them fires.
//     (openWakeWord's own patience never fires: it writes the zeroed score back.)
//   - cooldown: after a detection the model does not fire for this long. Its
//     score need not fall in between: a score that stays high fires again when
//     the cooldown has passed, as with openWakeWord's debounce_time.
//   - vad_threshold: a hop counts only if the voice score (see Gate) reaches it.
//   - rms_filter: a hop counts only if the loudest of the last 16 hops, the
//     window of a head, reaches it. Looking at the current hop only would be
//     wrong: the score of a wake word peaks when the word is over and the room is
//     silent.
//   - multi_trigger: every model that fires is reported. Without it, only the
//     model with the highest score is, the first in order when two are equal, and
//     the others that would have fired in this hop start their cooldown too.
//   - classes: each class of a model has its own patience; a model reports the
//     highest of its classes that fire in a hop, and has one cooldown.
package wake
