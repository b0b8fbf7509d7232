package infer

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orac/models/modelstest"
	"orac/models/onnx"
)

// TestBadFiles: each is refused with an error that names the file and the cause.
func TestBadFiles(t *testing.T) {
	r := open(t)
	write := func(name string, b []byte) onnx.Data { return onnx.Data{Path: "/models/" + name, Bytes: b} }
	good := func(name string) onnx.Data { return data(t, name) }
	whole := good("hey_jarvis").Bytes
	foreign := bytes.Replace(whole, []byte("\x22\x04Gemm"), []byte("\x22\x04Gimm"), 1) // well-formed, but no such operator
	for _, tc := range []struct {
		file onnx.Data
		want string
	}{
		{write("empty.onnx", nil), "empty"},
		{write("text.onnx", []byte("<html>404</html>")), "not an acceptable ONNX model"},
		{write("cut.onnx", whole[:len(whole)/2]), "truncated"},
		{write("header.onnx", []byte("\x3a\x80\x80\x80\x80\x04")), "truncated"}, // a graph of 1 GiB, says the header
		{write("foreign.onnx", foreign), "Gimm"},
		{good("melspectrogram"), "is not a valid wake word head"},
		{good("embedding_model"), "is not a valid wake word head"},
		{good("silero_vad"), "is not a valid wake word head"},
	} {
		h, err := r.OpenHead(tc.file)
		if err == nil {
			h.Close()
			t.Errorf("%s was accepted", tc.file.Path)
		} else if !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), tc.file.Path) {
			t.Errorf("%s: got %v, want %q", tc.file.Path, err, tc.want)
		}
	}
	if _, err := r.OpenVAD(good("hey_jarvis")); err == nil || !strings.Contains(err.Error(), "Silero") {
		t.Errorf("a head as VAD: %v", err)
	}
	for want, c := range map[string]Config{
		"is not a valid mel spectrogram network": {Mel: good("hey_jarvis"), Embedding: good("embedding_model")},
		"is not a valid embedding network":       {Mel: good("melspectrogram"), Embedding: good("alexa")},
		"is not a valid":                         {Mel: good("embedding_model"), Embedding: good("melspectrogram")},
	} {
		if _, err := r.OpenExtractor(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestOpenRuntime(t *testing.T) {
	r := open(t)
	if again, err := Open(library(t, r.Library())); err != nil || again != r {
		t.Errorf("opening it again: %v", err)
	}
	if _, err := Open(library(t, os.Args[0])); err == nil || !strings.Contains(err.Error(), "already loaded") {
		t.Errorf("another library: %v", err)
	}
}

// TestOpenNoLibrary opens a text. It runs in a process of its own, because a process loads
// one library only.
func TestOpenNoLibrary(t *testing.T) {
	lib := os.Getenv("ORAC_TEST_LIB")
	if lib != "" {
		_, err := Open(library(t, lib))
		t.Fatalf("refused: %v", err)
	}
	text := filepath.Join(t.TempDir(), "text.so")
	if err := os.WriteFile(text, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := again(t, "TestOpenNoLibrary", "ORAC_TEST_LIB="+text)
	if !strings.Contains(out, "refused") || !strings.Contains(out, "orac models pull onnxruntime") || !strings.Contains(out, text) {
		t.Errorf("%s: %s", text, out)
	}
}

// TestOpenLoadsWhatIsOpen: the library is loaded by its handle, whatever lies at its path by now. It runs in a process of its own.
func TestOpenLoadsWhatIsOpen(t *testing.T) {
	dir := os.Getenv("ORAC_TEST_DIR")
	if dir == "" {
		out := again(t, "TestOpenLoadsWhatIsOpen", "ORAC_TEST_DIR="+t.TempDir())
		if !strings.Contains(out, "--- PASS") {
			t.Error(out)
		}
		return
	}
	path := filepath.Join(dir, "lib.so")
	if err := os.Symlink(modelstest.Path(t, "onnxruntime"), path); err != nil {
		t.Fatal(err)
	}
	f := library(t, path)
	if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte("no library"), 0o600)); err != nil {
		t.Fatal(err)
	}
	r, err := Open(f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.OpenHead(data(t, "hey_jarvis")); err != nil {
		t.Error(err)
	}
}
