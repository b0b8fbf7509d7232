package models

import (
	"crypto/sha512"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// npm/package-lock.json fixes version and SHA-512 of every package. It was
// made by npm itself and holds no address: see Store.address.
//
//go:embed npm/package-lock.json
var lockFile []byte

// locked is what the lock file says about a package.
type locked struct {
	Version   string `json:"version"`
	Integrity string `json:"integrity"` // "sha512-" and base64
}

// lockOf reads one package's entry of the lock file.
func lockOf(pkg string) (locked, error) {
	var file struct {
		Packages map[string]locked `json:"packages"`
	}
	if err := json.Unmarshal(lockFile, &file); err != nil {
		return locked{}, fmt.Errorf("npm/package-lock.json: %w", err)
	}
	l, ok := file.Packages["node_modules/"+pkg]
	if !ok || l.Version == "" || !strings.HasPrefix(l.Integrity, "sha512-") {
		return locked{}, fmt.Errorf("npm/package-lock.json does not fix package %s by SHA-512", pkg)
	}
	return l, nil
}

// check compares a tarball with the lock file, from its start.
func (l locked) check(f *os.File) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	h := sha512.New()
	if _, err := io.Copy(h, f); err != nil {
		return fmt.Errorf("reading %s: %w", f.Name(), err)
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(h.Sum(nil)); got != l.Integrity {
		return fmt.Errorf("%w: the package has %s, the lock file says %s", ErrChecksum, got, l.Integrity)
	}
	return nil
}
