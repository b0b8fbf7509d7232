package virtual

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"syscall"

	"orac/appliance/rt"
)

// Disk is a model of a file system that remembers what has reached the medium. The contents of a file do so when it is
// synced; creations, renames and removals of files when their folder is; what is not synced when the power fails is lost.
// Folders themselves are there, and gone, at once.
type Disk struct {
	Capacity int64 // bytes
	// Fail makes an operation fail: its error, or nil to let it happen. op is create, write, sync, rename, remove,
	// read, list.
	Fail func(op, name string) error

	files   map[string]*file // as programs see them
	durable map[string]*file // as they are after a power loss
	dirs    map[string]bool
}

// file is the contents of a name.
type file struct {
	data   []byte
	synced int // bytes that have reached the medium
}

// NewDisk makes an empty disk.
func NewDisk(capacity int64) *Disk {
	return &Disk{Capacity: capacity, files: map[string]*file{}, durable: map[string]*file{}, dirs: map[string]bool{".": true}}
}

// PowerLoss leaves only what has reached the medium.
func (d *Disk) PowerLoss() {
	d.files = map[string]*file{}
	for name, f := range d.durable {
		kept := &file{data: slices.Clone(f.data[:f.synced]), synced: f.synced}
		d.files[name] = kept
		d.durable[name] = kept
	}
}

// Files are the names of all files, in order.
func (d *Disk) Files() []string { return slices.Sorted(maps.Keys(d.files)) }

func (d *Disk) fail(op, name string) error {
	if d.Fail == nil {
		return nil
	}
	if err := d.Fail(op, name); err != nil {
		return &fs.PathError{Op: op, Path: name, Err: err}
	}
	return nil
}

func (d *Disk) used() (n int64) {
	for _, f := range d.files {
		n += int64(len(f.data))
	}
	return n
}

// MkdirAll implements rt.FS.
func (d *Disk) MkdirAll(_ *rt.Task, dir string) error {
	for dir = path.Clean(dir); dir != "."; dir = path.Dir(dir) {
		d.dirs[dir] = true
	}
	return nil
}

// Create implements rt.FS.
func (d *Disk) Create(_ *rt.Task, name string) (rt.File, error) {
	if err := d.fail("create", name); err != nil {
		return nil, err
	}
	if d.files[name] != nil {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	if !d.dirs[path.Dir(name)] {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrNotExist}
	}
	f := &file{}
	d.files[name] = f
	return &openFile{d, f, name}, nil
}

// ReadFile implements rt.FS.
func (d *Disk) ReadFile(_ *rt.Task, name string, limit int64) ([]byte, error) {
	if err := d.fail("read", name); err != nil {
		return nil, err
	}
	f := d.files[name]
	if f == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if int64(len(f.data)) > limit {
		return nil, fmt.Errorf("%s: longer than %d bytes", name, limit)
	}
	return slices.Clone(f.data), nil
}

// ReadDir implements rt.FS.
func (d *Disk) ReadDir(_ *rt.Task, dir string, most int) ([]rt.FileInfo, error) {
	if err := d.fail("list", dir); err != nil {
		return nil, err
	}
	var list []rt.FileInfo
	for _, name := range d.Files() {
		if rest, ok := strings.CutPrefix(name, dir+"/"); ok && !strings.Contains(rest, "/") && len(list) < most {
			list = append(list, rt.FileInfo{Name: rest, Size: int64(len(d.files[name].data))})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.dirs)) {
		if rest, ok := strings.CutPrefix(name, dir+"/"); ok && !strings.Contains(rest, "/") && len(list) < most {
			list = append(list, rt.FileInfo{Name: rest, Dir: true})
		}
	}
	slices.SortFunc(list, func(a, b rt.FileInfo) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// Rename implements rt.FS.
func (d *Disk) Rename(_ *rt.Task, from, to string) error {
	if err := d.fail("rename", from); err != nil {
		return err
	}
	f := d.files[from]
	if f == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	delete(d.files, from)
	d.files[to] = f
	return nil
}

// Remove implements rt.FS.
func (d *Disk) Remove(_ *rt.Task, name string) error {
	if err := d.fail("remove", name); err != nil {
		return err
	}
	if d.dirs[name] {
		return d.removeDir(name)
	}
	if d.files[name] == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	delete(d.files, name)
	return nil
}

// removeDir removes an empty folder.
func (d *Disk) removeDir(name string) error {
	for f := range d.files {
		if strings.HasPrefix(f, name+"/") {
			return &fs.PathError{Op: "remove", Path: name, Err: syscall.ENOTEMPTY}
		}
	}
	delete(d.dirs, name)
	return nil
}

// SyncDir implements rt.FS.
func (d *Disk) SyncDir(_ *rt.Task, dir string) error {
	if err := d.fail("sync", dir); err != nil {
		return err
	}
	inside := func(name string) bool { return path.Dir(name) == dir }
	for name := range d.durable {
		if inside(name) && d.files[name] == nil {
			delete(d.durable, name)
		}
	}
	for name, f := range d.files {
		if inside(name) {
			d.durable[name] = f
		}
	}
	return nil
}

// Free implements rt.FS.
func (d *Disk) Free(*rt.Task) (int64, error) { return d.Capacity - d.used(), nil }

// openFile is a file being written.
type openFile struct {
	disk *Disk
	file *file
	name string
}

func (o *openFile) Write(p []byte) (int, error) {
	if err := o.disk.fail("write", o.name); err != nil {
		return 0, err
	}
	o.file.data = append(o.file.data, p...)
	return len(p), nil
}

func (o *openFile) Sync() error {
	if err := o.disk.fail("sync", o.name); err != nil {
		return err
	}
	o.file.synced = len(o.file.data)
	return nil
}

func (o *openFile) Close() error { return nil }
