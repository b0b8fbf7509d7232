package models

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// CatalogPrefix marks a source that is a catalogue entry.
const CatalogPrefix = "catalog:"

// File is a model file that was checked and may be loaded.
type File struct {
	Name     string // catalogue name, or the file's name without .onnx
	Path     string
	SHA256   string
	Licence  string // empty when the file is not in the catalogue
	WakeWord string
	Labels   []string
	Ignored  []int
}

// Resolve finds and checks the file that a source stands for:
//
//   - "catalog:NAME" is a catalogue entry; it must have been pulled;
//   - "https://…" is fetched once into the store and needs its sha256 (hex);
//   - anything else is a path to an .onnx file, relative to baseDir; it is
//     compared with sha256 when that is not empty.
//
// A file whose checksum is that of a catalogue entry gets the entry's labels
// and licence, whatever it is called.
func (s Store) Resolve(ctx context.Context, source, sha256, baseDir string) (File, error) {
	if name, ok := strings.CutPrefix(source, CatalogPrefix); ok {
		e, err := Find(name)
		if err != nil {
			return File{}, err
		}
		if sha256 != "" && !strings.EqualFold(sha256, e.SHA256) {
			return File{}, fmt.Errorf("model source %s: %w: the runbook asks for %s, the catalogue has %s", source, ErrChecksum, sha256, e.SHA256)
		}
		p, err := s.path(e)
		return e.file(p), err
	}
	if strings.HasPrefix(source, "https://") {
		return s.resolveURL(ctx, source, sha256)
	}
	if strings.Contains(source, "://") {
		return File{}, fmt.Errorf("model source %s: only %sNAME, https://… with sha256, and paths are supported", source, CatalogPrefix)
	}
	if !strings.EqualFold(filepath.Ext(source), ".onnx") {
		return File{}, fmt.Errorf("model source %q: a path must end in .onnx; a catalogue model is written %sNAME", source, CatalogPrefix)
	}
	p := source
	if !filepath.IsAbs(p) {
		p = filepath.Join(baseDir, p)
	}
	sum, err := fileSum(p)
	if err != nil {
		return File{}, fmt.Errorf("model source %s: %w", source, err)
	}
	if sha256 != "" && !strings.EqualFold(sum, sha256) {
		return File{}, fmt.Errorf("model source %s: %w: it has SHA-256 %s, expected %s", source, ErrChecksum, sum, sha256)
	}
	return known(p, sum), nil
}

// resolveURL returns the copy in the store, fetching it when it is missing or damaged.
func (s Store) resolveURL(ctx context.Context, source, want string) (File, error) {
	want = strings.ToLower(want)
	if b, err := hex.DecodeString(want); err != nil || len(b) != 32 {
		return File{}, fmt.Errorf("model source %s: an https source needs sha256 with 64 hex digits, got %q", source, want)
	}
	u, err := url.Parse(source)
	if err != nil || u.Host == "" {
		return File{}, fmt.Errorf("model source %s: not a valid https address", source)
	}
	p := filepath.Join(s.Dir, "url-"+want[:16]+".onnx")
	sum, err := fileSum(p)
	if err != nil || sum != want {
		if err := s.fetch(ctx, u, want, p); err != nil {
			return File{}, fmt.Errorf("model source %s: %w", u.Redacted(), err)
		}
	}
	f := known(p, want)
	if f.Licence == "" { // the file is called after its hash; the address has the better name
		f.Name = strings.TrimSuffix(filepath.Base(u.Path), filepath.Ext(u.Path))
	}
	return f, nil
}

func (e Entry) file(p string) File {
	return File{Name: e.Name, Path: p, SHA256: e.SHA256, Licence: e.Licence, WakeWord: e.WakeWord, Labels: e.Labels, Ignored: e.Ignored}
}

// known describes a file by its checksum.
func known(p, sum string) File {
	if e, ok := bySum(sum); ok {
		return e.file(p)
	}
	base := filepath.Base(p)
	return File{Name: strings.TrimSuffix(base, filepath.Ext(base)), Path: p, SHA256: sum}
}

// errTooLarge is wrapped when a download or an archive member exceeds its limit.
var errTooLarge = errors.New("larger than the limit")
