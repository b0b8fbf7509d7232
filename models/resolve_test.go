package models

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestResolveLocal(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "word.onnx"), []byte("local"), 0o600)
	s := Store{Dir: filepath.Join(dir, "store")}
	for _, tc := range []struct{ source, sha, want string }{
		{"word.onnx", "", ""},
		{filepath.Join(dir, "word.onnx"), sumOf("local"), ""},
		{"word.onnx", sumOf("else"), "checksum does not match"},
		{"gone.onnx", "", "no such file"},
		{"hey_jarvis", "", "catalog:"},
		{"https://host/m.onnx", "", "needs sha256"},
		{"https://host/m.onnx", "12zz", "needs sha256"},
		{"https://host/m.onnx", sumOf("x"), "the next apply or start fetches it"},
		{"http://host/m.onnx", sumOf("x"), "only catalog:NAME"},
		{"catalog:hey_jarvs", "", `did you mean "hey_jarvis"?`},
		{"catalog:hey_jarvis", "", "run: orac models pull hey_jarvis"},
		{"catalog:hey_jarvis", sumOf("x"), "the catalogue has"},
	} {
		f, err := s.Resolve(tc.source, tc.sha, dir)
		if tc.want == "" && (err != nil || f.Name != "word" || f.SHA256 != sumOf("local")) {
			t.Errorf("%s: %+v, %v", tc.source, f, err)
		}
		if err != nil && tc.source == "word.onnx" && strings.Contains(err.Error(), sumOf("local")) {
			t.Errorf("%s: the error tells what the file is: %v", tc.source, err)
		}
		if tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: got error %v, want %q", tc.source, err, tc.want)
		}
	}
}
