//go:build !race

package evaluation

// headroom is how much memory the program itself needs on top of the limit of an evaluation, in bytes.
const headroom = 0
