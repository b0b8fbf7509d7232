package edge

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"orac/appliance/statedir"
	"orac/runbook"
)

// TestCertificateReload: a changed file is taken without a restart; a broken one leaves the one before in force.
func TestCertificateReload(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for _, d := range []string{dir, other} {
		folder, err := statedir.Open(d)
		if err == nil {
			defer folder.Close()
			err = selfSign(folder, machineClock())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	c, _, err := openCertificate(runbook.TLS{Cert: cert, Key: key}, dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	first := c.fingerprint()
	put := func(cert, key []byte) {
		for name, text := range map[string][]byte{"cert.pem": cert, "key.pem": key} {
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
			later := time.Now().Add(time.Hour)
			if err := os.Chtimes(filepath.Join(dir, name), later, later); err != nil {
				t.Fatal(err)
			}
		}
		c.looked = time.Time{} // five seconds pass
	}
	newCert, _ := os.ReadFile(filepath.Join(other, "cert.pem"))
	newKey, _ := os.ReadFile(filepath.Join(other, "key.pem"))
	put(newCert, newKey)
	second := c.fingerprint()
	if second == first || second == "" {
		t.Error("the new certificate is not taken")
	}
	put([]byte("garbage"), newKey)
	if c.fingerprint() != second {
		t.Error("a broken file ends TLS")
	}
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := openCertificate(runbook.TLS{Cert: cert, Key: key}, dir, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a key that all may read is taken")
	}
	if _, _, err := openCertificate(runbook.TLS{Cert: "/nowhere", Key: "/nowhere"}, dir, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("no files are taken")
	}
}
