package api

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orac/runbook"
	"orac/web/edge"
)

// TestTheConsoleTellsOfItsTrouble, as long as it has any; with its certificate it tells the fingerprint.
func TestTheConsoleTellsOfItsTrouble(t *testing.T) {
	h := listen(t, func(rb *runbook.Runbook) { rb.Web.TLS.SelfSigned = true })
	if why, known := h.host.Trouble(); why != "" || !known {
		t.Errorf("it is in trouble: %q, %v", why, known)
	}
	fresh := &edge.Host{}
	if why, known := fresh.Trouble(); why != "" || known {
		t.Errorf("before it was tried: %q, %v", why, known)
	}
	fresh.Shut(errors.New("no database"))
	if why, known := fresh.Trouble(); why != "no database" || !known {
		t.Errorf("shut: %q, %v", why, known)
	}
	key := filepath.Join(h.dir, "tls", "key.pem")
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	other := *h.app.Book
	other.Web.Listen = freePort(t)
	h.host.Use(&other)
	if why, known := h.host.Trouble(); !strings.Contains(why, "chmod 600") || !known {
		t.Errorf("with a key that others may read: %q, %v", why, known)
	}
	if err := os.Chmod(key, 0o600); err != nil {
		t.Fatal(err)
	}
	h.host.Use(&other)
	if why, _ := h.host.Trouble(); why != "" {
		t.Errorf("mended, and in trouble: %q", why)
	}
	other.Web.Listen = ""
	h.host.Use(&other)
	if why, _ := h.host.Trouble(); why != "" {
		t.Errorf("no console is wanted, and it is in trouble: %q", why)
	}
}
