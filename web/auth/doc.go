// Package auth knows who may do what: people by password and session, programs by token, key or service account.
//
// Guarantees:
//
//   - What is not proven is denied, and everything is checked anew at every call: the role is the one that the runbook says
//     now, not the one that a token or a session was made with. A changed password or role ends what was given before.
//   - Tokens are HS256 (RFC 7518) and nothing else, by a key that the runbook or the state directory holds and that the token
//     names; issuer, audience and times must fit. Two keys are good during a declared overlap, and none but these.
//   - What is given, a token, a session, a key, another password, is made of a Verified: the fingerprint of the credential that was
//     compared, the epoch, the login. It is compared again with what counts at that moment, under the lock and in the transaction
//     in which it is written down. So who is changed, removed or logged out while something is made gets nothing.
//   - A refresh token is good once. One that comes twice ends the whole family of tokens that came from the same login.
//   - What was ended stays ended: over a restart, when a password or a role comes back, and whatever the clock of the machine says.
//     Epochs are 128 random bits, another one after each change, and a token lives only as long as its login is in the database;
//     what is missing there is refused, so that losing the database ends all.
//   - Nothing that would let somebody in is stored: of passwords and API keys bcrypt hashes, of session and refresh tokens,
//     which are 256 random bits, SHA-256.
//   - A wrong name and a wrong password cannot be told apart, neither by the answer nor by its time. Guessing is slowed down per
//     user and per address before a password is even looked at, and no more than a few are looked at side by side. Who has got in
//     from an address before is held up by nobody else's guesses, there or elsewhere.
//
// A token, a session and a key end by the wall clock. Guesses are slowed down by the monotonic clock, and what is over is deleted
// by the age of the database (see age), which setting the wall clock does not push ahead.
package auth
