package infer

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orac/models/modelstest"
)

// TestBadFiles: each is refused with an error that names the file and the cause.
func TestBadFiles(t *testing.T) {
	r := open(t)
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	good := func(name string) string { return modelstest.Path(t, name) }
	whole, err := os.ReadFile(good("hey_jarvis"))
	if err != nil {
		t.Fatal(err)
	}
	huge := write("huge.onnx", nil)
	if err := os.Truncate(huge, 1<<30); err != nil {
		t.Fatal(err)
	}
	foreign := bytes.Replace(whole, []byte("\x22\x04Gemm"), []byte("\x22\x04Gimm"), 1) // well-formed, but no such operator
	for _, tc := range []struct{ file, want string }{
		{filepath.Join(dir, "gone.onnx"), "no such file"},
		{dir, "not a regular file"},
		{huge, "at most 64 MiB"},
		{write("empty.onnx", nil), "empty"},
		{write("text.onnx", []byte("<html>404</html>")), "not an acceptable ONNX model"},
		{write("cut.onnx", whole[:len(whole)/2]), "truncated"},
		{write("header.onnx", []byte("\x3a\x80\x80\x80\x80\x04")), "truncated"}, // a graph of 1 GiB, says the header
		{write("foreign.onnx", foreign), "Gimm"},
		{good("melspectrogram"), "no wake word head"},
		{good("embedding_model"), "no wake word head"},
		{good("silero_vad"), "no wake word head"},
	} {
		h, err := r.OpenHead(tc.file)
		if err == nil {
			h.Close()
			t.Errorf("%s was accepted", tc.file)
		} else if !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), filepath.Base(tc.file)) {
			t.Errorf("%s: got %v, want %q", tc.file, err, tc.want)
		}
	}
	if _, err := r.OpenVAD(good("hey_jarvis")); err == nil || !strings.Contains(err.Error(), "Silero") {
		t.Errorf("a head as VAD: %v", err)
	}
	for want, c := range map[string]Config{
		"is no mel spectrogram network": {Mel: good("hey_jarvis"), Embedding: good("embedding_model")},
		"is no embedding network":       {Mel: good("melspectrogram"), Embedding: good("alexa")},
		"is no":                         {Mel: good("embedding_model"), Embedding: good("melspectrogram")},
	} {
		if _, err := r.OpenExtractor(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestOpenRuntime(t *testing.T) {
	r := open(t)
	if again, err := Open(r.path); err != nil || again != r {
		t.Errorf("opening it again: %v", err)
	}
	if _, err := Open("/elsewhere.so"); err == nil || !strings.Contains(err.Error(), "already loaded") {
		t.Errorf("another library: %v", err)
	}
}

// TestOpenWithoutLibrary runs in a process of its own, because a process loads
// one library only.
func TestOpenWithoutLibrary(t *testing.T) {
	lib := os.Getenv("ORAC_TEST_LIB")
	if lib != "" {
		_, err := Open(lib)
		t.Fatalf("refused: %v", err)
	}
	text := filepath.Join(t.TempDir(), "text.so")
	if err := os.WriteFile(text, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, lib := range []string{"/nowhere/lib.so", text} {
		out := again(t, "TestOpenWithoutLibrary", "ORAC_TEST_LIB="+lib)
		if !strings.Contains(out, "refused") || !strings.Contains(out, "orac models pull onnxruntime") || !strings.Contains(out, lib) {
			t.Errorf("%s: %s", lib, out)
		}
	}
}
