package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
)

// plainly returns the text of an error without the words that Go adds: the name of a system call before a path, "dial tcp" before
// an address, "EOF". ORAC's own words stay as they are.
func plainly(err error) string {
	text := err.Error()
	for _, e := range chain(err) {
		if said := inPlainWords(e); said != "" {
			text = strings.ReplaceAll(text, e.Error(), said)
		}
	}
	return text
}

// chain returns an error and all errors that it wraps, the outermost first.
func chain(err error) []error {
	all := []error{err}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			all = append(all, chain(inner)...)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			all = append(all, chain(inner)...)
		}
	}
	return all
}

// inPlainWords says what an error of Go's library means; "" for any other error.
func inPlainWords(err error) string {
	switch e := err.(type) {
	case *fs.PathError:
		return e.Path + ": " + plainly(e.Err)
	case *os.LinkError:
		return e.New + ": " + plainly(e.Err)
	case *os.SyscallError:
		return plainly(e.Err)
	case *strconv.NumError:
		return fmt.Sprintf("%.60q is not a number", e.Num)
	case *net.OpError:
		if e.Addr == nil {
			return plainly(e.Err)
		}
		if e.Op == "dial" {
			return "cannot reach " + e.Addr.String() + ": " + plainly(e.Err)
		}
		return e.Addr.String() + ": " + plainly(e.Err)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded) && err.Error() == context.DeadlineExceeded.Error(), errors.Is(err, os.ErrDeadlineExceeded) && err.Error() == os.ErrDeadlineExceeded.Error():
		return "there was no answer in time"
	case err == context.Canceled:
		return "interrupted"
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return "it ended too early"
	}
	return ""
}
