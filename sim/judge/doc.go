// Package judge holds a run of a scenario to its promises, wherever it runs: the simulator and the chaos runner tell it what
// was broken, what the appliance said and how things stand, and it says what was kept and what was not.
//
// It guarantees that the same sequence of calls gives the same judgements, and that what it keeps is bounded: at most 20 000
// judgements and 1 000 breaks a run; what comes after that is counted.
//
// A recovery is judged so: the clock of a promise starts with its fault (from = "begin") or when what was taken away is given
// back (from = "end"). Recovered means consecutive good probes, and the recovery is dated to the first of them. While another
// fault lasts that disturbs the same thing the clock stands at the end of that one: of two faults at once nobody can say which
// one a recovery is from.
package judge
