// Package edit changes the text of a runbook.
//
// It guarantees:
//
//   - An edit changes what it names and nothing else: every other byte stays, comments included, except white space where a line
//     must be broken. The result is parsed and compared before it is returned.
//   - A merge loses no line of either side.
//   - The work grows with the text, and not with its square.
//
// Whether the result is a valid runbook is for runbook.Parse to say.
package edit
