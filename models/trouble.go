package models

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"
	"time"
)

// What goes wrong while a file is fetched is told by its real cause, here for every way of fetching: the disk is not the network,
// the clock is not the server, and a proxy is neither.

// stored says why something could not be written into a folder of the store. nil stays nil.
func stored(dir string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return told{fmt.Sprintf("the disk of %s is full: free some space, then run it again", dir), err}
	case errors.Is(err, syscall.EROFS):
		return told{fmt.Sprintf("%s is read-only: name another folder in ORAC_MODELS_DIR, or mount it writable", dir), err}
	case errors.Is(err, fs.ErrPermission):
		return told{fmt.Sprintf("this user may not write into %s: run orac as its owner, or name another folder in ORAC_MODELS_DIR", dir), err}
	case errors.Is(err, syscall.EIO):
		return told{fmt.Sprintf("the disk of %s fails: %v", dir, syscall.EIO), err}
	}
	return fmt.Errorf("writing into %s: %w", dir, err)
}

// told is an error in words for people, which still is what it was.
type told struct {
	words string
	error
}

func (t told) Error() string { return t.words }
func (t told) Unwrap() error { return t.error }

// untrusted says why a certificate is not good; nil if that is not what went wrong. now is what the clock of this machine shows.
func untrusted(host string, err error, now time.Time) error {
	cert, is := errors.AsType[*tls.CertificateVerificationError](err)
	if !is {
		return nil
	}
	if bad, is := errors.AsType[x509.CertificateInvalidError](cert.Err); is && bad.Reason == x509.Expired {
		return told{fmt.Sprintf("the certificate of %s is not valid at this machine's time, %s: set the clock if it is wrong", host, now.Format("2006-01-02 15:04")), err}
	}
	if _, is := errors.AsType[x509.UnknownAuthorityError](cert.Err); is {
		return told{fmt.Sprintf("this machine does not trust the certificate of %s: install ca-certificates; for a proxy of your own, name its authority in SSL_CERT_FILE", host), err}
	}
	return told{fmt.Sprintf("the certificate of %s is invalid: %v", host, cert.Err), err}
}

// throughProxy says that it is the proxy that cannot be used; nil if none is at fault.
func throughProxy(err error) error {
	if op, is := errors.AsType[*net.OpError](err); is && op.Op == "proxyconnect" {
		return told{"the proxy of HTTPS_PROXY or HTTP_PROXY cannot be used: check its address and whether it runs, or unset the variable", err}
	}
	return nil
}
