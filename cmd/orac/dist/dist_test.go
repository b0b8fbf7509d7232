package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/cmd/orac/dist/glibc"
)

// TestThePackIsTheSame whenever and in whatever order its files came to be, and whoever they belong to.
func TestThePackIsTheSame(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	made := func(mode os.FileMode, names ...string) []byte {
		t.Helper()
		dir := t.TempDir()
		for _, name := range names {
			path := filepath.Join(dir, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(name), mode)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(filepath.Join(dir, "orac"), 0o711); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := pack(&b, dir, "orac-1", at); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	one, two := made(0o600, "orac", "man/man1/orac.1", "README"), made(0o644, "README", "man/man1/orac.1", "orac")
	if !bytes.Equal(one, two) {
		t.Error("two packs of the same files differ")
	}
	z, err := gzip.NewReader(bytes.NewReader(one))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Uname != "root" || !h.ModTime.Equal(at) {
			t.Errorf("%+v", h)
		}
		got = append(got, h.FileInfo().Mode().String()+" "+h.Name)
	}
	want := "drwxr-xr-x orac-1/|-rw-r--r-- orac-1/README|drwxr-xr-x orac-1/man/|drwxr-xr-x orac-1/man/man1/|-rw-r--r-- orac-1/man/man1/orac.1|-rwxr-xr-x orac-1/orac"
	if strings.Join(got, "|") != want {
		t.Errorf("%s", strings.Join(got, "|"))
	}
}

// TestTheProgramNeedsNoNewLinux: orac, linked as make dist links it, of what is compiled already. It finds what it needs in the C
// library of Debian 11, and runs.
func TestTheProgramNeedsNoNewLinux(t *testing.T) {
	t.Chdir("../../..")
	dir := t.TempDir()
	flags, err := glibc.Stubs("gcc", dir)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "orac")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-ldflags", "-s -w -X main.release=1.2.3 -extldflags '"+strings.Join(flags, " ")+"'",
		"-o", program, "./cmd/orac").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := glibc.Check(program); err != nil {
		t.Error(err)
	}
	d := dist{version: "1.2.3", orac: program}
	stage := filepath.Join(dir, "stage")
	if err := d.fill(stage, os.Environ()); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"LICENCES": "modernc.org/sqlite v", "README": "./orac init", "systemd/orac.service": "ExecStart=/usr/local/bin/orac run",
		"completions/orac.bash": "__start_orac", "completions/_orac": "#compdef orac", "completions/orac.fish": "complete -c orac",
		"man/man1/orac.1": "orac 1.2.3", "man/man5/orac.hcl.5": "listener", "LICENCES-MODELS.md": "NC",
	} {
		if b, err := os.ReadFile(filepath.Join(stage, file)); err != nil || !strings.Contains(string(b), want) {
			t.Errorf("%s does not say %q: %v", file, want, err)
		}
	}
}
