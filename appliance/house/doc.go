// Package house is what a member of a house holds: its certificate with its private key, and the authorities that sign certificates
// there.
//
// Guarantees:
//
//   - Key, certificate and authorities are one file of the state directory, which only its owner may read. It is replaced whole or not
//     at all, so the three always belong together. A torn or damaged file counts as none, and the error says what to do.
//   - A certificate names its member by one URI, orac://ISSUER/member/NAME, and by nothing else. One without it, or of another house,
//     is nobody's.
//   - A renewed certificate and new authorities count from the next connection on. Nothing is restarted.
package house
