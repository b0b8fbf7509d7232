package models

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestResolveHTTPS(t *testing.T) {
	const body = "a model"
	requests := 0
	mux := http.NewServeMux()
	mux.HandleFunc("/good/my_word.onnx", func(w http.ResponseWriter, _ *http.Request) { requests++; fmt.Fprint(w, body) })
	mux.HandleFunc("/moved.onnx", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/good/my_word.onnx", http.StatusFound)
	})
	mux.HandleFunc("/downgrade.onnx", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+r.Host+"/good/my_word.onnx", http.StatusFound)
	})
	mux.HandleFunc("/loop.onnx", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop.onnx", http.StatusFound) })
	mux.HandleFunc("/short.onnx", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, body)
	})
	mux.HandleFunc("/huge.onnx", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1073741824")
	})
	mux.HandleFunc("/endless.onnx", func(w http.ResponseWriter, _ *http.Request) {
		for b := make([]byte, 1<<20); ; {
			if _, err := w.Write(b); err != nil {
				return
			}
		}
	})
	srv := httptest.NewTLSServer(mux)
	srv.Config.ErrorLog = nil
	t.Cleanup(srv.Close)
	sum := sumOf(body)
	for path, tc := range map[string]struct{ sha, want string }{
		"/good/my_word.onnx": {sum, ""},
		"/moved.onnx":        {strings.ToUpper(sum), ""},
		"/downgrade.onnx":    {sum, "not https"},
		"/loop.onnx":         {sum, "5 redirects"},
		"/short.onnx":        {sum, "unexpected EOF"},
		"/huge.onnx":         {sum, "larger than the limit"},
		"/endless.onnx":      {sum, "larger than the limit"},
		"/missing.onnx":      {sum, "404"},
		"/good/other.onnx":   {"", "needs sha256"},
		"/good/x.onnx":       {"12zz", "needs sha256"},
	} {
		s := Store{Dir: t.TempDir(), HTTP: srv.Client()}
		f, err := s.Resolve(context.Background(), srv.URL+path, tc.sha, "")
		if tc.want != "" {
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: got error %v, want %q", path, err, tc.want)
			}
			if got := files(t, s); got != "" {
				t.Errorf("%s left %q", path, got)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if b, _ := os.ReadFile(f.Path); string(b) != body || f.SHA256 != sum {
			t.Errorf("%s: got %q, %+v", path, b, f)
		}
		before := requests
		if _, err := s.Resolve(context.Background(), srv.URL+path, tc.sha, ""); err != nil || requests != before {
			t.Errorf("%s: fetched again or failed: %v", path, err)
		}
	}
}

func TestWrongChecksumIsKeptAside(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "forged") }))
	t.Cleanup(srv.Close)
	s := Store{Dir: t.TempDir(), HTTP: srv.Client()}
	_, err := s.Resolve(context.Background(), srv.URL+"/m.onnx", sumOf("wanted"), "")
	aside := "url-" + sumOf("wanted")[:16] + ".onnx.rejected-" + sumOf("forged")[:12]
	if !errors.Is(err, ErrChecksum) || !strings.Contains(err.Error(), aside) {
		t.Fatalf("got %v", err)
	}
	if got := files(t, s); got != aside {
		t.Errorf("the store holds %q", got)
	}
}

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
		{"http://host/m.onnx", sumOf("x"), "only catalog:NAME"},
		{"catalog:hey_jarvs", "", `did you mean "hey_jarvis"?`},
		{"catalog:hey_jarvis", "", "run: orac models pull hey_jarvis"},
		{"catalog:hey_jarvis", sumOf("x"), "the catalogue has"},
	} {
		f, err := s.Resolve(context.Background(), tc.source, tc.sha, dir)
		if tc.want == "" && (err != nil || f.Name != "word" || f.SHA256 != sumOf("local")) {
			t.Errorf("%s: %+v, %v", tc.source, f, err)
		}
		if tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: got error %v, want %q", tc.source, err, tc.want)
		}
	}
}
