//go:build !amd64

package ptrace

import (
	"errors"
	"runtime"

	"orac/chaos/process"
)

// Supported says why this machine cannot do it.
func Supported() error {
	return errors.New("memory is put into a process on amd64 alone, and this is " + runtime.GOARCH)
}

func grow(process.Process, uint64, int64) error { return Supported() }
