// Package peers is what servers for other machines have in common: an STT server and a Core differ in what they are asked, and in nothing
// that is here.
//
// Guarantees:
//
//   - A route is used by those who have its Right, and by nobody else. What was refused is on record.
//   - A peer is let in by its address only where the runbook says so. A browser is no such peer, and neither is what a trusted proxy
//     passes on without saying for whom.
//   - Hosts listens for each block by itself. Changing one touches no other.
//   - A token of a service account counts at servers of its audience alone.
//   - A server for members of a house is used by those who have shown its certificate, each with its own tokens and no other's.
//   - What is being received shares a Budget, of which one caller gets at most half.
package peers
