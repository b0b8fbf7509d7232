// Package setup makes a first runbook: it looks at what is plugged in, asks what it does not know, and returns a file that
// a person can read and change.
//
// It guarantees:
//
//   - What it writes is a runbook without a problem, in canonical form: it is made by the edits of package runbook, and every
//     default that a comment names comes from the registry.
//   - It writes no file. Who calls it does, when all questions are answered; what ends it before leaves nothing.
//   - Every wait ends with its context, and the terminal is then as it was before.
package setup
