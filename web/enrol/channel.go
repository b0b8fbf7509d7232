package enrol

import (
	"crypto/tls"
	"errors"
)

// errChannel means that a connection cannot be told from another.
var errChannel = errors.New("enrolment needs TLS 1.3 from end to end: connect to ORAC itself, without a proxy in between")

// channel tells a connection from every other, also from the two halves of one that somebody in the middle relays: keying material of
// its TLS 1.3 (tls-exporter of RFC 9266, RFC 5705).
func channel(s *tls.ConnectionState) ([]byte, error) {
	if s == nil || s.Version < tls.VersionTLS13 {
		return nil, errChannel
	}
	key, err := s.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
	if err != nil {
		return nil, errChannel
	}
	return key, nil
}
