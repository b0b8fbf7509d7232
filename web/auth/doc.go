// Package auth knows who may do what: people by password and session, programs by token, key or service account.
//
// Guarantees:
//
//   - Everything unproven is denied, and every call is checked again: what counts is the role in the runbook now, not the
//     role that a token or a session was issued for. A changed password or role ends everything issued before.
//   - Tokens are HS256 (RFC 7518) and nothing else, with a key from the runbook or the state directory that the token names;
//     issuer, audience and times must match. During a declared overlap two keys are good, otherwise one.
//   - Everything that is issued (a token, a session, a key, a new password) is made from a Verified: the fingerprint of the
//     compared credential, the epoch, the login. It is compared again with the present state, under the lock and in the
//     transaction that writes. So a user who is changed, removed or logged out meanwhile gets nothing.
//   - A refresh token is good once. Using it twice ends all tokens of the same login.
//   - What was ended stays ended: after a restart, when a password or a role is restored, and whatever the machine's clock
//     says. Epochs are 128 random bits and new after each change, and a token lives only while its login is in the database.
//     Anything missing there is refused, so losing the database ends everything.
//   - Nothing that would let somebody in is stored: only bcrypt hashes of passwords and API keys, and SHA-256 of session and
//     refresh tokens, which are 256 random bits.
//   - A wrong name and a wrong password cannot be told apart, neither by the answer nor by its time. Guessing is slowed down
//     per user and per address before a password is compared, and only a few are compared at a time. Other people's guesses
//     never hold up somebody who has logged in from that address before.
//
// Tokens, sessions and keys expire by the wall clock. Guesses are slowed down by the monotonic clock, and expired rows are
// deleted by the age of the database (see age), which setting the wall clock does not advance.
package auth
