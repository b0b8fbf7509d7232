// Package sim runs the appliance itself in virtual time, in a world of models that breaks as scenarios say, and judges what it
// promises. See README.md beside this file.
//
// It guarantees:
//
//   - What runs is the code that production runs: appliance.Core on the virtual driver of the runtime seam.
//   - A run is a function of its scenario, runbook and seed: the same three give the same trace, byte for byte, whatever
//     GOMAXPROCS is and whatever else runs.
//   - A fault that cannot be made is told of, and such a run is not kept.
package sim
