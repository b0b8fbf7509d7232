// Package language is the engine of ORAC's languages: it turns the text of a file into values, or into diagnostics that say what to
// do. It knows no block. What a file may contain is a Vocabulary, a value: package runbook has one for runbooks, and
// runbook/scenario one for scenarios.
//
// It guarantees, for every vocabulary:
//
//   - The vocabulary is the only description of its language. Decoding, validation, the JSON Schema, the reference documentation
//     and every message about a block are derived from it.
//   - No input makes it panic, run without bound or read without bound: size, nesting, operators, blocks, values and the files
//     that file() reads are capped. What an evaluation makes and does is counted while it goes on. The evaluation ends when that
//     is too much, or when Options.Context ends.
//   - Every problem that can be found is found in one run, in the order of the file, each with its place and the way out.
//   - An evaluation sees each thing outside its text once, and says what it saw (Inputs): the same inputs give the same document
//     and the same hash.
//   - A secret reaches nothing but Secret.Reveal: no diagnostic, no Attr printed, no JSON and no log line holds one, and nothing
//     that is shown depends on one.
//   - No error quotes what env(), file() or secret() gave, or what was made of it, through however many references.
//   - Under Options.Within nothing is read from the machine that the other document does not read at the same place by the same
//     expression. That is decided before anything is evaluated, and what is refused is never evaluated.
package language
