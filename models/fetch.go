package models

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// FetchTime bounds one download, from the name's look-up to the last byte.
const FetchTime = 10 * time.Minute

// Limits of what is fetched over https. A wake word has a few hundred KiB.
const (
	maxDownload  = 64 << 20
	maxRedirects = 5
	maxHeader    = 64 << 10
)

// Wanted is a model at an https address.
type Wanted struct {
	Source  string // "https://host/path"
	SHA256  string // 64 hex digits
	Private bool   // the address may be this machine's or the local network's
}

// UnfetchedError is about a model at an https address that is not in the store. It wraps ErrMissing.
type UnfetchedError struct {
	Host   string // of the address, with its port if it names one
	SHA256 string // that the file must have
}

// Error names the host and the checksum, and what fetches the model.
func (e *UnfetchedError) Error() string {
	return fmt.Sprintf("the model with SHA-256 %s from %s: %v; the next apply or start fetches it", e.SHA256, e.Host, ErrMissing)
}

// Unwrap gives ErrMissing.
func (e *UnfetchedError) Unwrap() error { return ErrMissing }

// fetcher holds what a test replaces. The zero value is what a Store uses.
type fetcher struct {
	tls      *tls.Config
	resolver *net.Resolver
	refused  func(a netip.Addr, private bool) bool // nil: closed
	now      func() time.Time                      // nil: time.Now
	within   time.Duration                         // 0: FetchTime
}

// Fetch downloads a model into the store, unless it is there. Every connection goes to a public address, or with Private to one of
// the local network: the address that is dialled is judged, at every redirect anew. Only https is followed, five times at most,
// and no proxy is asked: a proxy would choose the address. The download is bounded in size and time, and by the store's quotas;
// one that fails leaves nothing behind. Errors tell neither what came nor which address a name has.
func (s Store) Fetch(ctx context.Context, w Wanted) error {
	want, u, err := w.parse()
	if err != nil {
		return err
	}
	dst := s.fetched(want)
	if d, err := s.hooks.readFile(dst); err == nil && sumOfBytes(d.Bytes) == want {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(s.fetcher.within, FetchTime))
	defer cancel()
	room, done, err := s.reserve()
	if err == nil {
		defer done()
		err = s.download(ctx, u, w.Private, want, dst, room)
	}
	if err != nil {
		return fmt.Errorf("fetching a model from %s: %w", u.Host, err)
	}
	return nil
}

// parse checks the address and the checksum, which it gives in lower case.
func (w Wanted) parse() (want string, u *url.URL, err error) {
	want = strings.ToLower(w.SHA256)
	if !isSum(want) {
		return "", nil, fmt.Errorf("model source %s: an https source needs sha256 with 64 hex digits, got %q", w.Source, w.SHA256)
	}
	u, err = url.Parse(w.Source)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" {
		return "", nil, fmt.Errorf("model source %q: not a valid https address", w.Source)
	}
	if u.User != nil {
		return "", nil, errors.New("model source: remove the user name and the password from the address")
	}
	return want, u, nil
}

// download gets u into dst, of at most room bytes.
func (s Store) download(ctx context.Context, u *url.URL, private bool, want, dst string, room int64) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return errors.New("not a valid https address")
	}
	res, err := s.fetcher.client(private).Do(req)
	if err != nil {
		return explain(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers with status %d (check the address)", res.StatusCode)
	}
	limit := min(maxDownload, room)
	if res.ContentLength > limit {
		return fmt.Errorf("the file is %w of %d MiB", errTooLarge, limit>>20)
	}
	return install(dst, res.Body, limit, want)
}

// explain is why no answer came. It leaves out the address that a redirect led to, which may hold a key, and which address a
// name has: who may plan is not told what the names of the local network stand for.
func explain(err error) error {
	var (
		dns      *net.DNSError
		redirect *redirectError
		timeout  interface{ Timeout() bool }
	)
	switch {
	case errors.Is(err, errClosed), errors.As(err, &dns):
		return errClosed
	case errors.As(err, &redirect):
		return redirect
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("the server did not answer in time (check the address and the network, then try again)")
	}
	if bad := untrusted("the server", err, time.Now()); bad != nil {
		return bad
	}
	return errors.New("the download failed (check the address and the network, then try again)")
}

// client has a timeout for every step that can hang; the whole download is bounded by the context.
func (f fetcher) client(private bool) *http.Client {
	refused := f.refused
	if refused == nil {
		refused = closed
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, Resolver: f.resolver, Control: control(refused, private)}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.tls != nil {
		config = f.tls
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			TLSClientConfig:        config,
			TLSHandshakeTimeout:    10 * time.Second,
			ResponseHeaderTimeout:  30 * time.Second,
			MaxResponseHeaderBytes: maxHeader,
			DisableCompression:     true, // the size that is bounded is the size that comes
			DisableKeepAlives:      true, // one file, then nothing: leave no connection behind
		},
		CheckRedirect: redirect,
	}
}

// redirectError is why a redirect is not followed.
type redirectError struct{ why string }

func (e *redirectError) Error() string { return e.why }

func redirect(req *http.Request, via []*http.Request) error {
	req.Header.Del("Referer") // the address before may hold a key
	switch {
	case len(via) > maxRedirects:
		return &redirectError{fmt.Sprintf("more than %d redirects", maxRedirects)}
	case req.URL.Scheme != "https":
		return &redirectError{"the server redirects to an address that is not https"}
	case req.URL.User != nil:
		return &redirectError{"the server redirects to an address with a user name in it"}
	}
	return nil
}
