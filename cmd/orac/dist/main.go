// Command dist makes the archives that people install ORAC from: one for each architecture, with the program, its completions,
// man pages and systemd unit, and SHA256SUMS for all of them. It runs on Debian 12, and the program that it builds runs on Debian
// 11, Ubuntu 20.04 and later: see package glibc.
//
// The same commit produces the same bytes, wherever it is built with the same Go and the same
// compiler.
package main

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"orac/cmd/orac/dist/glibc"
	"orac/cmd/orac/guide"
)

// compilers by architecture, as Debian names them.
var compilers = map[string]string{"amd64": "x86_64-linux-gnu-gcc", "arm64": "aarch64-linux-gnu-gcc"}

func main() {
	var d dist
	var seconds int64
	architectures := flag.String("arch", "amd64,arm64", "the architectures, with commas between them")
	flag.StringVar(&d.version, "version", "", "the version; it is a part of the names")
	flag.Int64Var(&seconds, "time", 0, "the time of all files, in seconds since 1970: that of the commit")
	flag.StringVar(&d.to, "to", "dist", "the folder of the archives")
	flag.StringVar(&d.registry, "registry", "", "where orac models pull fetches from")
	flag.StringVar(&d.orac, "orac", "bin/orac", "an orac of this machine, which writes the man pages and completions")
	flag.Parse()
	d.at = time.Unix(seconds, 0).UTC()
	if d.version == "" || strings.ContainsAny(d.version, "/ '\"") {
		fmt.Fprintln(os.Stderr, "dist: -version: name one")
		os.Exit(64)
	}
	if err := d.all(strings.Split(*architectures, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

// dist says what to make.
type dist struct {
	version, to, registry, orac string
	at                          time.Time
}

// all makes the archives and their checksums.
func (d dist) all(architectures []string) error {
	if err := os.MkdirAll(d.to, 0o755); err != nil {
		return err
	}
	var sums strings.Builder
	for _, arch := range architectures {
		name, err := d.one(arch)
		if err != nil {
			return fmt.Errorf("%s: %w", arch, err)
		}
		b, err := os.ReadFile(filepath.Join(d.to, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(b), name)
		fmt.Printf("%s  %.1f MB\n", filepath.Join(d.to, name), float64(len(b))/1e6)
	}
	return os.WriteFile(filepath.Join(d.to, "SHA256SUMS"), []byte(sums.String()), 0o644)
}

// one makes the archive of an architecture, and returns its name.
func (d dist) one(arch string) (string, error) {
	folder, err := os.MkdirTemp("", "orac-dist-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	name := "orac-" + d.version + "-linux-" + arch
	stage := filepath.Join(folder, name)
	if err := os.MkdirAll(stage, 0o755); err != nil {
		return "", err
	}
	env, err := d.build(arch, folder, filepath.Join(stage, "orac"))
	if err == nil {
		err = d.fill(stage, env)
	}
	if err != nil {
		return "", err
	}
	var archive bytes.Buffer
	if err := pack(&archive, stage, name, d.at); err != nil {
		return "", err
	}
	return name + ".tar.gz", os.WriteFile(filepath.Join(d.to, name+".tar.gz"), archive.Bytes(), 0o644)
}

// build builds the program, and checks that it runs where it should. It returns the environment for Go commands.
func (d dist) build(arch, folder, to string) (env []string, err error) {
	cc, ok := compilers[arch]
	if !ok {
		return nil, fmt.Errorf("for this architecture there is no compiler in the table")
	}
	stubs := filepath.Join(folder, "stubs")
	if err := os.MkdirAll(stubs, 0o755); err != nil {
		return nil, err
	}
	flags, err := glibc.Stubs(cc, stubs)
	if err != nil {
		return nil, err
	}
	env = append(os.Environ(), "CGO_ENABLED=1", "GOOS=linux", "GOARCH="+arch, "CC="+cc)
	link := fmt.Sprintf("-s -w -buildid= -X main.release=%s -X orac/models.builtIn=%s -extldflags '-Wl,--build-id=none %s'", d.version, d.registry, strings.Join(flags, " "))
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", link, "-o", to, "./cmd/orac")
	cmd.Env, cmd.Stderr = env, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go build: %w", err)
	}
	return env, glibc.Check(to)
}

// fill copies everything that comes with the program into the folder of an archive.
func (d dist) fill(stage string, env []string) error {
	var notices bytes.Buffer
	if err := licences(&notices, env); err != nil {
		return err
	}
	install, ok := guide.Find("install")
	if !ok {
		panic("BUG: no page install")
	}
	plain := func(text string) string { return text }
	files := map[string][]byte{
		"LICENCES": notices.Bytes(),
		"README":   []byte(guide.Render(install.Text, 80, plain)),
	}
	for name, from := range map[string]string{
		"LICENCES-MODELS.md": "models/LICENCES.md", "systemd/orac.service": "examples/systemd/orac.service", "systemd/README.md": "examples/systemd/README.md",
	} {
		b, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		files[name] = b
	}
	for name, shell := range map[string]string{"completions/orac.bash": "bash", "completions/_orac": "zsh", "completions/orac.fish": "fish"} {
		out, err := exec.Command(d.orac, "completion", shell).Output()
		if err != nil {
			return fmt.Errorf("%s completion %s: %w", d.orac, shell, err)
		}
		files[name] = out
	}
	for name, b := range files {
		path := filepath.Join(stage, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			return err
		}
	}
	man := exec.Command(d.orac, "man", "--release", d.version, filepath.Join(stage, "man"))
	man.Stdout, man.Stderr = io.Discard, os.Stderr
	return man.Run()
}
