// Package memo provides the simulator with inference: real networks that run only for input they have not heard
// before, a recording of them, or an integer model of them.
//
// Guarantees:
//
//   - A Memo returns, bit for bit, what the networks behind it would have returned for the same hops since the same resets.
//     The results do not depend on what is remembered, on the limits, or on who else uses the Memo.
//   - A Memo and its networks are safe for many simulated appliances at a time, in any number of goroutines. Each extractor,
//     head or gate that it returns belongs to one goroutine, like those of models/infer.
//   - Memory is bounded (Limits); the oldest entries are removed first.
//   - An error of a network is passed on, and is not remembered.
//   - A Recording returns what was recorded, or an error that names the hop that is missing; it never guesses.
//   - Modelled returns the same on every machine: its decisions are made in integers.
//
// Two inputs count as the same if their 128-bit XXH3 hashes are equal. Among a billion hops, the chance that any two
// different ones are mistaken for each other is below 10^-20. There is no protection against somebody who searches for such
// a pair, and the sounds of a simulation need none.
//
// The algorithm of models/infer determines what an input is:
//
//   - The extractor's embedding depends on the newest 76 mel frames, that is 9.5 hops, and the mel frames of a hop depend on
//     480 samples of the hop before it. So an embedding depends on the newest 12 hops, or on all hops since a reset if there
//     are fewer.
//   - A head's scores depend on as many embeddings as its window is long, or on all since a reset.
//   - The voice gate is recurrent. Its input is its state, which is a value, and the hop. Remembering it pays off for
//     appliances that hear the same sound from the same reset on, such as the seeds of a scenario. Within a loop it pays off
//     only with Fresh.
package memo
