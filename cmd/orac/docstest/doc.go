// Package docstest runs what the documents show. The tests of cmd/orac pass it every Markdown file, the help of every command,
// and the examples. It extracts the command lines and the blocks of code, and runs each literally: with the real binary, in a
// folder that looks like this repository after `make deps`. Each document has a folder of its own, with an appliance that starts
// when a command needs it.
//
// How to write a block that is run:
//
//	```sh                      each line is a command, and must end with exit code 0; two spaces and more begin an explanation
//	```console                 lines that begin with "$ " are commands; what is below is their output: every line of it must
//	                           come, in this order. "…" stands for anything, alone on a line for any lines
//	```hcl                     a runbook or a scenario. It must be formatted and free of errors. A piece of one is completed
//	                           with the last whole one of the document, or with orac.hcl
//	```json                    compared with what the command above printed: each key must be there, with a value of its type
//	```yaml, ```go, ```js      must be well-formed
//	```text                    shows a drawing or a file; a command in it is an error
//
// An indented block counts as sh. Words after the language say more; readers of the page do not see them:
//
//	exit=2                     the exit code; of several commands exit=2,0
//	file=first.hcl             the block is saved under this name: later commands find it
//	change="FILE|old|new"      the file reads so while this block is run
//	in=web                     the attributes stand in this block of the runbook (hcl)
//	of="orac status --json"    the command whose output has this shape (json)
//
// A command in `backquotes` is run as well. Words in capitals are filled in (placeholders.go). Two tables list what cannot be
// run here, with the reason and what is checked instead: programs in standins.go, commands of orac in shortened.go.
package docstest
