// Package auth knows who may do what: people by password and session, programs by token, key or service account.
//
// Guarantees:
//
//   - What is not proven is denied, and everything is checked anew at every call: the role is the one that the runbook says
//     now, not the one that a token or a session was made with. A changed password or role ends what was given before.
//   - Tokens are HS256 (RFC 7518) and nothing else, by a key that the runbook or the state directory holds and that the token
//     names; issuer, audience and times must fit. Two keys are good during a declared overlap, and none but these.
//   - A refresh token is good once. One that comes twice ends the whole family of tokens that came from the same login.
//   - Logging out, revoking and logging out everywhere outlive a restart; and if the database that remembers them is lost, all
//     that was given before is lost with it.
//   - Nothing that would let somebody in is stored: of passwords and API keys bcrypt hashes, of session and refresh tokens,
//     which are 256 random bits, SHA-256.
//   - A wrong name and a wrong password cannot be told apart, neither by the answer nor by its time. Guessing is slowed down per
//     user and per address before a password is even looked at, and no more than a few are looked at side by side.
//
// Times are the wall clock's.
package auth
