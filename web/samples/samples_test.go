package samples

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"orac/appliance/status"
	"orac/runbook/testkit"
)

var always = time.Unix(1<<40, 0)

// app has a memory that is known after a while.
type app struct{ asked atomic.Int64 }

func (m *app) Status() (s status.Status) {
	s.PID = os.Getpid()
	if m.asked.Add(1) > 3 {
		s.Memory.Resident = 90 << 20
		s.Spool.Waiting = 2
	}
	return s
}

// TestSamplesAreTakenAndKept, from when the memory is known; a minute at a time, and at the end.
func TestSamplesAreTakenAndKept(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		for life := range 2 {
			s := New(Options{Dir: dir})
			before := len(s.Between(time.Time{}, always))
			ctx, cancel := context.WithCancel(t.Context())
			over := make(chan struct{})
			go func() { s.Run(ctx, &app{}); close(over) }()
			time.Sleep(9*Every + 8*time.Second) // ten samples
			synctest.Wait()
			if n := len(New(Options{Dir: dir}).ring); n != before+batch {
				t.Errorf("life %d: %d are on the disk, not one minute", life, n)
			}
			cancel()
			<-over
			if n := len(New(Options{Dir: dir}).ring); n != before+10 {
				t.Errorf("life %d: %d are on the disk in the end, not all", life, n)
			}
			list := s.Between(time.Time{}, always)
			if len(list) != 10*(life+1) {
				t.Fatalf("life %d: %d samples", life, len(list))
			}
			for i, one := range list {
				if one.Memory != 90<<20 || one.Waiting != 2 || one.DiskFree <= 0 || (one.CPU < 0) != (i%10 == 0) {
					t.Errorf("life %d, sample %d: %+v", life, i, one)
				}
				if i%10 > 0 && one.At.Sub(list[i-1].At) != Every {
					t.Errorf("life %d: sample %d came after %v", life, i, one.At.Sub(list[i-1].At))
				}
			}
			if half := s.Between(list[2].At, list[4].At); len(half) != 3 || half[0] != list[2] {
				t.Errorf("a range has %d samples", len(half))
			}
			time.Sleep(time.Hour)
		}
	})
	s := New(Options{})
	for i := range 2 * Room {
		s.add(Sample{At: time.Unix(int64(i), 0), Waiting: i})
	}
	if list := s.Between(time.Time{}, always); len(list) > Room || len(list) < Room/2 || list[len(list)-1].Waiting != 2*Room-1 {
		t.Errorf("%d samples are kept", len(list))
	}
}

// numbered are so many samples from a moment on.
func numbered(from time.Time, n int) (list []Sample) {
	for i := range n {
		list = append(list, Sample{At: from.Add(time.Duration(i) * Every), Memory: int64(i), CPU: float64(i) / 8, DiskFree: 1 << 33, Spooled: int64(i), Waiting: i})
	}
	return list
}

var epoch = time.UnixMilli(1_700_000_000_123)

// TestTheFilesAreBounded: two of them, and what is shown is always there.
func TestTheFilesAreBounded(t *testing.T) {
	f := &file{dir: t.TempDir()}
	all := numbered(epoch, 4*Room)
	for part := range slices.Chunk(all, batch) {
		testkit.Must(t, f.append(part))
	}
	for _, name := range []string{fileName, olderName} {
		if info, err := os.Stat(filepath.Join(f.dir, name)); err != nil || info.Size() > maxFile+batch*recordSize || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if got := f.read(); len(got) != Room || !slices.Equal(got, all[3*Room:]) {
		t.Errorf("%d samples are read", len(got))
	}
}

// TestDamageCostsItselfAlone: a torn end, bytes that have changed, that are missing or too many, a block of zeros.
func TestDamageCostsItselfAlone(t *testing.T) {
	all := numbered(epoch, 100)
	for name, test := range map[string]struct {
		damage func(text []byte) []byte
		lost   int
	}{
		"none":      {func(text []byte) []byte { return text }, 0},
		"torn":      {func(text []byte) []byte { return text[:len(text)-5] }, 1},
		"a bit":     {func(text []byte) []byte { text[10*recordSize+20] ^= 4; return text }, 1},
		"a sum":     {func(text []byte) []byte { text[11*recordSize-1] ^= 4; return text }, 1},
		"zeros":     {func(text []byte) []byte { clear(text[480:1000]); return text }, 11},
		"too few":   {func(text []byte) []byte { return slices.Delete(text, 100, 117) }, 1},
		"too many":  {func(text []byte) []byte { return slices.Insert(text, 100, []byte("something else")...) }, 1},
		"foreign":   {func(text []byte) []byte { return bytes.Repeat([]byte("not ours\n"), 5000) }, 100},
		"empty":     {func([]byte) []byte { return nil }, 100},
		"too large": {func(text []byte) []byte { return append(text, make([]byte, 8*maxFile)...) }, 0},
	} {
		f := &file{dir: t.TempDir()}
		testkit.Must(t, f.append(all))
		text, err := os.ReadFile(filepath.Join(f.dir, fileName))
		testkit.Must(t, err)
		testkit.Must(t, os.WriteFile(filepath.Join(f.dir, fileName), test.damage(text), 0o600))
		got := f.read()
		if len(got) != 100-test.lost {
			t.Errorf("%s: %d samples are read", name, len(got))
		}
		more := numbered(epoch.Add(time.Hour), batch)
		testkit.Must(t, f.append(more)) // it goes on, whatever there is
		if again := f.read(); len(again) < batch || !slices.Equal(again[len(again)-batch:], more) {
			t.Errorf("%s: what came afterwards is lost: %d samples", name, len(again))
		}
	}
}

// TestADiskThatRefuses is said once; what it has refused is written when it can be.
func TestADiskThatRefuses(t *testing.T) {
	dir := t.TempDir()
	testkit.Must(t, os.Mkdir(filepath.Join(dir, fileName), 0o700)) // nothing can be written there
	var said bytes.Buffer
	s := New(Options{Dir: dir, Log: slog.New(slog.NewTextHandler(&said, nil))})
	for range 2 * Room / batch {
		s.unsaved = append(s.unsaved, numbered(epoch, batch)...)
		s.save()
	}
	if n := strings.Count(said.String(), "\n"); n != 1 || len(s.unsaved) != Room {
		t.Errorf("it is said %d times, and %d samples wait", n, len(s.unsaved))
	}
	testkit.Must(t, os.Remove(filepath.Join(dir, fileName)))
	s.save()
	if n := len(New(Options{Dir: dir}).ring); n != Room || len(s.unsaved) != 0 {
		t.Errorf("%d samples are on the disk, %d wait", n, len(s.unsaved))
	}
	for _, bad := range []string{"/dev/full", "/nowhere/at/all"} { // neither a device nor what is not there is opened
		d := t.TempDir()
		testkit.Must(t, os.Symlink(bad, filepath.Join(d, fileName)))
		f := &file{dir: d}
		if err := f.append(numbered(epoch, 1)); err == nil || len(f.read()) > 0 {
			t.Errorf("%s is written to", bad)
		}
	}
}

// TestAClockThatSteps: the order is that of time, one sample a moment, and none of the future.
func TestAClockThatSteps(t *testing.T) {
	now := epoch.Add(time.Hour)
	early, late := numbered(epoch, 3), numbered(now.Add(24*time.Hour), 3)
	again := []Sample{{At: epoch.Add(Every), Waiting: 77}}
	got := inOrder(slices.Concat(late, early, again), time.Time{}, always, now)
	if len(got) != 3 || got[0] != early[0] || got[1].Waiting != 77 || got[2] != early[2] {
		t.Errorf("%+v", got)
	}
}

// FuzzParse: whatever is in the file, what is read of it can be shown, and is read again as it was.
func FuzzParse(f *testing.F) {
	var text []byte
	for _, one := range numbered(epoch, 3) {
		text = encode(text, one)
	}
	f.Add(text)
	f.Add(text[7:])
	f.Add(encode(nil, Sample{At: time.Unix(0, 0), CPU: 1e300, Memory: -1}))
	f.Fuzz(func(t *testing.T, text []byte) {
		list := parse(text)
		if len(list) > len(text)/recordSize {
			t.Fatalf("%d samples in %d bytes", len(list), len(text))
		}
		if _, err := json.Marshal(list); err != nil {
			t.Error(err)
		}
		var again []byte
		for _, one := range list {
			again = encode(again, one)
		}
		if !slices.Equal(parse(again), list) {
			t.Errorf("%+v is not read again", list)
		}
	})
}
