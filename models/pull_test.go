package models

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"orac/runbook/testkit"
)

// member is one file of a model package.
type member struct {
	name string
	body []byte
	typ  byte
}

func pack(t *testing.T, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, m := range members {
		if m.typ == 0 {
			m.typ = tar.TypeReg
		}
		h := &tar.Header{Name: m.name, Typeflag: m.typ, Mode: 0o644, Size: int64(len(m.body))}
		if m.typ == tar.TypeSymlink {
			h.Linkname, h.Size = "/etc/passwd", 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			w.Write(m.body)
		}
	}
	w.Close()
	z.Close()
	return b.Bytes()
}

// registry is one package of two heads, and a store that fetches it.
type registry struct {
	Store
	*httptest.Server
	body  []byte
	serve func(w http.ResponseWriter, r *http.Request, n int) // nil: as registries do; n counts from 1

	mu    sync.Mutex // guards what follows
	asked []string   // paths, each with its Range
}

// publish makes a catalogue with one package, and a registry that has a file of that name. in the lock file is whole.
func publish(t *testing.T, whole, body []byte) *registry {
	t.Helper()
	r := &registry{body: body}
	r.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.asked = append(r.asked, strings.TrimSpace(req.URL.Path+" "+req.Header.Get("Range")))
		n := len(r.asked)
		r.mu.Unlock()
		if r.serve != nil {
			r.serve(w, req, n)
			return
		}
		http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(r.body))
	}))
	r.Config.ErrorLog = log.New(io.Discard, "", 0)
	r.StartTLS()
	t.Cleanup(r.Close)
	roots := x509.NewCertPool()
	roots.AddCert(r.Certificate())
	t.Setenv(registryVariable, r.URL+"/some/path/")

	sum := sha512.Sum512(whole)
	restoreLock, restoreCatalogue := lockFile, catalogue
	lockFile = fmt.Appendf(nil, `{"packages":{"node_modules/@a/pkg":{"version":"1.2.3","integrity":"sha512-%s"}}}`, base64.StdEncoding.EncodeToString(sum[:]))
	catalogue = []Entry{
		{Name: "one", Kind: Head, Package: "@a/pkg", Path: "models/one.onnx", File: "one.onnx", SHA256: sumOf("first model")},
		{Name: "two", Kind: Head, Package: "@a/pkg", Path: "models/two.onnx", File: "two.onnx", SHA256: sumOf("second model")},
	}
	t.Cleanup(func() { lockFile, catalogue = restoreLock, restoreCatalogue })
	r.Store = Store{Dir: filepath.Join(t.TempDir(), "store"), downloader: downloader{
		tls:   &tls.Config{RootCAs: roots},
		pause: func(ctx context.Context, _ int) error { return ctx.Err() },
	}}
	return r
}

// requests are what the registry was asked.
func (r *registry) requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.asked)
}

const pkgFile = "/some/path/@a/pkg/-/pkg-1.2.3.tgz"

func sumOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// files lists the store, hidden leftovers included.
func files(t *testing.T, s Store) string {
	t.Helper()
	entries, err := os.ReadDir(s.Dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func good(t *testing.T) []byte {
	return pack(t,
		member{name: "package/../../escape.onnx", body: []byte("first model")},
		member{name: "package/models/one.onnx", typ: tar.TypeSymlink},
		member{name: "package/models/one.onnx", body: []byte("first model")},
		member{name: "package/models/two.onnx", body: []byte("second model")})
}

func TestPullInstallsOnceAndSkipsWhatIsThere(t *testing.T) {
	s := publish(t, good(t), good(t))
	var steps []string
	note := func(p Progress) {
		if step := p.Name + " " + p.Step; len(steps) == 0 || steps[len(steps)-1] != step {
			steps = append(steps, step)
		}
		if p.Step == "downloading" && (p.All != int64(len(s.body)) || p.Done > p.All) {
			t.Errorf("progress %+v", p)
		}
	}
	if err := s.Pull(t.Context(), nil, note); err != nil {
		t.Fatal(err)
	}
	if got := files(t, s.Store); got != "one.onnx two.onnx" || !slices.Equal(s.requests(), []string{pkgFile}) {
		t.Fatalf("store holds %q after %q", got, s.requests())
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(s.Dir), "escape.onnx")); err == nil {
		t.Fatal("a member escaped from the store")
	}
	if err := s.Pull(t.Context(), []string{"two", "one", "two"}, note); err != nil || len(s.requests()) != 1 {
		t.Fatalf("second pull: %v, %q", err, s.requests())
	}
	want := "@a/pkg downloading|@a/pkg checking|one installed|two installed|two present|one present|two present"
	if got := strings.Join(steps, "|"); got != want {
		t.Errorf("progress\n got %s\nwant %s", got, want)
	}
	// A damaged file is noticed, named, and replaced.
	os.WriteFile(filepath.Join(s.Dir, "one.onnx"), []byte("x"), 0o600)
	if err := s.Verify("one"); !errors.Is(err, ErrChecksum) || !strings.Contains(err.Error(), "orac models pull one") {
		t.Fatalf("verify of a damaged file: %v", err)
	}
	if l := s.List(); l[0].Verified || !l[0].Present || l[0].Problem == "" || !l[1].Verified {
		t.Errorf("list: %+v", l)
	}
	if err := s.Pull(t.Context(), []string{"one"}, nil); err != nil || s.Verify("one") != nil {
		t.Errorf("repair: %v", err)
	}
	if err := s.Pull(t.Context(), []string{"on"}, nil); err == nil || !strings.Contains(err.Error(), `did you mean "one"?`) {
		t.Fatalf("got %v", err)
	}
}

func TestPullRefuses(t *testing.T) {
	swapped := pack(t, member{name: "package/models/one.onnx", body: []byte("forged model")}, member{name: "package/models/two.onnx", body: []byte("second model")})
	half := pack(t, member{name: "package/models/one.onnx", body: []byte("first model")})
	cut := good(t)[:len(good(t))-40]
	for name, tc := range map[string]struct {
		locked, sent []byte
		want, left   string
	}{
		"another package":  {good(t), swapped, "the lock file says", ""},
		"a forged member":  {swapped, swapped, "the SHA-256 of the download is not " + sumOf("first model"), ""},
		"a missing member": {half, half, "does not hold models/two.onnx", "one.onnx"},
		"no gzip":          {[]byte("hello"), []byte("hello"), "not a gzip file", ""},
		"a cut tarball":    {cut, cut, "damaged", "one.onnx"},
		"nothing":          {good(t), nil, "the lock file says", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := publish(t, tc.locked, tc.sent)
			err := s.Pull(t.Context(), nil, nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got error %v, want %q", err, tc.want)
			}
			if got := files(t, s.Store); got != tc.left && name != "a cut tarball" || strings.Contains(got, ".part") || strings.Contains(got, ".npm") {
				t.Errorf("the store holds %q, want %q", got, tc.left)
			}
		})
	}
}

func TestPullSweepsWhatAKilledPullLeft(t *testing.T) {
	s := publish(t, good(t), good(t))
	old, recent := filepath.Join(s.Dir, ".npm-old"), filepath.Join(s.Dir, ".npm-new")
	for _, d := range []string{old, recent} {
		if err := os.MkdirAll(filepath.Join(d, "x"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	past := time.Now().Add(-48 * time.Hour)
	os.Chtimes(old, past, past)
	refused := filepath.Join(s.Dir, "url-x.onnx.rejected-0123456789ab") // as older versions left them
	if err := os.WriteFile(refused, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Pull(t.Context(), nil, nil); err != nil {
		t.Fatal(err)
	}
	if got := files(t, s.Store); got != ".npm-new one.onnx two.onnx" {
		t.Errorf("the store holds %q", got)
	}
}

func TestPullFromAFolder(t *testing.T) {
	s := publish(t, good(t), good(t))
	s.From = t.TempDir()
	err := s.Pull(t.Context(), nil, nil)
	if err == nil || !strings.Contains(err.Error(), "npm pack @a/pkg@1.2.3") {
		t.Fatal(err)
	}
	tarball := filepath.Join(s.From, "a-pkg-1.2.3.tgz") // as npm pack calls it
	testkit.Must(t, os.WriteFile(tarball, []byte("another one"), 0o600))
	if err := s.Pull(t.Context(), nil, nil); !errors.Is(err, ErrChecksum) {
		t.Fatal(err)
	}
	testkit.Must(t, os.WriteFile(tarball, good(t), 0o600))
	testkit.Must(t, s.Pull(t.Context(), nil, nil))
	if got := files(t, s.Store); got != "one.onnx two.onnx" || len(s.requests()) != 0 {
		t.Errorf("the store holds %q; the registry was asked %q", got, s.requests())
	}
	if b, err := os.ReadFile(tarball); err != nil || !bytes.Equal(b, good(t)) {
		t.Errorf("the package in the folder is another one now: %v", err)
	}
}
