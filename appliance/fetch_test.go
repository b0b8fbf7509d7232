//go:build cgo

package appliance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/appliance/graph"
	"orac/models"
	"orac/runbook"
	"orac/runbook/language"
)

// TestTheEngineFetchesOnlyWhenItIsTold: neither a look at a model nor a head that starts again connects to anybody, and a fetch connects to
// nobody who is not public.
func TestTheEngineFetchesOnlyWhenItIsTold(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	connected := make(chan net.Conn, 10)
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			connected <- c
		}
		close(connected)
	}()
	sum := sha256.Sum256(nil)
	rb := parse(t, `
appliance "x" {}
device "microphone" "usb" {}
model "far" {
  source = "https://`+l.Addr().String()+`/far.onnx"
  sha256 = "`+hex.EncodeToString(sum[:])+`"
}
listener "x" {
  device = device.microphone.usb
  models = [model.far]
}`)
	e := &inference{ctx: context.Background(), store: models.Store{Dir: t.TempDir()}}
	m := rb.Models[0]
	far := graph.ModelFile{Model: graph.Model{Address: m.Address, Name: m.Name, Source: m.Source, SHA256: m.SHA256}}
	var unfetched *models.UnfetchedError
	if _, err := e.model(far); !errors.As(err, &unfetched) || unfetched.Host != l.Addr().String() {
		t.Errorf("a look: %v", err)
	}
	if _, err := e.head(far); !errors.As(err, &unfetched) {
		t.Errorf("a head: %v", err)
	}
	if f := Fetches(rb, e.store); len(f) != 1 || f[0].Block != "model.far" || f[0].Host != l.Addr().String() {
		t.Errorf("fetches %+v", f)
	}
	if err := e.fetch(nil, []graph.Lacking{{Block: far.Address, File: far, SHA256: far.SHA256}}, time.Minute); err == nil || !strings.Contains(err.Error(), "model.far: ") || !strings.Contains(err.Error(), "no public address") {
		t.Errorf("a fetch: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(e.store.Dir, "url-*")); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
	l.Close()
	for c := range connected {
		t.Errorf("%v was connected to", c.LocalAddr())
	}
	if err := os.WriteFile(filepath.Join(e.store.Dir, "url-"+hex.EncodeToString(sum[:])[:16]+".onnx"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if f := Fetches(rb, e.store); f != nil {
		t.Errorf("what is there is fetched: %+v", f)
	}
}

func parse(t *testing.T, text string) *runbook.Runbook {
	t.Helper()
	rb, problems := runbook.Parse([]byte(text), "x.hcl", language.Options{HashKey: make([]byte, 32)})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return rb
}
