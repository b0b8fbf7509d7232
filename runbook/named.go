package runbook

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
)

// maxHashed is the size up to which a named file counts by its content; a larger
// one counts by its size and the time of its last change.
const maxHashed = 64 << 20

// namedFiles looks at the files that attributes name, nested blocks included.
func (d *Document) namedFiles(blocks []Block, open func(string) (fs.File, error)) []Input {
	var out []Input
	for _, b := range blocks {
		for i := range b.Type.Attributes {
			at := &b.Type.Attributes[i]
			v := b.Attrs[at.Name].Value
			if at.Reads == nil || v.IsNull() || !at.Reads(v.AsString()) {
				continue
			}
			in := Input{Kind: InputNamed, Name: v.AsString()}
			in.look(d.Resolve(in.Name), open)
			out = append(out, in)
		}
		out = append(out, d.namedFiles(b.Nested, open)...)
	}
	return out
}

// look fills in what can be seen of the file at path.
func (i *Input) look(path string, open func(string) (fs.File, error)) {
	i.Missing = true
	f, err := open(path)
	if err != nil {
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	i.Size = info.Size()
	if i.Size > maxHashed {
		i.Missing, i.Modified = false, info.ModTime().UnixNano()
		return
	}
	h := sha256.New()
	if i.Size, err = io.Copy(h, io.LimitReader(f, maxHashed)); err == nil {
		i.Missing, i.Hash = false, hex.EncodeToString(h.Sum(nil))
	}
}

// openRegular opens a file that may be read without waiting for anybody.
func openRegular(path string) (fs.File, error) {
	// Opening a FIFO would wait for a writer, so look before opening.
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	return os.Open(path)
}
