//go:build race

package evaluation

// headroom is what the race detector needs for itself, in bytes: it keeps several bytes for each byte of the program.
const headroom = 2 << 30
