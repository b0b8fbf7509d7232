// Package memory keeps the appliance small: it gives back what starting needed and listening does not.
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
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Trim gives unused memory back to the system: Go's, C's, and the pages of program files that only starting has touched.
// What is needed again comes back from the page cache. It is for the moments after something was loaded, and takes some
// milliseconds.
func Trim() {
	debug.FreeOSMemory()
	C.give_back()
	dropFilePages()
}

// dropFilePages lets go of the resident pages of file mappings that are exactly as they are in the file: read-only, private,
// and with no page of their own (a page that the dynamic linker has written into is not in the file any more). It is best
// effort: without /proc nothing is dropped.
func dropFilePages() {
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer f.Close()
	var start, end uintptr
	candidate := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if s, e, ok := fileMapping(line); ok {
			start, end, candidate = s, e, true
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
func fileMapping(line string) (start, end uintptr, ok bool) {
	fields := strings.Fields(line)
	if !isMapping(line) || len(fields) < 6 || !strings.HasPrefix(fields[5], "/") {
		return 0, 0, false
	}
	if p := fields[1]; len(p) != 4 || p[1] != '-' || p[3] != 'p' {
		return 0, 0, false
	}
	from, to, _ := strings.Cut(fields[0], "-")
	s, err1 := strconv.ParseUint(from, 16, 64)
	e, err2 := strconv.ParseUint(to, 16, 64)
	return uintptr(s), uintptr(e), err1 == nil && err2 == nil && s < e
}

func drop(start, end uintptr) {
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, start, end-start, unix.MADV_DONTNEED) // best effort
}
