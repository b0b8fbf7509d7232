package language

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"time"
)

// maxHashed is the largest named file that is identified by its content. A larger one is identified
// by its size and the time of its last change.
const maxHashed = 64 << 20

// namedFiles reads the files that attributes name, including attributes of nested blocks.
func (d *Document) namedFiles(blocks []Block, o Options) []Input {
	var out []Input
	for _, b := range blocks {
		for i := range b.Type.Attributes {
			at := &b.Type.Attributes[i]
			name, reads := at.reads(b)
			if !reads {
				continue
			}
			in, known := o.Named[name]
			if !known {
				in = Input{Kind: InputNamed, Name: name}
				in.look(d.Resolve(name), o.Open)
			}
			out = append(out, in)
		}
		out = append(out, d.namedFiles(b.Nested, o)...)
	}
	return out
}

// reads returns the file that the attribute of a block names, if it names one.
func (at *Attribute) reads(b Block) (name string, ok bool) {
	v := b.Attrs[at.Name].Value
	if at.Reads == nil || v.IsNull() || !at.Reads(v.AsString()) {
		return "", false
	}
	return v.AsString(), true
}

// NamedFile returns what was found at the file that an attribute of a block names; false when the
// attribute names none.
func (d *Document) NamedFile(block Address, attribute string) (Input, bool) {
	b, ok := d.Block(block)
	if !ok {
		return Input{}, false
	}
	at := b.Type.Attribute(attribute)
	if at == nil {
		return Input{}, false
	}
	name, ok := at.reads(b)
	if !ok {
		return Input{}, false
	}
	list := d.Inputs().List
	i := slices.IndexFunc(list, func(in Input) bool { return in.Kind == InputNamed && in.Name == name })
	if i < 0 {
		return Input{}, false
	}
	return list[i], true
}

// Version tells two states of a named file apart, for people.
func (i Input) Version() string {
	switch {
	case i.Missing:
		return "missing"
	case i.Hash != "":
		return "sha256 " + i.Hash[:12]
	}
	return FormatSize(Size(i.Size)) + " of " + time.Unix(0, i.Modified).UTC().Format(time.RFC3339Nano)
}

// Same tells whether a named file is unchanged.
func (i Input) Same(was Input) bool {
	return i.Missing == was.Missing && i.Hash == was.Hash && i.Size == was.Size && i.Modified == was.Modified
}

// look records what can be found out about the file at path.
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

// openRegular opens a file only if it can be read without waiting.
func openRegular(path string) (fs.File, error) {
	// Opening a device may have effects, so check before opening. Check the opened file again, because the path may lead to
	// another file by then.
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = f.Close()
		return nil, cmp.Or(err, errNotRegular)
	}
	return f, nil
}

var errNotRegular = errors.New("it is not a regular file")
