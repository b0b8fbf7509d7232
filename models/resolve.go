package models

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"unicode"

	"orac/models/onnx"
)

// CatalogPrefix marks a source that is a catalogue entry.
const CatalogPrefix = "catalog:"

// File is a model file that was read and checked, and may run.
type File struct {
	onnx.Data        // what was checked, and may run
	Name      string // catalogue name, or the file's name without .onnx
	SHA256    string
	Licence   string // empty when the file is not in the catalogue
	WakeWord  string
	Labels    []string
	Ignored   []int
}

// Resolve finds, reads and checks the file that a source stands for:
//
//   - "catalog:NAME" is a catalogue entry; it must have been pulled;
//   - "https://…" needs its sha256 (hex), and must have been fetched: else the
//     error is an *UnfetchedError, and Fetch is the way out;
//   - anything else is a path to an .onnx file, relative to baseDir; it is
//     compared with sha256 when that is not empty.
//
// The network is not asked. A file whose checksum is that of a catalogue entry
// gets the entry's labels and licence, whatever it is called. The error of a
// file that is another one tells nothing of what it is.
func (s Store) Resolve(source, sha256, baseDir string) (File, error) {
	if name, ok := strings.CutPrefix(source, CatalogPrefix); ok {
		e, err := Find(name)
		if err != nil {
			return File{}, err
		}
		if sha256 != "" && !strings.EqualFold(sha256, e.SHA256) {
			return File{}, fmt.Errorf("model source %s: %w: the runbook asks for %s, the catalogue has %s", source, ErrChecksum, sha256, e.SHA256)
		}
		return s.load(e)
	}
	if strings.HasPrefix(source, "https://") {
		return s.resolveURL(source, sha256)
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
	d, err := s.hooks.readFile(p)
	if err != nil {
		return File{}, fmt.Errorf("model source %s: %w", source, err)
	}
	sum := sumOfBytes(d.Bytes)
	if sha256 != "" && !strings.EqualFold(sum, sha256) {
		return File{}, fmt.Errorf("model source %s: %w: its SHA-256 is not %s", source, ErrChecksum, sha256)
	}
	return known(d, sum), nil
}

// resolveURL returns the copy in the store. A damaged one is as good as none.
func (s Store) resolveURL(source, sum256 string) (File, error) {
	want, u, err := Wanted{Source: source, SHA256: sum256}.parse()
	if err != nil {
		return File{}, err
	}
	d, err := s.hooks.readFile(s.fetched(want))
	if errors.Is(err, fs.ErrNotExist) || err == nil && sumOfBytes(d.Bytes) != want {
		return File{}, &UnfetchedError{Host: u.Host, SHA256: want}
	}
	if err != nil {
		return File{}, fmt.Errorf("model store: %w", err)
	}
	f := known(d, want)
	if f.Licence == "" { // the file is called after its hash; the address has the better name
		f.Name = nameOf(u)
	}
	return f, nil
}

// fetched is where a model that came over https lies.
func (s Store) fetched(sum string) string { return filepath.Join(s.Dir, "url-"+sum[:16]+".onnx") }

// nameOf is the file's name in an address, without what could be taken for something else where it is shown.
func nameOf(u *url.URL) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return '_'
	}, strings.TrimSuffix(path.Base(u.Path), path.Ext(u.Path)))
}

// isSum tells whether a text is a SHA-256 in hex.
func isSum(text string) bool {
	b, err := hex.DecodeString(text)
	return err == nil && len(b) == sha256.Size
}

func (e Entry) file(d onnx.Data) File {
	return File{Data: d, Name: e.Name, SHA256: e.SHA256, Licence: e.Licence, WakeWord: e.WakeWord, Labels: e.Labels, Ignored: e.Ignored}
}

// known describes a file by its checksum.
func known(d onnx.Data, sum string) File {
	if e, ok := bySum(sum); ok {
		return e.file(d)
	}
	base := filepath.Base(d.Path)
	return File{Data: d, Name: strings.TrimSuffix(base, filepath.Ext(base)), SHA256: sum}
}

// errTooLarge is wrapped when a download or an archive member exceeds its limit.
var errTooLarge = errors.New("larger than the limit")
