package models

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// world is a server of models, and a store that trusts it.
type world struct {
	*httptest.Server
	store Store
	mu    sync.Mutex // guards asked
	asked []*http.Request
}

func newWorld(t *testing.T, mux *http.ServeMux) *world {
	t.Helper()
	w := &world{}
	w.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.asked = append(w.asked, r)
		w.mu.Unlock()
		mux.ServeHTTP(rw, r)
	}))
	w.Config.ErrorLog = log.New(io.Discard, "", 0)
	w.StartTLS()
	t.Cleanup(w.Close)
	roots := x509.NewCertPool()
	roots.AddCert(w.Certificate())
	w.store = Store{Dir: t.TempDir(), fetcher: fetcher{tls: &tls.Config{RootCAs: roots}}}
	return w
}

func (w *world) requests() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.asked)
}

// models lists the store without the note of when downloads began.
func (w *world) models(t *testing.T) string {
	return strings.TrimSpace(strings.Replace(files(t, w.store), begun, "", 1))
}

func TestFetch(t *testing.T) {
	const body = "a model"
	mux := http.NewServeMux()
	mux.HandleFunc("/good/my_word.onnx", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Referer") != "" || r.Header.Get("Authorization") != "" {
			http.Error(w, "a secret came along", http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, body)
	})
	hop := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, strings.ReplaceAll(to, "HOST", r.Host), http.StatusFound)
		}
	}
	mux.HandleFunc("/moved.onnx", hop("/good/my_word.onnx"))
	mux.HandleFunc("/downgrade.onnx", hop("http://HOST/good/my_word.onnx?key=hush"))
	mux.HandleFunc("/file.onnx", hop("file:///etc/passwd"))
	mux.HandleFunc("/user.onnx", hop("https://hush:hush@HOST/good/my_word.onnx"))
	mux.HandleFunc("/loop.onnx", hop("/loop.onnx?key=hush"))
	mux.HandleFunc("/short.onnx", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, body)
	})
	mux.HandleFunc("/huge.onnx", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "1073741824") })
	mux.HandleFunc("/endless.onnx", func(w http.ResponseWriter, _ *http.Request) {
		for b := make([]byte, 1<<20); ; {
			if _, err := w.Write(b); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/headers.onnx", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X", strings.Repeat("x", 2*maxHeader))
	})
	mux.HandleFunc("/continue.onnx", func(w http.ResponseWriter, r *http.Request) {
		for range 10_000 {
			w.WriteHeader(http.StatusEarlyHints)
			if r.Context().Err() != nil {
				return
			}
		}
	})
	mux.HandleFunc("/else.onnx", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "root:x:0:0") })
	w := newWorld(t, mux)
	sum := sumOf(body)
	for path, tc := range map[string]struct{ sha, want string }{
		"/good/my_word.onnx": {sum, ""},
		"/moved.onnx":        {strings.ToUpper(sum), ""},
		"/downgrade.onnx":    {sum, "not https"},
		"/file.onnx":         {sum, "not https"},
		"/user.onnx":         {sum, "user name"},
		"/loop.onnx":         {sum, "5 redirects"},
		"/short.onnx":        {sum, "unexpected EOF"},
		"/huge.onnx":         {sum, "larger than the limit"},
		"/endless.onnx":      {sum, "larger than the limit"},
		"/headers.onnx":      {sum, "download failed"},
		"/continue.onnx":     {sum, "download failed"},
		"/missing.onnx":      {sum, "404"},
		"/else.onnx":         {sum, "the SHA-256 of the download is not " + sum},
		"/good/other.onnx":   {"", "needs sha256"},
		"/good/x.onnx":       {"12zz", "needs sha256"},
	} {
		w.store.Dir = t.TempDir()
		err := w.store.Fetch(t.Context(), Wanted{w.URL + path, tc.sha, true})
		if tc.want != "" {
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: got error %v, want %q", path, err, tc.want)
			} else if strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), sumOf("root:x:0:0")[:12]) {
				t.Errorf("%s: the error tells too much: %v", path, err)
			}
			if got := w.models(t); got != "" {
				t.Errorf("%s left %q", path, got)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		f, err := w.store.Resolve(w.URL+path, tc.sha, "")
		if b, _ := os.ReadFile(f.Path); err != nil || string(b) != body || f.SHA256 != sum {
			t.Errorf("%s: got %q, %+v, %v", path, b, f, err)
		}
		before := w.requests()
		if err := w.store.Fetch(t.Context(), Wanted{w.URL + path, tc.sha, true}); err != nil || w.requests() != before {
			t.Errorf("%s: fetched again or failed: %v", path, err)
		}
	}
}

// TestResolveAsksNobody: what a plan does of a model that is not there, or is damaged, touches no network and no file.
func TestResolveAsksNobody(t *testing.T) {
	w := newWorld(t, http.NewServeMux())
	sum := sumOf("a model")
	damaged := filepath.Join(w.store.Dir, "url-"+sum[:16]+".onnx")
	for _, there := range []bool{false, true} {
		if there {
			if err := os.WriteFile(damaged, []byte("half of"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		before := files(t, w.store)
		_, err := w.store.Resolve(w.URL+"/m.onnx", sum, "")
		var unfetched *UnfetchedError
		if !errors.As(err, &unfetched) || !errors.Is(err, ErrMissing) || unfetched.SHA256 != sum || "https://"+unfetched.Host != w.URL {
			t.Errorf("got %v", err)
		}
		if w.requests() != 0 || files(t, w.store) != before {
			t.Errorf("%d requests, the store holds %q", w.requests(), files(t, w.store))
		}
	}
}

// TestFetchDialsPublicAddressesOnly: nobody is connected to whose address is not public, whatever name or proxy stands before it.
func TestFetchDialsPublicAddressesOnly(t *testing.T) {
	w := newWorld(t, http.NewServeMux())
	_, port, _ := net.SplitHostPort(w.Listener.Addr().String())
	w.store.fetcher.resolver = names(map[string][]string{"example.com": {"127.0.0.1"}})
	t.Setenv("HTTPS_PROXY", w.URL)
	said := map[string]bool{}
	for _, host := range []string{"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "example.com", "nobody.example", "0.0.0.0", "127.1"} {
		w.store.Dir = t.TempDir()
		err := w.store.Fetch(t.Context(), Wanted{Source: "https://" + host + ":" + port + "/m.onnx", SHA256: sumOf("x")})
		if !errors.Is(err, errClosed) {
			t.Errorf("%s: got %v", host, err)
			continue
		}
		said[strings.ReplaceAll(err.Error(), host, "HOST")] = true
		if got := w.models(t); got != "" {
			t.Errorf("%s left %q", host, got)
		}
	}
	if w.requests() != 0 {
		t.Errorf("%d requests arrived", w.requests())
	}
	if len(said) != 1 {
		t.Errorf("errors tell a private name from one that nobody has: %v", said)
	}
}

// TestEveryConnectionIsJudged: a name whose address changes between two connections, and a redirect from a public host to another
// one, lead nowhere. 127.0.0.2 plays a public host.
func TestEveryConnectionIsJudged(t *testing.T) {
	for name, tc := range map[string]struct {
		to    string
		names map[string][]string
	}{
		"rebinding":            {"https://example.com:PORT/next", map[string][]string{"example.com": {"127.0.0.2", "127.0.0.1"}}},
		"redirect to address":  {"https://127.0.0.1:PORT/next", map[string][]string{"example.com": {"127.0.0.2"}}},
		"redirect to metadata": {"https://169.254.169.254:PORT/next", map[string][]string{"example.com": {"127.0.0.2"}}},
	} {
		var port string
		mux := http.NewServeMux()
		mux.HandleFunc("/m.onnx", func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, strings.ReplaceAll(tc.to, "PORT", port), http.StatusFound)
		})
		w := newWorld(t, mux)
		_, port, _ = net.SplitHostPort(w.Listener.Addr().String())
		second, err := net.Listen("tcp", "127.0.0.2:"+port)
		if err != nil {
			t.Skip(err) // not a machine whose loopback has a second address
		}
		go w.Config.Serve(tls.NewListener(second, w.TLS))
		w.store.fetcher.resolver = names(tc.names)
		w.store.fetcher.refused = func(a netip.Addr, private bool) bool {
			return a != netip.MustParseAddr("127.0.0.2") && closed(a, private)
		}
		err = w.store.Fetch(t.Context(), Wanted{Source: "https://example.com:" + port + "/m.onnx", SHA256: sumOf("x")})
		if !errors.Is(err, errClosed) || w.requests() != 1 {
			t.Errorf("%s: %v, after %d requests", name, err, w.requests())
		}
	}
}

func TestClosedAddresses(t *testing.T) {
	const ( // who may be dialled
		nobody = iota
		private
		public
	)
	for text, who := range map[string]int{
		"1.1.1.1": public, "93.184.215.14": public, "172.32.0.1": public, "100.128.0.1": public, "2606:4700::1111": public, "2a00::1": public,
		"64:ff9b::101:101": public, "2002:101:101::1": public, "::ffff:1.1.1.1": public,
		"127.0.0.1": private, "127.9.9.9": private, "10.0.0.1": private, "172.16.0.1": private, "172.31.255.255": private, "192.168.1.1": private,
		"100.64.0.1": private, "100.127.255.255": private, "::1": private, "fc00::1": private, "fd12::1": private, "fec0::1": private,
		"::ffff:127.0.0.1": private, "::ffff:10.0.0.1": private, "64:ff9b::a00:1": private, "2002:a00:1::1": private, "::10.0.0.1": private,
		"0.0.0.0": nobody, "0.1.2.3": nobody, "::": nobody, "169.254.169.254": nobody, "169.254.0.1": nobody, "fe80::1": nobody, "fe80::1%lo": nobody,
		"100.100.100.200": nobody, "192.0.0.192": nobody, "fd00:ec2::254": nobody, "::ffff:169.254.169.254": nobody, "64:ff9b::a9fe:a9fe": nobody,
		"2002:a9fe:a9fe::1": nobody, "224.0.0.1": nobody, "255.255.255.255": nobody, "240.0.0.1": nobody, "ff02::1": nobody,
		"192.0.2.1": nobody, "198.18.0.1": nobody, "198.51.100.1": nobody, "203.0.113.1": nobody, "2001::1": nobody, "2001:db8::1": nobody,
		"64:ff9b:1::1": nobody, "100::1": nobody, "4000::1": nobody, "3fff::1": nobody,
	} {
		a := netip.MustParseAddr(text)
		if got := !closed(a, false); got != (who == public) {
			t.Errorf("%s: may be dialled: %v", text, got)
		}
		if got := !closed(a, true); got != (who >= private) {
			t.Errorf("%s: may be dialled where private addresses may: %v", text, got)
		}
	}
}

// TestFetchQuotas: so many downloads in an hour, so many bytes in all, one at a time; over every process that uses the store.
func TestFetchQuotas(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) })
	w := newWorld(t, mux)
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	w.store.fetcher.now = func() time.Time { return now }
	fetch := func(path string) error {
		again := w.store // another process
		return again.Fetch(t.Context(), Wanted{w.URL + path, sumOf(path), true})
	}
	for i := range maxFetches {
		if err := fetch(fmt.Sprint("/", i)); err != nil {
			t.Fatal(err)
		}
	}
	before := w.requests()
	if err := fetch("/more"); err == nil || !strings.Contains(err.Error(), "in the last 1h") || w.requests() != before {
		t.Errorf("one too many: %v", err)
	}
	if err := fetch("/1"); err != nil {
		t.Errorf("what is there is refused: %v", err)
	}
	now = now.Add(-48 * time.Hour) // a clock that was wrong before
	if err := fetch("/more"); err != nil {
		t.Errorf("after the clock was set back: %v", err)
	}
	now = now.Add(2 * fetchSpan)
	big := filepath.Join(w.store.Dir, "url-0000000000000000.onnx")
	if err := os.WriteFile(big, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	os.Truncate(big, maxFetched) // it takes no room on the disk
	if err := fetch("/full"); err == nil || !strings.Contains(err.Error(), "256 MiB") {
		t.Errorf("a full store: %v", err)
	}
	used, _ := w.store.used()
	os.Truncate(big, 2*maxFetched-used-3)
	if err := fetch("/full"); err == nil || !strings.Contains(err.Error(), "larger than the limit") {
		t.Errorf("a store with room for three bytes: %v", err)
	}
	os.Remove(big)
	_, done, err := w.store.reserve()
	if err != nil {
		t.Fatal(err)
	}
	if err := fetch("/busy"); err == nil || !strings.Contains(err.Error(), "another model is being fetched") {
		t.Errorf("two at once: %v", err)
	}
	done()
	if err := fetch("/busy"); err != nil {
		t.Error(err)
	}
}

// TestASlowDownloadEnds: a server that sends a little again and again holds nobody for ever.
func TestASlowDownloadEnds(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/m.onnx", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := fmt.Fprint(w, "x"); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			time.Sleep(time.Millisecond)
		}
	})
	w := newWorld(t, mux)
	w.store.fetcher.within = 50 * time.Millisecond
	if err := w.store.Fetch(t.Context(), Wanted{w.URL + "/m.onnx", sumOf("x"), true}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if got := w.models(t); got != "" {
		t.Errorf("it left %q", got)
	}
}

// TestAnAbortedFetchLeavesNothing: the end of an apply ends its download.
func TestAnAbortedFetchLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	mux := http.NewServeMux()
	mux.HandleFunc("/m.onnx", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "half of ")
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
	})
	w := newWorld(t, mux)
	if err := w.store.Fetch(ctx, Wanted{w.URL + "/m.onnx", sumOf("x"), true}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := w.models(t); got != "" {
		t.Errorf("it left %q", got)
	}
}

// names is a resolver that knows these names only: each look-up gives the next of a name's addresses, and then the last.
func names(known map[string][]string) *net.Resolver {
	var mu sync.Mutex // guards known
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe() // which is no PacketConn: messages have their length in front
		go func() {
			defer theirs.Close()
			b := make([]byte, 1024)
			if _, err := io.ReadFull(theirs, b[:2]); err != nil {
				return
			}
			q := b[2 : 2+int(b[0])<<8+int(b[1])]
			if _, err := io.ReadFull(theirs, q); err != nil {
				return
			}
			mu.Lock()
			a := answer(q, known)
			mu.Unlock()
			theirs.Write(append([]byte{byte(len(a) >> 8), byte(len(a))}, a...))
		}()
		return ours, nil
	}}
}

// answer is that of a name server to a query (RFC 1035, 4.1).
func answer(q []byte, known map[string][]string) []byte {
	name, at := "", 12
	for q[at] != 0 {
		name += string(q[at+1:at+1+int(q[at])]) + "."
		at += 1 + int(q[at])
	}
	name = strings.TrimSuffix(name, ".")
	kind := q[at+2]
	a := append(bytes.Clone(q[:2]), 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0)
	a = append(a, q[12:at+5]...)
	list := known[name]
	if len(list) == 0 {
		a[3] |= 3 // no such name
		return a
	}
	if kind != 1 { // not A: the name has no other
		return a
	}
	a[7] = 1
	ip := netip.MustParseAddr(list[0]).As4()
	if len(list) > 1 {
		known[name] = list[1:]
	}
	return append(append(a, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4), ip[:]...)
}
