package generation

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// format is the version of meta.json. A higher version comes from a newer ORAC: it is unusable, but not damaged.
const format = 1

// errNewer says that a generation cannot be used because a newer ORAC wrote it.
var errNewer = errors.New("a newer version of ORAC wrote it")

// meta is meta.json: compact JSON, byte for byte as encode writes it.
type meta struct {
	Format  int               `json:"format"`
	Number  int               `json:"number"`
	Applied time.Time         `json:"applied"`
	File    string            `json:"file"`
	Note    string            `json:"note"`
	Hash    string            `json:"hash"`  // of all inputs
	Sums    map[string]string `json:"sums"`  // SHA-256 of the other files, in hexadecimal
	Check   string            `json:"check"` // SHA-256 of this file with an empty check
}

func newMeta(g Generation, inputs []byte) meta {
	return meta{Format: format, Number: g.Number, Applied: g.Applied.UTC(), File: g.File, Note: g.Note, Hash: g.Inputs.Hash(),
		Sums: map[string]string{runbookFile: sum(g.Source), inputsFile: sum(inputs)}}
}

func (m meta) encode() ([]byte, error) {
	m.Check = ""
	b, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	m.Check = sum(b)
	b, err = json.Marshal(m)
	if err == nil && len(b) > maxMeta {
		err = fmt.Errorf("its name and note exceed %d bytes", maxMeta)
	}
	return b, err
}

// decodeMeta reads meta.json. The error is errNewer, or wraps ErrDamaged.
func decodeMeta(b []byte) (meta, error) {
	var m meta
	err := json.Unmarshal(b, &m)
	if err == nil && m.Format > format {
		return m, errNewer
	}
	again, _ := m.encode()
	if err != nil || !bytes.Equal(b, again) {
		return m, damaged(metaFile + " has changed since it was written")
	}
	return m, nil
}

func damaged(cause string) error { return fmt.Errorf("%w: %s", ErrDamaged, cause) }

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
