package memory

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestPagesComeAlone: of a mapping that is followed, one byte brings one page, with what the file says.
func TestPagesComeAlone(t *testing.T) {
	if observer() < 0 {
		t.Skip("userfaultfd(2) protects no pages of files here: it needs Linux 6.7, and no filter that refuses it")
	}
	size := 64 * os.Getpagesize()
	file := filepath.Join(t.TempDir(), "mapped")
	if err := os.WriteFile(file, []byte(strings.Repeat("orac", size/4)), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil { // pages that wait to be written come alone anyway
		t.Fatal(err)
	}
	touched := func(alone bool) (pages int) {
		b, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_PRIVATE)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = unix.Munmap(b) }()
		if alone {
			start := uintptr(unsafe.Pointer(&b[0]))
			lone(start, start+uintptr(size))
		}
		if b[size/2] != 'o' {
			t.Errorf("it reads %q", b[size/2])
		}
		return residentPages(t, file)
	}
	if with, alone := touched(false), touched(true); with < 2 || alone != 1 {
		t.Errorf("%d pages came with their neighbours, %d alone", with, alone)
	}
}

// residentPages is how many pages of a file this process has mapped in.
func residentPages(t *testing.T, file string) int {
	t.Helper()
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	_, of, found := strings.Cut(string(smaps), " "+file+"\n")
	_, rss, known := strings.Cut(of, "\nRss:")
	var kib int
	if _, err := fmt.Sscan(rss, &kib); !found || !known || err != nil {
		t.Fatalf("%s is not mapped: %v", file, err)
	}
	return kib << 10 / os.Getpagesize()
}
