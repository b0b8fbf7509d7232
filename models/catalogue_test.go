package models

import (
	"encoding/hex"
	"strings"
	"testing"
)

func TestCatalogueIsComplete(t *testing.T) {
	seen, sums := map[string]bool{}, map[string]Part{}
	for _, e := range catalogue {
		if seen[e.Name+e.arch] || seen[e.File] {
			t.Errorf("%s: name or file is used twice", e.Name)
		}
		seen[e.Name+e.arch], seen[e.File] = true, true
		for _, p := range e.parts() {
			if b, err := hex.DecodeString(p.SHA256); err != nil || len(b) != 32 {
				t.Errorf("%s: checksum %q of %s", e.Name, p.SHA256, p.File)
			}
			if other, ok := sums[p.File]; ok && other != p {
				t.Errorf("%s: %s is two different files", e.Name, p.File)
			}
			sums[p.File] = p
			if _, err := lockOf(p.Package); err != nil {
				t.Errorf("%s: %v", e.Name, err)
			}
		}
		if e.Licence == "" || e.Kind == Head && (e.Window == 0 || e.WakeWord == "" || e.Licence != "CC-BY-NC-SA-4.0") {
			t.Errorf("%s: %+v lacks licence, window or wake word", e.Name, e)
		}
	}
	for _, n := range Required(true) {
		if _, err := Find(n); err != nil {
			t.Error(err)
		}
	}
}

func TestTheLockFileNamesNoAddress(t *testing.T) {
	if strings.Contains(string(lockFile), `"resolved"`) {
		t.Error("the lock file names a registry; npm must use the one that is configured")
	}
}

// TestOtherProcessorsAreToldWhy: there is no ONNX Runtime for 32-bit ARM, and our kernels are not built for it.
func TestOtherProcessorsAreToldWhy(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		if e, err := findFor(arch, "onnxruntime"); err != nil || e.arch != arch {
			t.Errorf("%s: %+v, %v", arch, e, err)
		}
	}
	if _, err := findFor("arm", "onnxruntime"); err == nil || !strings.Contains(err.Error(), "arm processors") || !strings.Contains(err.Error(), "64-bit") {
		t.Errorf("32-bit ARM: %v", err)
	}
	if _, err := findFor("arm", "hey_jarvis"); err != nil {
		t.Error(err)
	}
}

func TestFind(t *testing.T) {
	if e, err := Find("hey_jarvis_v0.1"); err != nil || e.Name != "hey_jarvis" {
		t.Errorf("by file name: %+v, %v", e, err)
	}
	for name, want := range map[string]string{"hey_javis": `"hey_jarvis"`, "Alexa": `"alexa"`, "zzzzzz": "orac models list"} {
		if _, err := Find(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Find(%q): %v, want %s", name, err, want)
		}
	}
}
