package glibc

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// program uses what has newer versions than 2.31 in the C library of Debian 12: threads, dlopen, fstat, res_search.
const program = `
#include <dlfcn.h>
#include <pthread.h>
#include <math.h>
#include <resolv.h>
#include <stdio.h>
#include <sys/stat.h>
static void *f(void *x) { return x; }
static int before;
__attribute__((constructor)) static void first(int argc, char **argv) { before += argv[argc] == 0; }
int main(int argc, char **argv) {
	pthread_t t;
	if (before != 1) return 4;
	struct stat s, l;
	unsigned char answer[16];
	if (pthread_create(&t, 0, f, 0) || pthread_join(t, 0)) return 1;
	if (fstat(0, &s) || stat(argv[0], &s) || lstat(argv[0], &l) || s.st_size != l.st_size || s.st_size < 1000) return 2;
	void *m = dlopen("libm.so.6", RTLD_NOW);
	if (!m || !dlsym(m, "cos")) return 3;
	if (argc > 1) res_search("localhost", 1, 1, answer, sizeof answer);
	fprintf(stderr, "%.3f\n", pow(2, argc - 0.5));
	return 0;
}
`

// TestAProgramForAnOlderLibrary: linked as usual it is refused, and with the stubs it is not, and does what it should.
func TestAProgramForAnOlderLibrary(t *testing.T) {
	dir := t.TempDir()
	source, plain, old := filepath.Join(dir, "p.c"), filepath.Join(dir, "plain"), filepath.Join(dir, "old")
	if err := os.WriteFile(source, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run("gcc", "-O1", "-o", plain, source, "-lm"); err != nil {
		t.Fatal(err)
	}
	err := Check(plain)
	if err == nil || !strings.Contains(err.Error(), "needs pthread_create of GLIBC_2.34, newer than GLIBC_2.31") {
		t.Errorf("an ordinary program: %v", err)
	}
	flags, err := Stubs("gcc", dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := run("gcc", append([]string{"-O1", "-o", old, source, "-lm"}, flags...)...); err != nil {
		t.Fatal(err)
	}
	if err := Check(old); err != nil {
		t.Error(err)
	}
	out, err := exec.Command(old).CombinedOutput()
	if err != nil || string(out) != "1.414\n" {
		t.Errorf("%q, %v", out, err)
	}
}

// TestWhatIsRefused beside symbols that are too new.
func TestWhatIsRefused(t *testing.T) {
	dir := t.TempDir()
	for name, tc := range map[string]struct {
		source, flag, want string
	}{
		"another library": {"int crypt(void); int main(void) { return crypt(); }", "-l:libcrypt.so.1", "needs the library libcrypt.so.1"},
		"a static one":    {"int main(void) { return 0; }", "-static", "no symbol section"},
	} {
		t.Run(name, func(t *testing.T) {
			source, out := filepath.Join(dir, "x.c"), filepath.Join(dir, "x")
			if err := os.WriteFile(source, []byte(tc.source), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := run("gcc", "-o", out, source, tc.flag); err != nil {
				t.Fatal(err)
			}
			if err := Check(out); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v", err)
			}
		})
	}
	if err := Check("/etc/hostname"); err == nil {
		t.Error("a text is a program")
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{"GLIBC_2.2.5": "GLIBC_2.2", "GLIBC_2.34": "GLIBC_2.34", "GLIBC_PRIVATE": "", "GLIBCXX_3.4": "", "": ""} {
		v, ok := parse(text)
		if got := v.String(); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %s, %v", text, got, ok)
		}
	}
}
