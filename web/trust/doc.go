// Package trust is what an issuer of tokens and its members have in common: the form of its keys and of its tokens, and how a member
// follows an issuer.
//
// Guarantees:
//
//   - A token is signed with Ed25519 (EdDSA, RFC 8037) and nothing else. Its type is at+jwt (RFC 9068), so that no other thing that
//     the issuer signs passes for one. It has one audience.
//   - The ID of a key is its thumbprint (RFC 7638): no key can take the name of another.
//   - A member asks only the issuer that its runbook names, over TLS that it checks, follows no redirect, and reads no more than
//     MaxKeys bytes. Whatever arrives, it keeps the keys that it knew if it understands nothing else.
//   - While the issuer is away, tokens that known keys have signed stay valid until they expire, at most MaxLife after they were
//     issued. A token that the issuer has once called ended stays ended.
//   - Strangers cannot make a member ask: an unknown key is looked up at most every RetryKeys, and only the holder of a token with a
//     good signature makes it ask about the token.
package trust
