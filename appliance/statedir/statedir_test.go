package statedir

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"orac/models/atomicfile"
	"orac/runbook/testkit"
)

// The tests run as root, and stranger is somebody else.
const stranger = 12345

// folder makes a folder with a mode, whatever the umask.
func folder(t *testing.T, mode fs.FileMode, names ...string) string {
	t.Helper()
	path := filepath.Join(names...)
	testkit.Must(t, os.MkdirAll(path, 0o700))
	testkit.Must(t, os.Chmod(path, mode))
	return path
}

// as does something as another user, whom only this thread becomes; the thread ends with it.
func as(t *testing.T, user int, do func()) {
	t.Helper()
	done := make(chan unix.Errno)
	go func() {
		runtime.LockOSThread() // and no unlock
		defer close(done)
		for _, call := range []uintptr{unix.SYS_SETRESGID, unix.SYS_SETRESUID} {
			if _, _, failed := unix.RawSyscall(call, uintptr(user), uintptr(user), uintptr(user)); failed != 0 {
				done <- failed
				return
			}
		}
		do()
	}()
	if failed := <-done; failed != 0 {
		t.Fatal("the tests run as root: ", failed)
	}
}

// refused sees that an error is one sentence that names the path and says more.
func refused(t *testing.T, err error, path, why string) {
	t.Helper()
	r, ok := errors.AsType[*Refusal](err)
	if !ok || r.Path != path || !strings.Contains(r.Error(), why) || r.Hint == "" || strings.Contains(r.Error(), "\n") {
		t.Errorf("got %v; want a refusal of %s with %q", err, path, why)
	}
}

const secret = "what stands outside"

// hostile is what somebody may have put in the place of a file.
var hostile = []struct {
	name string
	put  func(t *testing.T, victim, path string)
	why  string
}{
	{"link", func(t *testing.T, victim, path string) { testkit.Must(t, os.Symlink(victim, path)) }, "it is a symbolic link"},
	{"link to nothing", func(t *testing.T, _, path string) { testkit.Must(t, os.Symlink("/nowhere/file", path)) }, "it is a symbolic link"},
	{"link inside", func(t *testing.T, _, path string) {
		testkit.Must(t, os.WriteFile(filepath.Join(filepath.Dir(path), "other"), nil, 0o600))
		testkit.Must(t, os.Symlink("other", path))
	}, "it is a symbolic link"},
	{"pipe", func(t *testing.T, _, path string) { testkit.Must(t, unix.Mkfifo(path, 0o600)) }, "a named pipe"},
	{"device", func(t *testing.T, _, path string) {
		testkit.Must(t, unix.Mknod(path, unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3))))
	}, "a device"},
	{"socket", func(t *testing.T, _, path string) {
		l, err := net.Listen("unix", path)
		testkit.Must(t, err)
		t.Cleanup(func() { l.Close() })
	}, "a socket"},
	{"folder", func(t *testing.T, _, path string) { testkit.Must(t, os.Mkdir(path, 0o700)) }, "a folder"},
	{"another's file", func(t *testing.T, _, path string) {
		testkit.Must(t, os.WriteFile(path, []byte("theirs"), 0o600))
		testkit.Must(t, os.Chown(path, stranger, stranger))
	}, "it belongs to the user 12345"},
	{"second name of another's file", func(t *testing.T, victim, path string) {
		testkit.Must(t, os.Chown(victim, stranger, stranger))
		testkit.Must(t, os.Link(victim, path))
	}, "it belongs to the user 12345"},
	{"writable for a group", func(t *testing.T, _, path string) {
		testkit.Must(t, os.WriteFile(path, []byte("ours"), 0o600))
		testkit.Must(t, os.Chmod(path, 0o620))
	}, "others may write to it"},
}

// uses are the ways to use a file.
var uses = map[string]func(d *Dir, name string) error{
	"read":     func(d *Dir, name string) error { _, err := d.ReadFile(name, 1<<10); return err },
	"write":    func(d *Dir, name string) error { return d.WriteFile(name, []byte("new")) },
	"open":     func(d *Dir, name string) error { return opened(d.OpenFile(name, os.O_RDWR|os.O_CREATE)) },
	"append":   func(d *Dir, name string) error { return opened(d.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND)) },
	"truncate": func(d *Dir, name string) error { return opened(d.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)) },
	"database": func(d *Dir, name string) error { _, err := d.Database(name); return err },
	"its log":  func(d *Dir, name string) error { _, err := d.Database(strings.TrimSuffix(name, "-wal")); return err },
}

func opened(f *os.File, err error) error {
	if err == nil {
		f.Close()
	}
	return err
}

func TestHostileFiles(t *testing.T) {
	for _, h := range hostile {
		for use, do := range uses {
			top := t.TempDir()
			victim, state := filepath.Join(top, "victim"), folder(t, 0o700, top, "state")
			testkit.Must(t, os.WriteFile(victim, []byte(secret), 0o600))
			for _, name := range []string{"orac.db-wal", "inner/orac.db-wal"} {
				folder(t, 0o700, state, "inner")
				path := filepath.Join(state, name)
				h.put(t, victim, path)
				d, err := Open(state)
				testkit.Must(t, err)
				refused(t, do(d, name), path, h.why)
				testkit.Must(t, d.Close())
				testkit.Must(t, os.RemoveAll(path))
			}
			if text, err := os.ReadFile(victim); err != nil || string(text) != secret {
				t.Errorf("%s, %s: the file outside is %q now (%v)", h.name, use, text, err)
			}
		}
	}
}

// TestHostileFoldersInside: a link on the way to a file is followed no more than the file's own.
func TestHostileFoldersInside(t *testing.T) {
	top := t.TempDir()
	state := folder(t, 0o700, top, "state")
	folder(t, 0o700, state, "real")
	testkit.Must(t, os.Symlink(folder(t, 0o700, top, "outside"), filepath.Join(state, "out")))
	testkit.Must(t, os.Symlink("real", filepath.Join(state, "in")))
	testkit.Must(t, os.WriteFile(filepath.Join(state, "file"), nil, 0o600))
	testkit.Must(t, os.Chown(folder(t, 0o700, state, "theirs"), stranger, stranger))
	d, err := Open(state)
	testkit.Must(t, err)
	defer d.Close()
	for _, name := range []string{"out", "in"} {
		if err := d.WriteFile(name+"/x", nil); err == nil {
			t.Errorf("%s is followed", name)
		}
		refused(t, opened(d.OpenFile(name+"/x", os.O_RDWR|os.O_CREATE)), d.Path(name), "it is a symbolic link")
		_, err := d.Sub(name)
		refused(t, err, d.Path(name), "it is a symbolic link")
		_, err = d.OpenFolder(name)
		refused(t, err, d.Path(name), "it is a symbolic link")
	}
	_, err = d.Sub("file")
	refused(t, err, d.Path("file"), "it is not a folder")
	_, err = d.Sub("theirs")
	refused(t, err, d.Path("theirs"), "belongs to the user 12345")
	for _, name := range []string{"../x", "/etc/passwd", "a/../../x", ""} {
		if err := opened(d.OpenFile(name, os.O_RDWR|os.O_CREATE)); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if left, _ := os.ReadDir(filepath.Join(top, "outside")); len(left) > 0 {
		t.Errorf("outside there is %v", left)
	}
}

func TestFoldersThatAreRefused(t *testing.T) {
	theirs := func(t *testing.T, path string) string {
		testkit.Must(t, os.Chown(path, stranger, stranger))
		return path
	}
	for name, c := range map[string]struct {
		lay func(t *testing.T, top string) (path string)
		why string
	}{
		"another's": {func(t *testing.T, top string) string { return theirs(t, folder(t, 0o700, top, "state")) }, "sudo -u '#12345' orac"},
		"a link": {func(t *testing.T, top string) string {
			testkit.Must(t, os.Symlink(folder(t, 0o700, top, "real"), filepath.Join(top, "state")))
			return filepath.Join(top, "state")
		}, "name the folder that it points to"},
		"a file": {func(t *testing.T, top string) string {
			testkit.Must(t, os.WriteFile(filepath.Join(top, "state"), nil, 0o600))
			return filepath.Join(top, "state")
		}, "it is not a folder"},
		"in another's": {func(t *testing.T, top string) string {
			return folder(t, 0o700, theirs(t, folder(t, 0o755, top, "home")), "state")
		}, "home, which belongs to the user 12345"},
		"to be made in another's": {func(t *testing.T, top string) string {
			return filepath.Join(theirs(t, folder(t, 0o755, top, "home")), "state")
		}, "home, which belongs to the user 12345"},
		"far below another's": {func(t *testing.T, top string) string {
			return folder(t, 0o700, theirs(t, folder(t, 0o755, top, "home")), "a", "b")
		}, "--state-dir"},
		"where all may write": {func(t *testing.T, top string) string {
			p := folder(t, 0o700, top, "open", "state")
			folder(t, 0o777, top, "open")
			return p
		}, "chmod o-w"},
		"by another's link": {func(t *testing.T, top string) string {
			open := folder(t, 0o777|fs.ModeSticky, top, "open")
			folder(t, 0o700, top, "real", "state")
			testkit.Must(t, os.Symlink(filepath.Join(top, "real"), filepath.Join(open, "link")))
			testkit.Must(t, os.Lchown(filepath.Join(open, "link"), stranger, stranger))
			return filepath.Join(open, "link", "state")
		}, "is a link that belongs to the user 12345"},
		"by a link into another's": {func(t *testing.T, top string) string {
			folder(t, 0o700, theirs(t, folder(t, 0o755, top, "home")), "real", "state")
			testkit.Must(t, os.Symlink("home/real/../real", filepath.Join(top, "link")))
			return filepath.Join(top, "link", "state")
		}, "home, which belongs to the user 12345"},
	} {
		t.Run(name, func(t *testing.T) {
			path := c.lay(t, t.TempDir())
			for _, open := range []func(string) (*Dir, error){Open, Existing} {
				d, err := open(path)
				if err == nil {
					d.Close()
				}
				if errors.Is(err, fs.ErrNotExist) && name == "to be made in another's" {
					t.Error("it says that there is none")
				}
				refused(t, err, path, c.why)
			}
			if _, err := os.Lstat(path); name == "to be made in another's" && err == nil {
				t.Error("it was made")
			}
		})
	}
}

func TestFoldersThatAreUsed(t *testing.T) {
	top := t.TempDir()
	sticky := folder(t, 0o777|fs.ModeSticky, top, "tmp")
	testkit.Must(t, os.Symlink("tmp", filepath.Join(top, "link")))
	for _, path := range []string{filepath.Join(sticky, "new", "state"), filepath.Join(top, "link", "new", "state"), folder(t, 0o755, top, "plain")} {
		d, err := Open(path)
		testkit.Must(t, err)
		if len(d.Problems) > 0 {
			t.Errorf("%s: %q", path, d.Problems)
		}
		testkit.Must(t, d.Close())
	}
	if info, err := os.Stat(filepath.Join(sticky, "new")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("what was made is %v (%v)", info.Mode(), err)
	}
	if _, err := Existing(filepath.Join(top, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	group := folder(t, 0o700, top, "group", "state")
	testkit.Must(t, os.Chown(filepath.Join(top, "group"), 0, stranger))
	folder(t, 0o775, top, "group")
	d, err := Open(group)
	testkit.Must(t, err)
	defer d.Close()
	if len(d.Problems) != 1 || !strings.Contains(d.Problems[0], "chmod g-w") {
		t.Errorf("a group that may write above is not told of: %q", d.Problems)
	}
}

// TestClosedOff: the right of others to write goes, unless they have used it.
func TestClosedOff(t *testing.T) {
	for _, mode := range []fs.FileMode{0o777, 0o702, 0o775, 0o777 | fs.ModeSticky} {
		path := folder(t, mode, t.TempDir(), "state")
		d, err := Open(path)
		testkit.Must(t, err)
		info, err := os.Stat(path)
		testkit.Must(t, err)
		if info.Mode().Perm()&0o022 != 0 || len(d.Problems) != 1 || !strings.Contains(d.Problems[0], "could write in") {
			t.Errorf("%v: it has %v, and says %q", mode, info.Mode(), d.Problems)
		}
		testkit.Must(t, d.Close())
	}
	for _, where := range []string{"x", "secrets/jwt", "tls/key.pem", "link"} {
		path := folder(t, 0o770, t.TempDir(), "state")
		file := filepath.Join(path, where)
		folder(t, 0o700, filepath.Dir(file))
		if where == "x" || where == "link" {
			folder(t, 0o770, path)
		}
		testkit.Must(t, os.Symlink("/etc/passwd", file))
		testkit.Must(t, os.Lchown(file, stranger, stranger))
		_, err := Open(path)
		refused(t, err, file, "and this file belongs to another user")
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o770 {
			t.Errorf("it was changed: %v (%v)", info.Mode(), err)
		}
	}
}

// TestAsAUser: root's files are as good as one's own, but a second name of one is a trap; another's folder is refused.
func TestAsAUser(t *testing.T) {
	top := t.TempDir()
	for dir := top; dir != os.TempDir(); dir = filepath.Dir(dir) {
		testkit.Must(t, os.Chmod(dir, 0o755))
	}
	state := folder(t, 0o700, top, "state")
	testkit.Must(t, os.WriteFile(filepath.Join(top, "root's"), []byte(secret), 0o644))
	testkit.Must(t, os.Link(filepath.Join(top, "root's"), filepath.Join(state, "second")))
	testkit.Must(t, os.WriteFile(filepath.Join(state, "given"), nil, 0o644))
	testkit.Must(t, os.Chown(state, stranger, stranger))
	shared := folder(t, 0o770, top, "shared") // as a volume of Kubernetes with fsGroup
	testkit.Must(t, os.Chown(shared, 0, stranger))
	as(t, stranger, func() {
		d, err := Open(state)
		if err != nil {
			t.Error(err)
			return
		}
		defer d.Close()
		_, err = d.ReadFile("second", 100)
		refused(t, err, d.Path("second"), "a hard link")
		if _, err := d.ReadFile("given", 100); err != nil {
			t.Error(err)
		}
		if err := d.WriteFile("own", []byte("x")); err != nil {
			t.Error(err)
		}
		s, err := Open(shared)
		if err != nil || len(s.Problems) > 0 {
			t.Errorf("%v, %v", s, err)
			return
		}
		defer s.Close()
		if err := s.WriteFile("own", nil); err != nil {
			t.Error(err)
		}
	})
	_, err := Open(state)
	refused(t, err, state, "run orac as that user")
}

// TestSwappedFolder puts another folder in the place of the one that was looked at, before it is used.
func TestSwappedFolder(t *testing.T) {
	for name, c := range map[string]struct {
		hook func(h *hooks, swap func())
		put  func(t *testing.T, other, path string)
		why  string
	}{
		"by a link": {func(h *hooks, swap func()) { h.found = swap }, func(t *testing.T, other, path string) { testkit.Must(t, os.Symlink(other, path)) }, "it is a symbolic link"},
		"by another's": {func(h *hooks, swap func()) { h.found = swap }, func(t *testing.T, other, path string) {
			testkit.Must(t, os.Chown(other, stranger, stranger))
			testkit.Must(t, os.Rename(other, path))
		}, "belongs to the user"},
		"by a link, once open":    {func(h *hooks, swap func()) { h.opened = swap }, func(t *testing.T, other, path string) { testkit.Must(t, os.Symlink(other, path)) }, "was replaced while it was being opened"},
		"by another's, once open": {func(h *hooks, swap func()) { h.opened = swap }, func(t *testing.T, other, path string) { testkit.Must(t, os.Rename(other, path)) }, "was replaced while it was being opened"},
	} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			path, other := folder(t, 0o700, top, "state"), folder(t, 0o700, top, "other")
			var h hooks
			c.hook(&h, func() {
				testkit.Must(t, os.Rename(path, path+".gone"))
				c.put(t, other, path)
			})
			_, err := h.open(path, true)
			refused(t, err, path, c.why)
		})
	}
	top := t.TempDir()
	path := folder(t, 0o700, top, "state")
	d, err := Open(path)
	testkit.Must(t, err)
	defer d.Close()
	testkit.Must(t, d.Same())
	testkit.Must(t, os.Rename(path, path+".gone"))
	folder(t, 0o700, path)
	refused(t, d.Same(), path, "the folder was replaced")
	_, err = d.Database("orac.db")
	refused(t, err, path, "the folder was replaced")
	testkit.Must(t, d.WriteFile("file", nil))
	if _, err := os.Stat(filepath.Join(path+".gone", "file")); err != nil {
		t.Errorf("what is open is another folder: %v", err)
	}
}

// TestSwappedFile puts something else in the place of a file that was looked at, before it is opened.
func TestSwappedFile(t *testing.T) {
	for _, h := range hostile {
		for _, use := range []string{"read", "truncate", "append"} {
			top := t.TempDir()
			victim, path := filepath.Join(top, "victim"), filepath.Join(folder(t, 0o700, top, "state"), "file")
			testkit.Must(t, os.WriteFile(victim, []byte(secret), 0o600))
			testkit.Must(t, os.WriteFile(path, []byte("good"), 0o600))
			d, err := Open(filepath.Dir(path))
			testkit.Must(t, err)
			d.hooks.file = func() {
				testkit.Must(t, os.Remove(path))
				h.put(t, victim, path)
			}
			if err := uses[use](d, "file"); err == nil {
				t.Errorf("%s, %s: it is used", h.name, use)
			}
			testkit.Must(t, d.Close())
			if text, err := os.ReadFile(victim); err != nil || string(text) != secret {
				t.Errorf("%s, %s: the file outside is %q now (%v)", h.name, use, text, err)
			}
			if h.name == "another's file" {
				if text, err := os.ReadFile(path); err != nil || string(text) != "theirs" {
					t.Errorf("%s: another's file is %q now (%v)", use, text, err)
				}
			}
		}
	}
}

func TestWriteFile(t *testing.T) {
	d, err := Open(t.TempDir())
	testkit.Must(t, err)
	defer d.Close()
	for _, text := range []string{"one", "two, which is longer", ""} {
		testkit.Must(t, d.WriteFile("file", []byte(text)))
		if got, err := d.ReadFile("file", 100); err != nil || string(got) != text {
			t.Errorf("%q, %v", got, err)
		}
	}
	if info, err := d.Lstat("file"); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if _, err := d.ReadFile("file", 100); err != nil {
		t.Error(err)
	}
	testkit.Must(t, d.WriteFile("file", make([]byte, 101)))
	if _, err := d.ReadFile("file", 100); err == nil {
		t.Error("more than was asked for is read")
	}
	testkit.Must(t, d.Mkdir("full"))
	if err := d.WriteFile("none/file", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	old, young := d.Path(atomicfile.Prefix+"old"), d.Path(atomicfile.Prefix+"young")
	for _, path := range []string{old, young} {
		testkit.Must(t, os.WriteFile(path, nil, 0o600))
	}
	long := time.Now().Add(-2 * time.Hour)
	testkit.Must(t, os.Chtimes(old, long, long))
	d.Sweep()
	var names []string
	list, err := d.ReadDir()
	testkit.Must(t, err)
	for _, e := range list {
		names = append(names, e.Name())
	}
	if strings.Join(names, " ") != atomicfile.Prefix+"young file full" {
		t.Errorf("there is %q", names)
	}
}

// TestUnmapped: in a user namespace / belongs to a user who stands for all others, and nowhere else is that one trusted.
func TestUnmapped(t *testing.T) {
	for ids, want := range map[string]bool{"         0          0 4294967295\n": false, "": false, "         0       1000          1\n": true, "0 100000 65536\n": true} {
		if inNamespace(ids) != want {
			t.Errorf("%q: %v", ids, !want)
		}
	}
	if unmapped(stranger) || unmapped(0) {
		t.Error("a user who has a number is taken for one who has none")
	}
}

// TestRegular: a link to a file is followed; what takes the place of the file is not opened, and nobody waits for a pipe.
func TestRegular(t *testing.T) {
	for _, h := range hostile {
		if strings.Contains(h.why, "link") || strings.Contains(h.why, "user") || strings.Contains(h.why, "others") {
			continue // fit to be read
		}
		top := t.TempDir()
		path, link := filepath.Join(top, "file"), filepath.Join(top, "link")
		testkit.Must(t, os.WriteFile(path, []byte("words"), 0o600))
		testkit.Must(t, os.Symlink("file", link))
		f, info, err := Regular(link)
		testkit.Must(t, err)
		if f.Close(); info.Size() != 5 {
			t.Errorf("it has %d bytes", info.Size())
		}
		swap := func() {
			testkit.Must(t, os.Remove(path))
			h.put(t, "", path)
		}
		if f, _, err := (hooks{file: swap}).regular(link); err == nil {
			f.Close()
			t.Errorf("%s is opened in the place of a file", h.name)
		}
		if f, _, err := Regular(link); !errors.Is(err, ErrNotRegular) {
			t.Errorf("%s: %v, %v", h.name, f, err)
		}
	}
}
