package trust

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"

	"orac/appliance/house"
	"orac/appliance/stt/wire"
)

// Show returns the certificate that is shown to a server that asks for one. It is called at each connection, so that a renewed
// certificate counts at once.
type Show func(*tls.CertificateRequestInfo) (*tls.Certificate, error)

// Transport carries requests to one other appliance of the house, and to nobody else: it uses no proxy, and its answers have a short
// head. ca is a file with the authorities that may have signed the server's certificate, in PEM; fingerprint is the SHA-256 of that
// certificate, in hexadecimal with or without colons. With neither, the system's authorities count; only one may be given. show may be
// nil.
func Transport(ca, fingerprint string, show Show) (*http.Transport, error) {
	if ca != "" && fingerprint != "" {
		return nil, errors.New("ca and fingerprint: only one may be given")
	}
	config, err := wire.TLS{CA: ca, Fingerprint: fingerprint}.Config()
	if err != nil {
		return nil, err
	}
	config.GetClientCertificate = show
	return transport(config), nil
}

// InHouse is Transport to another member of the house that this appliance belongs to, or to its issuer: the certificates of the house
// prove both sides to each other.
func InHouse(h *house.Holder) *http.Transport {
	t := transport(nil)
	t.DialTLSContext, t.ForceAttemptHTTP2 = h.Dialer(t.DialContext, askTimeout), false
	return t
}

// ToMember is Transport from the issuer to the console of a member: see house.Holder.Server.
func ToMember(h *house.Holder, member string) *http.Transport {
	t := transport(nil)
	t.DialTLSContext, t.ForceAttemptHTTP2 = h.DialerTo(member, t.DialContext, askTimeout), false
	return t
}

func transport(config *tls.Config) *http.Transport {
	return &http.Transport{
		DialContext:     (&net.Dialer{Timeout: askTimeout}).DialContext,
		TLSClientConfig: config, TLSHandshakeTimeout: askTimeout, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 16 << 10, DisableCompression: true,
	}
}
