// Package wire is one HTTP exchange with a peer that may do anything: late, huge, broken or gone.
package wire
