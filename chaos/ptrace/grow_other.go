//go:build !amd64

package ptrace

import (
	"errors"
	"runtime"

	"orac/chaos/process"
)

// Supported returns why this machine cannot do it.
func Supported() error {
	return errors.New("putting memory into a process needs amd64, and this is " + runtime.GOARCH)
}

func grow(process.Process, uint64, int64) error { return Supported() }
