package memory

import "testing"

func TestFileMapping(t *testing.T) {
	cases := []struct {
		line string
		ok   bool
	}{
		{"55d0c0000000-55d0c0001000 r-xp 00000000 fe:00 1234                       /usr/bin/orac", true},
		{"55d0c0000000-55d0c0001000 r--p 00000000 fe:00 1234                       /usr/bin/orac", true},
		{"55d0c0000000-55d0c0001000 rw-p 00000000 fe:00 1234                       /usr/bin/orac", false},
		{"55d0c0000000-55d0c0001000 r--s 00000000 fe:00 1234                       /usr/bin/orac", false},
		{"55d0c0000000-55d0c0001000 r-xp 00000000 00:00 0                          [vdso]", false},
		{"55d0c0000000-55d0c0001000 r--p 00000000 00:00 0 ", false},
		{"Anonymous:             0 kB", false},
		{"VmFlags: rd ex mr mw me sd", false},
	}
	for _, c := range cases {
		if _, _, _, ok := fileMapping(c.line); ok != c.ok {
			t.Errorf("%q: %v", c.line, ok)
		}
	}
}

// TestTrimChangesNothing reads and runs what may have been dropped: constants, code, and what the linker has written.
func TestTrimChangesNothing(t *testing.T) {
	sum := func() (n int) {
		for _, f := range []func(string) bool{isMapping, func(s string) bool { _, _, _, ok := fileMapping(s); return ok }} {
			for _, s := range []string{"a-b r-xp", "55d0c0000000-55d0c0001000 r-xp 0 fe:00 1 /x", ""} {
				if f(s) {
					n++
				}
			}
		}
		return n
	}
	before := sum()
	for range 10 {
		Trim()
		if after := sum(); after != before {
			t.Fatalf("%d became %d", before, after)
		}
	}
}
