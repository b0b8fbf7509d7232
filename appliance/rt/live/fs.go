package live

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"orac/appliance/rt"
)

// FS is the real file system below one folder. It does not follow links out of it.
type FS struct{ root *os.Root }

// OpenFS opens a folder, which it makes with mode 0700 if it is not there.
func OpenFS(dir string) (*FS, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &FS{root}, nil
}

// Close frees the folder.
func (f *FS) Close() error { return f.root.Close() }

// MkdirAll implements rt.FS.
func (f *FS) MkdirAll(_ *rt.Task, dir string) error { return f.root.MkdirAll(dir, 0o700) }

// Create implements rt.FS.
func (f *FS) Create(_ *rt.Task, name string) (rt.File, error) {
	return f.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

// ReadFile implements rt.FS.
func (f *FS) ReadFile(_ *rt.Task, name string, limit int64) ([]byte, error) {
	file, err := f.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, fmt.Errorf("%s: longer than %d bytes", name, limit)
	}
	return b, err
}

// ReadDir implements rt.FS.
func (f *FS) ReadDir(_ *rt.Task, dir string, most int) ([]rt.FileInfo, error) {
	d, err := f.root.Open(dir)
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
			continue // it went away meanwhile
		}
		infos = append(infos, rt.FileInfo{Name: e.Name(), Size: info.Size(), Dir: e.IsDir()})
	}
	slices.SortFunc(infos, func(a, b rt.FileInfo) int { return strings.Compare(a.Name, b.Name) })
	return infos, nil
}

// Rename implements rt.FS.
func (f *FS) Rename(_ *rt.Task, from, to string) error { return f.root.Rename(from, to) }

// Remove implements rt.FS.
func (f *FS) Remove(_ *rt.Task, name string) error { return f.root.Remove(name) }

// SyncDir implements rt.FS.
func (f *FS) SyncDir(_ *rt.Task, dir string) error {
	d, err := f.root.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Free implements rt.FS: what an unprivileged user can still write.
func (f *FS) Free(*rt.Task) (int64, error) {
	d, err := f.root.Open(".")
	if err != nil {
		return 0, err
	}
	defer d.Close()
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(d.Fd()), &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * st.Bsize, nil
}
