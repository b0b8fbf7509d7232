package program

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRunnable: what the system would refuse is told with its cause, and what it would run is not.
func TestRunnable(t *testing.T) {
	self, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	foreign := bytes.Clone(self)
	binary.LittleEndian.PutUint16(foreign[18:], 2) // e_machine: SPARC
	var loader []byte
	if i := bytes.Index(self, []byte("/lib")); i > 0 {
		loader = bytes.Clone(self)
		copy(loader[i:], "/nix")
	}
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"a script":                        {"#!/bin/sh\necho hello\n", 0o755, ""},
		"a script of env":                 {"#!/usr/bin/env -S sh -e\necho hello\n", 0o755, ""},
		"a script in one line":            {"#!/bin/sh", 0o755, ""},
		"a program":                       {string(self), 0o755, ""},
		"no permission":                   {"#!/bin/sh\n", 0o644, "chmod +x"},
		"Windows line ends":               {"#!/bin/sh\r\necho hello\r\n", 0o755, "CR LF"},
		"a byte order mark":               {"\xef\xbb\xbf#!/bin/sh\n", 0o755, "byte order mark"},
		"an interpreter that is missing":  {"#!/opt/none/python3\n", 0o755, `"/opt/none/python3"`},
		"an interpreter without a folder": {"#!python3\n", 0o755, `"python3"`},
		"env of what is missing":          {"#!/usr/bin/env no-such-thing\n", 0o755, `"no-such-thing", which is not in the PATH`},
		"no interpreter":                  {"#!\n", 0o755, "names no interpreter"},
		"no first line":                   {"echo hello\n", 0o755, "#!/bin/sh"},
		"empty":                           {"", 0o755, "is empty"},
		"another machine":                 {string(foreign), 0o755, "SPARC"},
		"another loader":                  {string(loader), 0o755, "needs the loader /nix"},
		"a damaged program":               {"\x7fELF and no more", 0o755, "damaged"},
	} {
		if name == "another loader" && loader == nil {
			continue
		}
		path := filepath.Join(t.TempDir(), "program")
		if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
			t.Fatal(err)
		}
		if err := Runnable(path); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAScriptThatCannotBeRunSaysWhy, where the system says that there is no such file.
func TestAScriptThatCannotBeRunSaysWhy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stt.sh")
	if err := os.WriteFile(path, []byte("#!/bin/sh\r\necho hello\r\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), Spec{Command: []string{path}, Dir: t.TempDir(), MaxOutput: 10}); err == nil || !strings.Contains(err.Error(), "CR LF") {
		t.Errorf("it says %v", err)
	}
}
