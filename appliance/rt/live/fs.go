package live

import (
	"io"
	"os"
	"slices"
	"strings"

	"orac/appliance/rt"
	"orac/appliance/statedir"
)

// FS is the real file system below one folder, guarded by package statedir: it follows no link, and uses no file of another user.
type FS struct{ dir *statedir.Dir }

// OpenFS opens a folder. If it does not exist, it is made with mode 0700.
func OpenFS(dir string) (*FS, error) {
	d, err := statedir.Open(dir)
	if err != nil {
		return nil, err
	}
	return NewFS(d), nil
}

// NewFS returns the file system of an open folder. Closing it closes the folder.
func NewFS(dir *statedir.Dir) *FS { return &FS{dir} }

// Close closes the folder.
func (f *FS) Close() error { return f.dir.Close() }

// MkdirAll implements rt.FS.
func (f *FS) MkdirAll(_ *rt.Task, dir string) error { return f.dir.MkdirAll(dir) }

// Create implements rt.FS.
func (f *FS) Create(_ *rt.Task, name string) (rt.File, error) {
	return f.dir.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY)
}

// ReadFile implements rt.FS.
func (f *FS) ReadFile(_ *rt.Task, name string, limit int64) ([]byte, error) {
	return f.dir.ReadFile(name, limit)
}

// ReadDir implements rt.FS.
func (f *FS) ReadDir(_ *rt.Task, dir string, most int) ([]rt.FileInfo, error) {
	d, err := f.dir.OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	entries, err := d.ReadDir(most)
	if err != nil && err != io.EOF {
		return nil, err
	}
	infos := make([]rt.FileInfo, 0, len(entries))
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // it was removed meanwhile
		}
		infos = append(infos, rt.FileInfo{Name: e.Name(), Size: info.Size(), Dir: e.IsDir()})
	}
	slices.SortFunc(infos, func(a, b rt.FileInfo) int { return strings.Compare(a.Name, b.Name) })
	return infos, nil
}

// Rename implements rt.FS.
func (f *FS) Rename(_ *rt.Task, from, to string) error { return f.dir.Rename(from, to) }

// Remove implements rt.FS.
func (f *FS) Remove(_ *rt.Task, name string) error { return f.dir.Remove(name) }

// SyncDir implements rt.FS.
func (f *FS) SyncDir(_ *rt.Task, dir string) error {
	d, err := f.dir.OpenFolder(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Free implements rt.FS: the space that an unprivileged user can still use.
func (f *FS) Free(*rt.Task) (int64, error) { return f.dir.Free() }
