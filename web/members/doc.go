// Package members is what the centre of a house knows of its members and does with them: how each is, which runbook it runs, what
// happened there, and how a change reaches one after the other (appliance/rollout), each through its own API.
//
// Guarantees:
//
//   - A member is asked through its own API, with a token that is good there alone, and may be hostile: what is read of an answer is
//     bounded in size and time, no redirect is followed, and no text of it is more than a line of a known length.
//   - The audit log of each member is copied as that one wrote it. A copy grows only with records that continue it. When a member shows
//     another past than before, both versions are kept, and nothing more is taken until a person has looked.
package members
