// Package sim runs the appliance itself in virtual time, in a simulated world that breaks as scenarios say, and checks the
// appliance's promises. See README.md beside this file.
//
// It guarantees:
//
//   - What runs is the code that production runs: core.Core on the virtual driver of the runtime seam.
//   - A run is a function of its scenario, runbook and seed: the same three give the same trace, byte for byte, whatever
//     GOMAXPROCS is and whatever else runs.
//   - A fault that cannot be made is reported, and a run with one is never called kept.
package sim
