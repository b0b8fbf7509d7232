package members

import (
	"net"
	"net/http"
	"time"

	"orac/appliance/stt/wire"
	"orac/runbook"
)

// Transport is the way to a member over HTTP. It uses no proxy.
func Transport(runbook.Member) (http.RoundTripper, error) {
	config, err := wire.TLS{}.Config()
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		DialContext:     (&net.Dialer{Timeout: askTime}).DialContext,
		TLSClientConfig: config, TLSHandshakeTimeout: askTime, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 16 << 10, DisableCompression: true,
	}, nil
}
