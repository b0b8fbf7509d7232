package logbook

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"orac/appliance/status"
)

// pen is a writer that can fail or hang.
type pen struct {
	text  strings.Builder
	fails bool
	hangs chan struct{}
}

func (p *pen) Write(b []byte) (int, error) {
	if p.hangs != nil {
		<-p.hangs
	}
	if p.fails {
		return 0, syscall.ENOSPC
	}
	return p.text.Write(b)
}

func bare(l status.LogLine) string { return l.Message + fmt.Sprint(l.Attrs["lines"]) }

func TestSinkWritesWhatWasLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Options{})
		b.Logger().Info("before")
		p := &pen{}
		stop := (&Sink{Book: b, Out: p}).Start()
		synctest.Wait()
		for i := range 250 {
			b.Logger().Info(fmt.Sprint("line ", i))
		}
		if !stop(time.Second) || strings.Count(p.text.String(), "\n") != 251 || !strings.Contains(p.text.String(), "INFO  line 249\n") {
			t.Errorf("%d lines", strings.Count(p.text.String(), "\n"))
		}
	})
}

// TestFailingSink: lines are lost, counted, and the count is written when the writer works again.
func TestFailingSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Options{})
		p := &pen{fails: true}
		stop := (&Sink{Book: b, Out: p, Format: bare}).Start()
		for range 5 {
			b.Logger().Info("lost")
		}
		synctest.Wait()
		p.fails = false
		b.Logger().Info("back")
		stop(time.Second)
		if got := p.text.String(); got != "lines of the log were lost5\nback<nil>\n" {
			t.Errorf("%q", got)
		}
	})
}

// TestHangingSink: nobody who logs waits; the end of the process waits as long as it wants to; what fell out is counted.
func TestHangingSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Options{Lines: 10})
		p := &pen{hangs: make(chan struct{})}
		stop := (&Sink{Book: b, Out: p, Format: bare}).Start()
		b.Logger().Info("hangs")
		synctest.Wait()
		from := time.Now()
		for range 100 {
			b.Logger().Info("x")
		}
		if stop(2*time.Second) || time.Since(from) != 2*time.Second {
			t.Errorf("waited %v", time.Since(from))
		}
		close(p.hangs)
		synctest.Wait()
		if got := p.text.String(); got != "hangs<nil>\nlines of the log were lost90\n"+strings.Repeat("x<nil>\n", 10) {
			t.Errorf("%q", got)
		}
	})
}

func newFile(t *testing.T, path string, size int64, keep int) *File {
	t.Helper()
	f, err := NewFile(path, max(size, MinFile), keep)
	if err != nil {
		t.Fatal(err)
	}
	f.size = size + int64(len(mark)) // tests use small ones
	t.Cleanup(func() { f.Close() })
	return f
}

// total is the number of bytes that a log takes, and its text from the oldest line on.
func total(t interface{ Fatal(...any) }, path string, keep int) (n int64, text string) {
	for i := keep + 5; i >= 0; i-- {
		name := path
		if i > 0 {
			name = fmt.Sprint(path, ".", i)
		}
		b, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		own := strings.TrimSuffix(string(b), mark)
		n += int64(len(own))
		text += own
	}
	return n, text
}

// TestRotation: never more than the bound, whatever was there before, and what is there are the newest lines: without a gap
// while the bounds stay the same.
func TestRotation(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			r.Fatal(err)
		}
		path := filepath.Join(dir, "orac.log")
		all := ""
		same := rapid.Bool().Draw(r, "same bounds")
		size, keep := int64(rapid.IntRange(20, 200).Draw(r, "size")), rapid.IntRange(1, 5).Draw(r, "keep")
		for range rapid.IntRange(1, 4).Draw(r, "processes") {
			if !same {
				size, keep = int64(rapid.IntRange(20, 200).Draw(r, "size")), rapid.IntRange(1, 5).Draw(r, "keep")
			}
			f := newFile(t, path, size, keep)
			for range rapid.IntRange(1, 40).Draw(r, "lines") {
				line := strings.Repeat("x", rapid.IntRange(0, 19).Draw(r, "length")) + "\n"
				if _, err := f.Write([]byte(line)); err != nil {
					r.Fatal(err)
				}
				all += line
				n, text := total(r, path, 5)
				if n > size*int64(keep) || same && !strings.HasSuffix(all, text) || !strings.HasSuffix(text, line) {
					r.Fatalf("%d bytes of %d * %d:\n%q\n%q", n, size, keep, text, all)
				}
			}
			f.Close()
		}
	})
}

func TestFileThatIsMovedAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orac.log")
	f := newFile(t, path, 100, 2)
	write := func(s string) {
		t.Helper()
		if _, err := f.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	write("one\n")
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	write("two\n")
	if b, err := os.ReadFile(path); string(b) != "two\n" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestFileRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, bad := range []struct {
		path string
		size int64
		keep int
	}{{"", MinFile, 3}, {"x", MinFile - 1, 3}, {"x", MinFile, 0}, {"x", MinFile, 101}} {
		if _, err := NewFile(bad.path, bad.size, bad.keep); err == nil || !strings.HasPrefix(err.Error(), "log file") {
			t.Errorf("%v: %v", bad, err)
		}
	}
	fifo, link, folder := filepath.Join(dir, "fifo"), filepath.Join(dir, "link"), filepath.Join(dir, "no", "such", "folder")
	elsewhere := filepath.Join(dir, "elsewhere")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Lchown(link, 12345, 12345); err != nil {
		t.Fatalf("give a link away (this test needs root): %v", err)
	}
	for _, path := range []string{fifo, link, folder, dir} {
		if _, err := newFile(t, path, 100, 2).Write([]byte("x\n")); err == nil {
			t.Errorf("%s was written", path)
		}
	}
	if _, err := newFile(t, filepath.Join(dir, "log"), 10, 2).Write(make([]byte, 11)); err == nil {
		t.Error("a line longer than the file was written")
	}
}

// TestFullAndReadOnlyDisk: on a real file system that is full, then read-only, then as it should be. No half line is left.
func TestFullAndReadOnlyDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=32k"); err != nil {
		t.Fatalf("mount a tmpfs (this test needs root): %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "orac.log")
	f := newFile(t, path, 1<<20, 2)
	line := []byte(strings.Repeat("x", 999) + "\n")
	written, failed := 0, 0
	for range 40 {
		if _, err := f.Write(line); err == nil {
			written++
		} else if failed++; !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() != int64(written)*1000 || failed == 0 {
		t.Errorf("%d lines written, %d failed, file of %v: %v", written, failed, info, err)
	}
	f.Close()
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(line); !errors.Is(err, syscall.EROFS) {
		t.Errorf("read-only: %v", err)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT, "size=64k"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(line); err != nil {
		t.Errorf("when it is as it should be: %v", err)
	}
}
