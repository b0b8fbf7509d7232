package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"
)

// pack writes a folder as an archive under a different name. The same files at the same time produce the same bytes: names are
// sorted, everything belongs to root, and the only mode that counts is "executable".
func pack(w io.Writer, folder, name string, at time.Time) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	err = filepath.WalkDir(folder, func(file string, d fs.DirEntry, err error) error { // in the order of the names
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(folder, file)
		if err != nil {
			return err
		}
		return add(t, file, path.Join(name, filepath.ToSlash(rel)), d, at)
	})
	return errors.Join(err, t.Close(), z.Close())
}

func add(t *tar.Writer, file, name string, d fs.DirEntry, at time.Time) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: info.Size(), ModTime: at, Uname: "root", Gname: "root", Format: tar.FormatPAX}
	switch {
	case d.IsDir():
		h.Typeflag, h.Name, h.Mode, h.Size = tar.TypeDir, name+"/", 0o755, 0
	case info.Mode()&0o111 != 0:
		h.Mode = 0o755
	}
	if err := t.WriteHeader(h); err != nil || d.IsDir() {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(t, f)
	return err
}
