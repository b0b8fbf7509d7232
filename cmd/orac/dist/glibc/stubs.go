// Package glibc lets a program that is built on a new Linux run on an older one.
//
// The C library keeps every version of a function that it ever had, so what a program needs depends on which versions it was linked
// with. Stubs makes libraries to link with that offer the versions of an old C library and nothing newer: they are made of the
// symbols of the one that is installed, and hold no code. Check looks at what came of it. It guarantees that a program that passes
// finds all that it needs in the C library of Newest or any later one.
package glibc

import (
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Newest is the version of the C library whose symbols may be needed: that of Debian 11 and Ubuntu 20.04.
var Newest = Version{2, 31}

// Version is one of the C library.
type Version struct{ Major, Minor int }

func (v Version) String() string { return fmt.Sprintf("GLIBC_%d.%d", v.Major, v.Minor) }

func (v Version) compare(w Version) int {
	return cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor))
}

// parse reads GLIBC_2.17 or GLIBC_2.2.5, of which the last number counts for nothing here. GLIBC_PRIVATE is none.
func parse(text string) (Version, bool) {
	numbers, ok := strings.CutPrefix(text, "GLIBC_")
	major, rest, _ := strings.Cut(numbers, ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, err := strconv.Atoi(major)
	b, err2 := strconv.Atoi(minor)
	return Version{a, b}, ok && err == nil && err2 == nil
}

// needed are the libraries that a program may name: all are of the C library, and on every Linux that has it.
var needed = []string{"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "libresolv.so.2"}

// moved are those whose functions later versions have in libc itself. Older ones have not, so they are named in any case.
var moved = []string{"pthread", "dl", "resolv"}

// Stubs makes the libraries in a folder, with the compiler cc, and gives the flags of the linker with which they are used.
func Stubs(cc, dir string) (flags []string, err error) {
	libc, err := installed(cc, "libc.so.6")
	if err != nil {
		return nil, err
	}
	libm, err := installed(cc, "libm.so.6")
	if err != nil {
		return nil, err
	}
	symbols, err := symbolsOf(libc)
	if err == nil {
		err = library(cc, dir, "c", "libc.so.6", symbols)
	}
	if err != nil {
		return nil, err
	}
	if symbols, err = symbolsOf(libm); err == nil {
		err = library(cc, dir, "m", "libm.so.6", symbols)
	}
	for _, name := range moved {
		if err == nil {
			err = library(cc, dir, name, needed[slices.IndexFunc(needed, func(so string) bool { return strings.HasPrefix(so, "lib"+name+".") })], nil)
		}
	}
	if err == nil {
		err = shims(cc, dir)
	}
	if err != nil {
		return nil, err
	}
	flags = []string{"-L" + dir, filepath.Join(dir, "shims.o"), "-Wl,--wrap=__libc_start_main", "-Wl,--no-as-needed"}
	for _, name := range moved {
		flags = append(flags, "-l"+name)
	}
	return append(flags, "-Wl,--as-needed"), nil
}

// installed is a library of the compiler's.
func installed(cc, name string) (string, error) {
	out, err := exec.Command(cc, "-print-file-name="+name).Output()
	if path := strings.TrimSpace(string(out)); err == nil && filepath.IsAbs(path) {
		return path, nil
	}
	return "", fmt.Errorf("%s knows no %s: install gcc and libc6-dev of that architecture: %w", cc, name, err)
}

// symbol is one that a library offers, under the newest version that is not too new.
type symbol struct {
	name    string
	version string
	object  bool // data
	size    uint64
}

// symbolsOf are those of a library, sorted.
func symbolsOf(path string) (list []symbol, err error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := f.DynamicSymbols()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	best := map[string]Version{}
	found := map[string]symbol{}
	for _, s := range all {
		v, ok := parse(s.Version)
		if s.Section == elf.SHN_UNDEF || !ok || v.compare(Newest) > 0 || s.Section == elf.SHN_ABS {
			continue
		}
		kind := elf.ST_TYPE(s.Info)
		if kind == elf.STT_TLS { // nothing refers to one of the C library by its name
			continue
		}
		if old, there := best[s.Name]; there && old.compare(v) >= 0 {
			continue
		}
		best[s.Name] = v
		found[s.Name] = symbol{s.Name, s.Version, kind == elf.STT_OBJECT, s.Size}
	}
	for _, s := range found {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b symbol) int { return cmp.Compare(a.name, b.name) })
	if len(list) == 0 {
		return nil, fmt.Errorf("%s has no symbol with a version up to %v", path, Newest)
	}
	return list, nil
}

// library makes a library without code that offers symbols.
func library(cc, dir, name, soname string, symbols []symbol) error {
	var source, script strings.Builder
	versions := map[string]bool{}
	for i, s := range symbols {
		versions[s.version] = true
		kind, size := "%function", uint64(4)
		section := ".text"
		if s.object {
			kind, size, section = "%object", max(s.size, 1), ".bss"
		}
		fmt.Fprintf(&source, "%s\n.balign 16\n.globl s%d\n.type s%d, %s\n.size s%d, %d\ns%d:\n.zero %d\n.symver s%d, %s@@%s\n",
			section, i, i, kind, i, size, i, size, i, s.name, s.version)
	}
	source.WriteString(".section .note.GNU-stack,\"\",%progbits\n")
	for _, v := range slices.Sorted(keys(versions)) {
		fmt.Fprintf(&script, "%s {};\n", v)
	}
	if len(versions) == 0 {
		script.WriteString("NONE { local: *; };\n")
	}
	assembly, map_ := filepath.Join(dir, name+".s"), filepath.Join(dir, name+".map")
	err := errors.Join(os.WriteFile(assembly, []byte(source.String()), 0o600), os.WriteFile(map_, []byte(script.String()), 0o600))
	if err != nil {
		return err
	}
	return run(cc, "-shared", "-nostdlib", "-Wl,-soname,"+soname, "-Wl,--version-script="+map_, "-o", filepath.Join(dir, "lib"+name+".so"), assembly)
}

func keys(m map[string]bool) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// shimSource are functions that the older library has not, by those that it has. Until 2.33 stat and its kin were static functions
// around these, whose first argument says which form of the structure is meant: the one that the kernel has. res_search was a macro.
// And it was the program that ran its functions that come before main; later the library does that where it is given none.
const shimSource = `
#if defined(__x86_64__)
#define FORM 1
#elif defined(__aarch64__)
#define FORM 0
#else
#error "of this architecture the form of struct stat is not known"
#endif
typedef void starter(int, char **, char **);
extern starter *__init_array_start[], *__init_array_end[];
static void start(int argc, char **argv, char **env)
{
	for (starter **f = __init_array_start; f < __init_array_end; f++) (*f)(argc, argv, env);
}
typedef int begin(int, char **, char **);
extern int __real___libc_start_main(begin *, int, char **, starter *, void (*)(void), void (*)(void), void *);
int __wrap___libc_start_main(begin *main, int argc, char **argv, starter *init, void (*fini)(void), void (*last)(void), void *stack)
{
	return __real___libc_start_main(main, argc, argv, init ? init : start, fini, last, stack);
}
extern int __res_search(const char *, int, int, unsigned char *, int);
int res_search(const char *name, int class, int type, unsigned char *answer, int size) { return __res_search(name, class, type, answer, size); }
extern int __fxstat(int, int, void *), __xstat(int, const char *, void *), __lxstat(int, const char *, void *), __fxstatat(int, int, const char *, void *, int);
int fstat(int fd, void *st) { return __fxstat(FORM, fd, st); }
int stat(const char *path, void *st) { return __xstat(FORM, path, st); }
int lstat(const char *path, void *st) { return __lxstat(FORM, path, st); }
int fstatat(int fd, const char *path, void *st, int flags) { return __fxstatat(FORM, fd, path, st, flags); }
`

func shims(cc, dir string) error {
	source := filepath.Join(dir, "shims.c")
	if err := os.WriteFile(source, []byte(shimSource), 0o600); err != nil {
		return err
	}
	return run(cc, "-O2", "-fno-builtin", "-c", "-o", filepath.Join(dir, "shims.o"), source)
}

func run(program string, args ...string) error {
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, out)
	}
	return nil
}
