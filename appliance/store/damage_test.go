package store

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orac/runbook/testkit"
)

// filled makes a database of many pages and gives its path.
func filled(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "orac.db")
	s := mustOpen(t, path)
	for n := range 200 {
		d := detection(n)
		d.Device = strings.Repeat("usb ", 100)
		testkit.Must(t, s.AddDetection(d))
	}
	testkit.Must(t, s.Close())
	return path
}

func TestDamagedIsSetAside(t *testing.T) {
	execute := func(t *testing.T, path, text string) {
		db, err := sql.Open("sqlite", path)
		testkit.Must(t, err)
		_, err = db.Exec(text)
		testkit.Must(t, err)
		testkit.Must(t, db.Close())
	}
	change := func(t *testing.T, path string, f func([]byte) []byte) {
		data, err := os.ReadFile(path)
		testkit.Must(t, err)
		testkit.Must(t, os.WriteFile(path, f(data), 0o600))
	}
	cases := map[string]func(t *testing.T, path string){
		"text": func(t *testing.T, path string) {
			change(t, path, func([]byte) []byte { return []byte("this is no database, but long enough to be read as one") })
		},
		"header": func(t *testing.T, path string) {
			change(t, path, func(b []byte) []byte { copy(b[16:], bytes.Repeat([]byte{0xff}, 60)); return b })
		},
		"page": func(t *testing.T, path string) {
			change(t, path, func(b []byte) []byte { copy(b[4096*8:], bytes.Repeat([]byte{0xa5}, 3*4096)); return b })
		},
		"schema page": func(t *testing.T, path string) {
			change(t, path, func(b []byte) []byte { copy(b[100:], bytes.Repeat([]byte{0xff}, 3000)); return b })
		},
		"truncated": func(t *testing.T, path string) {
			change(t, path, func(b []byte) []byte { return b[:len(b)/2+100] })
		},
		"newer":    func(t *testing.T, path string) { execute(t, path, "PRAGMA user_version = 99") },
		"negative": func(t *testing.T, path string) { execute(t, path, "PRAGMA user_version = -1") },
		"no column": func(t *testing.T, path string) {
			execute(t, path, "ALTER TABLE detections RENAME COLUMN score TO points")
		},
		"no table": func(t *testing.T, path string) { execute(t, path, "DROP TABLE transcripts") },
		"of others": func(t *testing.T, path string) {
			testkit.Must(t, os.Remove(path))
			execute(t, path, "CREATE TABLE detections (recipe TEXT)")
		},
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			path := filled(t)
			spoil(t, path)
			before, err := os.ReadFile(path)
			testkit.Must(t, err)
			testkit.Must(t, os.WriteFile(path+"-wal", nil, 0o600))

			s, aside, err := Open(path)
			testkit.Must(t, err)
			defer s.Close()
			if aside == nil || aside.Why == nil {
				t.Fatal("nothing was set aside")
			}
			kept, err := os.ReadFile(aside.Path)
			testkit.Must(t, err)
			if !strings.HasPrefix(aside.Path, path+".damaged-") || !bytes.Equal(before, kept) {
				t.Errorf("%s holds %d bytes, and the damaged one had %d", aside.Path, len(kept), len(before))
			}
			testkit.Must(t, s.AddDetection(detection(1)))
			c, err := s.Counts(detection(0).At)
			testkit.Must(t, err)
			if c.Detections != 1 {
				t.Errorf("%d detections in the new database", c.Detections)
			}
		})
	}
}

func TestTwiceDamagedKeepsBoth(t *testing.T) {
	path := filled(t)
	for range 3 {
		testkit.Must(t, os.WriteFile(path, []byte("no database, and long enough to see that it is none"), 0o600))
		s, aside, err := Open(path)
		testkit.Must(t, err)
		if aside == nil {
			t.Fatal("not set aside")
		}
		testkit.Must(t, s.Close())
	}
	kept, err := filepath.Glob(path + ".damaged-*")
	testkit.Must(t, err)
	if len(kept) != 3 {
		t.Errorf("kept: %v", kept)
	}
}

func TestUnfinishedLogIsNotLost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orac.db")
	s := mustOpen(t, path)
	testkit.Must(t, s.AddDetection(detection(1)))
	// What a kill -9 leaves: the files as they are now, the log not brought back.
	copied := filepath.Join(t.TempDir(), "orac.db")
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(path + suffix)
		testkit.Must(t, err)
		testkit.Must(t, os.WriteFile(copied+suffix, data, 0o600))
	}
	list, _, err := mustOpen(t, copied).Detections(Page{})
	testkit.Must(t, err)
	if len(list) != 1 {
		t.Errorf("%d detections", len(list))
	}
}

func TestOwnerOnly(t *testing.T) {
	path := filled(t)
	info, err := os.Stat(path)
	testkit.Must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestMissingFolder(t *testing.T) {
	_, aside, err := Open(filepath.Join(t.TempDir(), "gone", "orac.db"))
	if !errors.Is(err, os.ErrNotExist) || aside != nil || !strings.Contains(err.Error(), "state directory") {
		t.Errorf("%v, set aside %v", err, aside)
	}
}
