//go:build !race

package evaluation

// headroom is how much memory the program itself takes beyond what an evaluation may, in bytes.
const headroom = 0
