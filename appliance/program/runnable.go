package program

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"orac/appliance/statedir"
)

// Runnable returns why the system would refuse to run the file at a path, and how to fix it: no permission, a script whose
// interpreter is missing or whose lines end as on Windows, a program for a different machine. For most of these the system
// only reports a missing file or a wrong format. It returns nil if it knows no obstacle. It opens the file and runs
// nothing.
func Runnable(path string) error {
	f, info, err := statedir.Regular(path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil // a program that may not be read may still be run
	case err != nil:
		return err
	}
	defer f.Close()
	if info.Mode().Perm()&0o111 == 0 {
		return fmt.Errorf("%s may not be executed: chmod +x %s", path, path)
	}
	var volume syscall.Statfs_t
	const noExec = 8 // ST_NOEXEC of statvfs(3)
	if syscall.Statfs(path, &volume) == nil && volume.Flags&noExec != 0 {
		return fmt.Errorf("%s is on a file system that is mounted noexec: put it elsewhere", path)
	}
	head := make([]byte, 256) // as far as the kernel looks for an interpreter (BINPRM_BUF_SIZE)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil // running it will show
	}
	head = head[:n]
	switch {
	case n == 0:
		return fmt.Errorf("%s is empty", path)
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return compiled(path, f)
	case bytes.HasPrefix(head, []byte("#!")):
		return script(path, head)
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf#!")):
		return fmt.Errorf("%s begins with a byte order mark, so its #! line is ignored: save it as UTF-8 without BOM", path)
	}
	return fmt.Errorf("%s is not a program that this system can run: a script names its interpreter in the first line, like #!/bin/sh", path)
}

// script looks for the interpreter that the first line of a script names.
func script(path string, head []byte) error {
	line, _, _ := bytes.Cut(head[2:], []byte("\n"))
	if bytes.HasSuffix(line, []byte("\r")) {
		return fmt.Errorf(`the lines of %s end as on Windows (CR LF), so its interpreter is looked for with a CR in its name: sed -i 's/\r$//' %s`, path, path)
	}
	words := strings.Fields(string(line))
	if len(words) == 0 {
		return fmt.Errorf("the first line of %s names no interpreter: write one, like #!/bin/sh", path)
	}
	if _, err := exec.LookPath(words[0]); err != nil || !strings.HasPrefix(words[0], "/") {
		return fmt.Errorf("the first line of %s names the interpreter %q, which does not exist: install it, or name another", path, words[0])
	}
	if !strings.HasSuffix(words[0], "/env") {
		return nil
	}
	for _, w := range words[1:] {
		if strings.HasPrefix(w, "-") || strings.Contains(w, "=") { // an option of env, or a variable
			continue
		}
		if _, err := exec.LookPath(w); err != nil {
			return fmt.Errorf("%s is run by %q, which is not in the PATH: install it", path, w)
		}
		break
	}
	return nil
}

// machines are the targets of programs that this machine runs.
var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64, "arm": elf.EM_ARM, "386": elf.EM_386, "riscv64": elf.EM_RISCV}

// compiled checks what a program was built for, and its loader.
func compiled(path string, f io.ReaderAt) error {
	e, err := elf.NewFile(f)
	if err != nil {
		return fmt.Errorf("%s is a damaged program: copy it again", path)
	}
	want, known := machines[runtime.GOARCH]
	older := want == elf.EM_X86_64 && e.Machine == elf.EM_386 || want == elf.EM_AARCH64 && e.Machine == elf.EM_ARM
	if known && e.Machine != want && !older {
		return fmt.Errorf("%s is a program for %s, and this machine is %s: get the one for this machine", path,
			strings.TrimPrefix(e.Machine.String(), "EM_"), runtime.GOARCH)
	}
	for _, p := range e.Progs {
		if p.Type != elf.PT_INTERP || p.Filesz > 4096 {
			continue
		}
		name, err := io.ReadAll(p.Open())
		loader := strings.TrimRight(string(name), "\x00")
		if _, missing := exec.LookPath(loader); err == nil && missing != nil {
			return fmt.Errorf("%s needs the loader %s, which this system does not have: get the program for this system (glibc or musl), or one that is linked statically", path, loader)
		}
	}
	return nil
}
