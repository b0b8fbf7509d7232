// Package memory keeps the appliance small: it gives back memory that was needed for starting and is not needed for listening.
package memory

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
static void give_back(void) { malloc_trim(0); }
#else
static void give_back(void) {}
#endif
*/
import "C"

import (
	"bufio"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Trim gives unused memory back to the system: Go's, C's, and the pages of the program's own file and of its libraries that only starting
// has touched. Pages that are needed again come back from the page cache, one by one where the kernel allows it (lone). Call it after
// something was loaded; it takes some milliseconds.
func Trim() {
	Release()
	var files []string
	for _, f := range append(libraries(), "/proc/self/exe") {
		if real, err := filepath.EvalSymlinks(f); err == nil { // as the kernel names them
			files = append(files, real)
		}
	}
	dropFilePages(files)
}

// Release gives unused memory back to the system: Go's and C's. Call it after something was planned or changed.
func Release() {
	debug.FreeOSMemory()
	C.give_back()
}

// dropFilePages releases the resident pages of file mappings whose contents are exactly those of the file: read-only, private,
// and without pages of their own (a page that the dynamic linker has written to differs from the file). It only drops pages of
// files whose mappings never move: a library that is being loaded meanwhile maps itself anew over the mapping that was looked at.
// It is best effort: without /proc nothing is dropped.
func dropFilePages(files []string) {
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer f.Close()
	var start, end uintptr
	candidate := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if s, e, file, ok := fileMapping(line); ok {
			start, end, candidate = s, e, slices.Contains(files, file)
		} else if isMapping(line) {
			candidate = false
		} else if candidate && strings.HasPrefix(line, "Anonymous:") {
			if fields := strings.Fields(line); len(fields) == 3 && fields[1] == "0" {
				drop(start, end)
			}
			candidate = false
		}
	}
}

// isMapping tells whether a line of smaps begins a mapping: "55d0…-55d1… r-xp 00000000 fe:00 1234  /usr/bin/orac".
func isMapping(line string) bool {
	first, _, _ := strings.Cut(line, " ")
	return strings.Contains(first, "-") && !strings.HasSuffix(first, ":")
}

// fileMapping parses the first line of a mapping of a file that is private and cannot be written.
func fileMapping(line string) (start, end uintptr, file string, ok bool) {
	fields := strings.Fields(line)
	if !isMapping(line) || len(fields) < 6 || !strings.HasPrefix(fields[5], "/") {
		return 0, 0, "", false
	}
	if p := fields[1]; len(p) != 4 || p[1] != '-' || p[3] != 'p' {
		return 0, 0, "", false
	}
	from, to, _ := strings.Cut(fields[0], "-")
	s, err1 := strconv.ParseUint(from, 16, 64)
	e, err2 := strconv.ParseUint(to, 16, 64)
	return uintptr(s), uintptr(e), strings.Join(fields[5:], " "), err1 == nil && err2 == nil && s < e
}

// drop releases the pages of a mapping, and asks for small pages when they come back: a huge page of a file brings 2 MiB for one
// byte that is needed, and a small one its neighbours.
func drop(start, end uintptr) {
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, start, end-start, unix.MADV_NOHUGEPAGE) // kernels without huge pages refuse
	lone(start, end)
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, start, end-start, unix.MADV_DONTNEED) // best effort
}
