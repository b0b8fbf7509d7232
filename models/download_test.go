package models

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// part serves bytes of a package as a range or as a whole, and breaks off after some.
func (r *registry) part(w http.ResponseWriter, from, n int) {
	w.Header().Set("Content-Length", fmt.Sprint(len(r.body)-from))
	if from > 0 {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(r.body)-1, len(r.body)))
		w.WriteHeader(http.StatusPartialContent)
	}
	w.Write(r.body[from : from+n])
	if from+n < len(r.body) {
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler) // the connection ends
	}
}

// TestADownloadGoesOn where it stopped: in one pull, in the next one, and where what was there before is of no use.
func TestADownloadGoesOn(t *testing.T) {
	whole := good(t)
	from := func(n int) string { return fmt.Sprintf("%s bytes=%d-", pkgFile, n) }
	for name, tc := range map[string]struct {
		before []byte
		serve  func(r *registry, w http.ResponseWriter, n int)
		asked  []string
	}{
		"a connection that breaks again and again": {nil, func(r *registry, w http.ResponseWriter, n int) {
			from := 10 * (n - 1)
			if n < 9 {
				r.part(w, from, 10)
			} else {
				r.part(w, from, len(r.body)-from)
			}
		}, []string{pkgFile, from(10), from(20), from(30), from(40), from(50), from(60), from(70), from(80)}},
		"a pull before":        {whole[:50], nil, []string{from(50)}},
		"a pull before, whole": {whole, nil, []string{from(len(whole))}},
		"something else":       {[]byte("something else"), nil, []string{from(14), pkgFile}},
		"something longer":     {slices.Concat(whole, whole), nil, []string{from(2 * len(whole)), pkgFile}},
		"a server without ranges": {whole[:50], func(r *registry, w http.ResponseWriter, n int) {
			r.part(w, 0, len(r.body))
		}, []string{from(50)}},
		"a server that gives another range": {whole[:50], func(r *registry, w http.ResponseWriter, n int) {
			if n == 1 {
				r.part(w, 20, len(r.body)-20)
			}
			r.part(w, 0, len(r.body))
		}, nil},
		"a server that is busy": {nil, func(r *registry, w http.ResponseWriter, n int) {
			if n < 5 {
				http.Error(w, "later", http.StatusServiceUnavailable)
				return
			}
			r.part(w, 0, len(r.body))
		}, []string{pkgFile, pkgFile, pkgFile, pkgFile, pkgFile}},
	} {
		t.Run(name, func(t *testing.T) {
			r := publish(t, whole, whole)
			if tc.serve != nil {
				r.serve = func(w http.ResponseWriter, _ *http.Request, n int) { tc.serve(r, w, n) }
			}
			if tc.before != nil {
				if err := os.MkdirAll(r.Dir, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(r.Dir, ".npm-a-pkg-1.2.3.tgz"), tc.before, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := r.Pull(t.Context(), nil, nil)
			if tc.asked == nil { // it is told, and what is there stays for a better day
				if err == nil || !strings.Contains(err.Error(), "status 206") {
					t.Fatal(err)
				}
				return
			}
			if err != nil || files(t, r.Store) != "one.onnx two.onnx" {
				t.Fatalf("%v; the store holds %q", err, files(t, r.Store))
			}
			if got := r.requests(); !slices.Equal(got, tc.asked) {
				t.Errorf("asked\n%q, not\n%q", got, tc.asked)
			}
		})
	}
}

// TestADownloadThatIsStoppedGoesOnLater: what has come is kept, and nothing else is in the store.
func TestADownloadThatIsStoppedGoesOnLater(t *testing.T) {
	whole := good(t)
	r := publish(t, whole, whole)
	ctx, cancel := context.WithCancel(t.Context())
	r.serve = func(w http.ResponseWriter, req *http.Request, n int) {
		if n == 1 {
			w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
			w.Write(whole[:100])
			w.(http.Flusher).Flush()
			<-req.Context().Done()
			return
		}
		http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(whole))
	}
	err := r.Pull(ctx, nil, func(p Progress) {
		if p.Done == 100 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if got := files(t, r.Store); got != ".npm-a-pkg-1.2.3.tgz" {
		t.Errorf("left: %q", got)
	}
	if err := r.Pull(t.Context(), nil, nil); err != nil || !slices.Equal(r.requests(), []string{pkgFile, pkgFile + " bytes=100-"}) {
		t.Errorf("%v, asked %q", err, r.requests())
	}
	if got := files(t, r.Store); got != "one.onnx two.onnx" {
		t.Errorf("left: %q", got)
	}
}

// TestWhyADownloadFailed names the host, the cause and the way out.
func TestWhyADownloadFailed(t *testing.T) {
	status := func(code int) func(*registry) {
		return func(r *registry) {
			r.serve = func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(code) }
		}
	}
	for name, tc := range map[string]struct {
		breaks func(*registry)
		want   string
		tries  int
	}{
		"not found":      {status(404), "has no such package; is it an npm registry?", 1},
		"a login":        {status(401), "requires a login (status 401)", 1},
		"down":           {status(502), "status 502; try again later", tries},
		"a page":         {status(204), "status 204: is it an npm registry?", 1},
		"nobody":         {func(r *registry) { r.Close() }, "refuses the connection", 0},
		"another's cert": {func(r *registry) { r.downloader.tls = nil }, "the certificate of", 0},
		"no registry":    {func(r *registry) { os.Setenv(registryVariable, "nonsense") }, registryVariable + ": the address of the npm registry must look like", 0},
		"gives encryption up": {func(r *registry) {
			r.serve = func(w http.ResponseWriter, req *http.Request, _ int) {
				http.Redirect(w, req, strings.Replace(r.URL, "https:", "http:", 1), http.StatusFound)
			}
		}, "redirects to an address that is not https", 1},
		"too large": {func(r *registry) {
			r.serve = func(w http.ResponseWriter, _ *http.Request, _ int) { w.Header().Set("Content-Length", "999999999") }
		}, "larger than the limit of 256 MiB", 1},
		"silence": {func(r *registry) {
			r.downloader.stall = time.Millisecond
			r.serve = func(w http.ResponseWriter, req *http.Request, _ int) {
				w.Header().Set("Content-Length", "500")
				w.(http.Flusher).Flush()
				<-req.Context().Done()
			}
		}, "went silent", tries},
		"another pull": {func(r *registry) {
			l, _ := lockOf("@a/pkg")
			if err := os.MkdirAll(r.Dir, 0o755); err != nil {
				panic(err)
			}
			f, err := r.partFile("@a/pkg", l)
			if err != nil {
				panic(err)
			}
			r.Config.RegisterOnShutdown(func() { f.Close() }) // it is kept open until then
		}, "another model is being fetched into this store", 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := publish(t, good(t), good(t))
			tc.breaks(r)
			err := r.Pull(t.Context(), nil, nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "pulling @a/pkg") {
				t.Errorf("%v", err)
			}
			if n := len(r.requests()); n != tc.tries {
				t.Errorf("%d requests, not %d", n, tc.tries)
			}
		})
	}
}

// TestWhereTheRegistryIs: the environment wins over the user's settings, they over the build, that over the npm program.
func TestWhereTheRegistryIs(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv(registryVariable, "")
	t.Setenv("PATH", home)
	restore := builtIn
	t.Cleanup(func() { builtIn = restore })
	builtIn = ""
	is := func(want string) {
		t.Helper()
		u, err := Store{}.address(t.Context())
		if want == "" {
			if !errors.Is(err, errNoRegistry) {
				t.Errorf("%v, %v", u, err)
			}
			return
		}
		if err != nil || u.String() != want {
			t.Errorf("%v, %v; not %s", u, err, want)
		}
	}
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	is("")
	write("npm", "#!/bin/sh\n[ \"$*\" = 'config get registry' ] && echo https://program.example/\n", 0o700)
	is("https://program.example/")
	builtIn = "https://build.example/"
	is("https://build.example/")
	write(".npmrc", "fund=false\nregistry = \"http://127.0.0.1:4873\"\n//x/:_authToken=secret\n", 0o600)
	is("http://127.0.0.1:4873")
	t.Setenv(registryVariable, "https://variable.example")
	is("https://variable.example")
	for _, bad := range []string{"ftp://a/", "https://", "https://name:word@host/", "%zz", "file:///etc"} {
		t.Setenv(registryVariable, bad)
		if _, err := (Store{}).address(t.Context()); err == nil || strings.Contains(err.Error(), "word") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestWhatAPackageIsCalled(t *testing.T) {
	base, err := url.Parse("https://host/npm/")
	if err != nil {
		t.Fatal(err)
	}
	if got := tarball(base, "@scope/name", "1.0.0"); got != "https://host/npm/@scope/name/-/name-1.0.0.tgz" {
		t.Error(got)
	}
	if got := tarball(base, "name", "1.0.0"); got != "https://host/npm/name/-/name-1.0.0.tgz" {
		t.Error(got)
	}
	if got := packed("@scope/name", "1.0.0"); got != "scope-name-1.0.0.tgz" {
		t.Error(got)
	}
}

// TestADiskThatIsFull is told as that, and not as the network.
func TestADiskThatIsFull(t *testing.T) {
	r := publish(t, good(t), good(t))
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	d := download{downloader: r.downloader, client: r.downloader.client(true), from: r.URL, to: full, dir: r.Dir, tell: func(int64, int64) {}}
	if _, err := d.copy(t.Context(), func(error) {}, response(t, d, r), 0); err == nil || !strings.Contains(err.Error(), "the disk of "+r.Dir+" is full: a package of 0 MB does not fit") {
		t.Error(err)
	}
}

func response(t *testing.T, d download, r *registry) *http.Response {
	t.Helper()
	res, err := d.client.Get(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}
