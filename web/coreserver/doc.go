// Package coreserver is the network side of the core_server block: the API of an ORAC Core, behind the gate that the console has.
//
// Guarantees:
//
//   - An unmodified ORAC STT is served: same paths, fields and status codes. Who shows a token gets true statuses and problem documents.
//   - A 200 says that a text was taken, and its fields say what came of it: status is "success" only if backends have accepted all of it.
//   - The same Idempotency-Key of the same caller acts once, whatever is asked meanwhile.
//   - Nothing here changes the runbook. Credentials of backends are in no answer.
//   - Every route but liveness needs a token, an API key or a declared address. A token of an account for another audience is refused.
//   - Each kind of request has its own limit: a flood of tests of a backend leaves room for commands.
//
// What is understood and done is behind act.Core; this package knows no sentence and no backend.
package coreserver
