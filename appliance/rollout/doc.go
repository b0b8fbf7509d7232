// Package rollout brings a change to the members of a house, one after the other. It knows no network: who uses it says how a member is
// asked, and in which time that happens, so that a simulation carries out pushes with the same code.
//
// Guarantees:
//
//   - What a push shows is what it does: each member gets exactly the text and the plan that were shown, or nothing.
//   - A push changes one member first, waits until that one is as healthy as before, and only then goes on. It stops at the first that
//     is not, says which were changed, and undoes them if it is asked to. A member that is away is left alone, and is told as pending.
//   - There is one push at a time. Before a member is changed, the journal says so on the disk. After a kill the journal says how far it
//     came; nothing goes on by itself.
package rollout
