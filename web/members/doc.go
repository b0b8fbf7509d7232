// Package members is what the centre of a house knows of its members and does with them: how each is, which runbook it runs, what
// happened there, and how a change reaches one after the other.
//
// Guarantees:
//
//   - A member is asked through its own API, with a token that is good there alone, and may be hostile: what is read of an answer is
//     bounded in size and time, no redirect is followed, and no text of it is more than a line of a known length.
//   - What a push shows is what it does: each member gets exactly the text and the plan that were shown, or nothing.
//   - A push changes one member first, waits until that one is as healthy as before, and only then goes on. It stops at the first that
//     is not, says which were changed, and undoes them if it is asked to. A member that is away is left alone, and is told as pending.
//   - There is one push at a time. Before a member is changed, the journal says so on the disk. After a kill the journal says how far it
//     came; nothing goes on by itself.
//   - The audit log of each member is copied as that one wrote it. A copy grows only with records that continue it. When a member shows
//     another past than before, both versions are kept, and nothing more is taken until a person has looked.
package members
