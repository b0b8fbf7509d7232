package models

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// maxDownload bounds a model fetched over https.
const maxDownload = 256 << 20

// fetch downloads u to dst. Only https is followed, the size is bounded
// whatever the server announces, and a body shorter than announced is an error.
func (s Store) fetch(ctx context.Context, u *url.URL, want, dst string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	res, err := s.client().Do(req)
	if err != nil {
		return fmt.Errorf("download failed: %w (check the address and the network, then try again)", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers %s (check the address)", res.Status)
	}
	if res.ContentLength > maxDownload {
		return fmt.Errorf("the server announces %d bytes: %w of %d MiB", res.ContentLength, errTooLarge, maxDownload>>20)
	}
	return install(dst, res.Body, maxDownload, want)
}

// client is s.HTTP with ORAC's rule for redirects, or a new one with timeouts
// for every step that can hang; the whole download is bounded by fetch.
func (s Store) client() *http.Client {
	c := http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		DisableKeepAlives:     true, // one file, then nothing: leave no connection behind
	}}
	if s.HTTP != nil {
		c = *s.HTTP
	}
	c.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) >= 5 {
			return errors.New("more than 5 redirects")
		}
		if req.URL.Scheme != "https" {
			return fmt.Errorf("refusing the redirect to %s: not https", req.URL.Redacted())
		}
		return nil
	}
	return &c
}
