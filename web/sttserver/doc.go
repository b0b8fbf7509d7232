// Package sttserver serves a speech-to-text engine of ORAC to other appliances: the network side of the stt_server block, as an
// ORAC STT does it, behind the gate that the console has.
//
// Guarantees:
//
//   - An unmodified Hey ORAC is served: same paths, fields and status codes. Who shows a token gets true statuses; who is let in by
//     address alone (a legacy peer of the runbook) gets the answers of the existing service.
//   - Every route but liveness needs a token, an API key or a declared address. Refusals are problem documents and on record.
//   - Nothing of a request is kept beyond its limit while it comes: a sound longer than max_sound ends its stream, and all sounds
//     that are being received share one budget of memory.
//   - A peer that goes away, in the middle of its sound or of the answer, costs nothing: its work is taken back.
//   - Each server listens by itself. Changing one touches no other, and none of them touches what is heard.
//
// What the server knows and does is behind sttrole.Server; this package knows no engine.
package sttserver
