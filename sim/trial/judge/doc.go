// Package judge checks whether a run of a scenario keeps its promises, wherever it runs. The simulator and the chaos runner
// report what was broken, what the appliance said and how things stand; the judge decides which promises were kept.
//
// It guarantees that the same sequence of calls produces the same judgements, and that its memory is bounded: it keeps at
// most 20 000 judgements and 1 000 breaks per run, and only counts the rest.
//
// A recovery is judged as follows. The clock of a promise starts with its fault (from = "begin") or when what the fault took
// away has returned (from = "end"). The appliance has recovered after consecutive good probes; the recovery is dated to the
// first of them. While another fault that disturbs the same thing lasts, the clock waits and restarts when that fault ends:
// with two faults at once, nobody can say from which one the appliance recovers.
package judge
