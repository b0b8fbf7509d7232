package store

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"orac/appliance/record"
	"orac/runbook/testkit"
)

// mount gives a folder with a file system of its own. It needs root, as the tests of the appliance have it.
func mount(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatalf("mount a tmpfs (these tests need root): %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestFullDisk(t *testing.T) {
	dir := mount(t, "1m")
	s := mustOpen(t, filepath.Join(dir, "orac.db"))
	testkit.Must(t, s.AddDetection(detection(0)))
	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)

	written, failed := 1, 0
	for n := 1; n < 100; n++ {
		d := detection(n)
		d.Device = strings.Repeat("x", 2000)
		if err := s.AddDetection(d); err == nil {
			written++
		} else if failed++; !strings.Contains(err.Error(), "store: detection") {
			t.Fatalf("detection %d: %v", n, err)
		}
	}
	if failed == 0 {
		t.Fatal("the disk never was full")
	}
	if _, err := s.Counts(noon); err != nil {
		t.Errorf("reading on a full disk: %v", err)
	}
	if err := s.SaveDelivery(record.Delivery{UtteranceID: "u", STT: "w", Outcome: record.Delivered, Error: strings.Repeat("x", 9000)}, nil); err == nil {
		t.Error("a large delivery was written on a full disk")
	}

	testkit.Must(t, os.Remove(ballast))
	testkit.Must(t, s.AddDetection(detection(1000)))
	c, err := s.Counts(noon.Add(-1))
	testkit.Must(t, err)
	if c.Detections != written+1 {
		t.Errorf("%d detections, want %d", c.Detections, written+1)
	}
	testkit.Must(t, s.Close())
	mustOpen(t, filepath.Join(dir, "orac.db"))
}

func TestFullDiskAtStart(t *testing.T) {
	dir := mount(t, "64k")
	fill(t, filepath.Join(dir, "ballast"))
	path := filepath.Join(dir, "orac.db")
	s, aside, err := Open(path)
	if err == nil || aside != nil {
		t.Fatalf("opened %v, set aside %v", s, aside)
	}
	testkit.Must(t, os.Remove(filepath.Join(dir, "ballast")))
}

func TestReadOnlyFolder(t *testing.T) {
	dir := mount(t, "1m")
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, aside, err := Open(filepath.Join(dir, "orac.db"))
	if !errors.Is(err, syscall.EROFS) || aside != nil || !strings.Contains(err.Error(), "writable") {
		t.Errorf("%v, set aside %v", err, aside)
	}
}

// fill writes until there is no room.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	testkit.Must(t, err)
	defer f.Close()
	for block := make([]byte, 512); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

// A log that was not brought back must be read on a full disk too, where SQLite cannot make its shared memory.
func TestReopenOnFullDisk(t *testing.T) {
	dir := mount(t, "1m")
	path := filepath.Join(dir, "orac.db")
	s := mustOpen(t, path)
	testkit.Must(t, s.AddDetection(detection(0)))
	log, err := os.ReadFile(path + "-wal")
	testkit.Must(t, err)
	testkit.Must(t, s.Close())
	testkit.Must(t, os.WriteFile(path+"-wal", log, 0o600))
	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)

	s, aside, err := Open(path)
	if aside != nil {
		t.Fatalf("a sound database was set aside: %v", aside.Why)
	}
	if err == nil {
		_, err = s.Counts(noon)
		testkit.Must(t, err)
		testkit.Must(t, s.Close())
	}
	testkit.Must(t, os.Remove(ballast))
	list, _, err := mustOpen(t, path).Detections(Page{})
	testkit.Must(t, err)
	if len(list) != 1 {
		t.Errorf("%d detections", len(list))
	}
}

func TestLockedByAnotherIsNotDamaged(t *testing.T) {
	path := filled(t)
	db, err := sql.Open("sqlite", path+"?_pragma=locking_mode(EXCLUSIVE)")
	testkit.Must(t, err)
	defer db.Close()
	_, err = db.Exec("PRAGMA user_version = 1") // takes the lock and keeps it
	testkit.Must(t, err)
	_, aside, err := Open(path)
	if err == nil || aside != nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("%v, set aside %v", err, aside)
	}
}
