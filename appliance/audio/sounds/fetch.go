package sounds

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"orac/appliance/child"
	"orac/appliance/play"
	"orac/appliance/reach"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
)

const (
	connectTime = 5 * time.Second
	stallTime   = 10 * time.Second // without a byte
	mostBytes   = 512 << 20
	mostHeader  = 64 << 10
	redirects   = 3
)

// Roots are certificates that are trusted.
type Roots = *x509.CertPool

// fetch begins to read a sound from the network.
func (o Opener) fetch(t *rt.Task, address string) (play.Sound, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("a sound is fetched from an http or https address")
	}
	fail := func(err error) error {
		if t.Stopping() {
			return rt.ErrStopped
		}
		// What is fetched may have a key in its path or query: the host says enough.
		return fmt.Errorf("fetching a sound from %s: %s", child.Plain(u.Host), child.Plain(cause(err)))
	}
	ctx, done := live.Context(t)
	ctx, cancel := context.WithCancelCause(ctx)
	end := func() { cancel(nil); done() }
	stall := time.AfterFunc(stallTime, func() { cancel(fmt.Errorf("nothing came for %v", stallTime)) })
	client := &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return reach.Dial(ctx, network, address, connectTime)
			},
			TLSClientConfig: &tls.Config{RootCAs: o.Roots}, TLSHandshakeTimeout: connectTime, MaxResponseHeaderBytes: mostHeader,
			DisableKeepAlives: true, DisableCompression: true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			switch {
			case len(via) > redirects:
				return fmt.Errorf("more than %d redirects", redirects)
			case via[0].URL.Scheme == "https" && r.URL.Scheme != "https":
				return errors.New("it leads from https to http")
			case r.URL.Scheme != "http" && r.URL.Scheme != "https":
				return errors.New("it leads to something else than http")
			}
			r.Header.Del("Referer") // it may hold a key
			return nil
		},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		end()
		return nil, fail(err)
	}
	request.Header.Set("User-Agent", "orac")
	answer, err := client.Do(request)
	if err != nil {
		if why := context.Cause(ctx); why != nil {
			err = why
		}
		end()
		return nil, fail(err)
	}
	body := &body{from: answer.Body, ctx: ctx, end: end, stall: stall, left: mostBytes}
	if answer.StatusCode != http.StatusOK {
		body.Close()
		return nil, fail(errors.New("it answers " + answer.Status))
	}
	d, err := decode(body, answer.ContentLength)
	if err != nil {
		body.Close()
		return nil, fail(err)
	}
	return &fetched{file{d, body}, fail}, nil
}

// cause is what went wrong, without the address.
func cause(err error) string {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return err.Error()
}

// fetched is a sound that comes over the network.
type fetched struct {
	file
	fail func(error) error
}

func (f *fetched) Read(t *rt.Task, frame *play.Frame) (int, error) {
	n, err := f.file.Read(t, frame)
	if err != nil && !errors.Is(err, io.EOF) {
		err = f.fail(err)
	}
	return n, err
}

// body is what a server sends, within its limits.
type body struct {
	from  io.ReadCloser
	ctx   context.Context
	end   func()
	stall *time.Timer
	left  int64
}

func (b *body) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("it is longer than %d MiB", mostBytes>>20)
	}
	b.stall.Reset(stallTime)
	n, err := b.from.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if !b.stall.Stop() || err != nil && !errors.Is(err, io.EOF) {
		if why := context.Cause(b.ctx); why != nil {
			err = why
		}
	}
	return n, err
}

// Close ends the connection.
func (b *body) Close() error {
	b.stall.Stop()
	b.end()
	return b.from.Close()
}
