// Package memo provides the simulator with inference: real networks that run only for input they have not heard
// before, a recording of them, or an integer model of them.
//
// Guarantees:
//
//   - What a Memo gives is, bit for bit, what the networks behind it would have given for the same hops since the same
//     resets. Nothing depends on what is remembered, on the limits, or on who else uses the Memo.
//   - A Memo and its networks are safe for many simulated appliances at a time, in any number of goroutines. One extractor,
//     head or gate that it has given belongs to one goroutine, like those of models/infer.
//   - All that is remembered is bounded (Limits); the oldest goes first.
//   - An error of a network is passed on, and is not remembered.
//   - A Recording gives what was recorded or an error that says which hop is not in it; it never guesses.
//   - Modelled gives the same on every machine: its decisions are made in integers.
//
// Two inputs count as the same when their 128-bit XXH3 hashes are. Among a billion hops the chance that any two that differ
// are taken for the same is below 10^-20; against somebody who searches for such a pair there is no protection, and sounds
// of a simulation need none.
//
// What an input is follows from the algorithm of models/infer:
//
//   - The extractor's embedding depends on the newest 76 mel frames, that is 9.5 hops, and the mel frames of a hop depend on
//     480 samples of the one before it: on the newest 11 hops, or on all since a reset if they are fewer.
//   - A head's scores depend on as many embeddings as its window is long, or on all since a reset.
//   - The voice gate is recurrent. Its input is its state, which is a value, and the hop. It pays for appliances that hear the
//     same from the same reset on, such as the seeds of a scenario. Within a loop it pays only with Fresh.
package memo
