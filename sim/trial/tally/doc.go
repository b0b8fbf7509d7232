// Package tally follows every command of a run from the mouth to the answer, and demands what must always be true: nothing is
// lost, nothing is answered or acted on twice, answers come in order, and a wake word is heard once, when somebody says it.
//
// The simulator and the chaos runner both keep one. It knows the appliance by its events alone; a World tells it the rest.
//
// It guarantees that the same calls lead to the same judgements. A Tally is not safe for concurrent use.
package tally
