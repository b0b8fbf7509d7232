package models

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTroubleIsToldByItsCause: no fault of the disk, the clock or a proxy is called one of the network.
func TestTroubleIsToldByItsCause(t *testing.T) {
	now := time.Date(1970, 1, 1, 0, 5, 0, 0, time.UTC)
	get := func(err error) error { return &url.Error{Op: "Get", URL: "https://models.example/x", Err: err} }
	cert := func(err error) error { return get(&tls.CertificateVerificationError{Err: err}) }
	for name, c := range map[string]struct {
		got  error
		is   error
		want string
	}{
		"full":       {stored("/m", &fs.PathError{Op: "write", Path: "/m/x", Err: syscall.ENOSPC}), syscall.ENOSPC, "the disk of /m is full: free some space"},
		"quota":      {stored("/m", syscall.EDQUOT), syscall.EDQUOT, "the disk of /m is full"},
		"read-only":  {stored("/m", syscall.EROFS), syscall.EROFS, "/m is read-only"},
		"permission": {stored("/m", syscall.EACCES), fs.ErrPermission, "this user may not write into /m: run orac as its owner"},
		"failing":    {stored("/m", syscall.EIO), syscall.EIO, "the disk of /m fails"},
		"joined":     {stored("/m", errors.Join(nil, syscall.ENOSPC)), syscall.ENOSPC, "the disk of /m is full"},
		"clock":      {untrusted("h", cert(x509.CertificateInvalidError{Reason: x509.Expired}), now), nil, "not valid at this machine's time, 1970-01-01 00:05: set the clock"},
		"authority":  {untrusted("h", cert(x509.UnknownAuthorityError{}), now), nil, "install ca-certificates"},
		"wrong name": {untrusted("h", cert(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "h"}), now), nil, "the certificate of h is invalid"},
		"proxy":      {throughProxy(get(&net.OpError{Op: "proxyconnect", Err: syscall.ECONNREFUSED})), syscall.ECONNREFUSED, "the proxy of HTTPS_PROXY"},
	} {
		if c.got == nil || !strings.Contains(c.got.Error(), c.want) || c.is != nil && !errors.Is(c.got, c.is) {
			t.Errorf("%s: %v", name, c.got)
		}
		if c.got != nil && strings.Contains(c.got.Error(), "network") {
			t.Errorf("%s is called a fault of the network: %v", name, c.got)
		}
	}
	for name, err := range map[string]error{"no certificate": untrusted("h", get(io.EOF), now), "no proxy": throughProxy(get(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED})), "nothing": stored("/m", nil)} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAFullDiskIsNoBrokenDownload: of a copy from the network to the disk it is said which of the two has failed.
func TestAFullDiskIsNoBrokenDownload(t *testing.T) {
	if err := install("/dev/full/x", strings.NewReader("abc"), 10, ""); err == nil || strings.Contains(err.Error(), "network") {
		t.Errorf("got %v", err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	disk := &kept{w: full}
	if _, err := io.Copy(disk, bytes.NewReader(make([]byte, 100))); !errors.Is(err, syscall.ENOSPC) || !errors.Is(disk.err, syscall.ENOSPC) {
		t.Errorf("a full disk: %v, %v", err, disk.err)
	}
	dst := filepath.Join(t.TempDir(), "x")
	broken := fmt.Errorf("the connection broke")
	if err := install(dst, io.MultiReader(strings.NewReader("abc"), failing{broken}), 10, ""); !errors.Is(err, broken) {
		t.Errorf("a broken connection: %v", err)
	}
}

type failing struct{ error }

func (f failing) Read([]byte) (int, error) { return 0, f.error }
