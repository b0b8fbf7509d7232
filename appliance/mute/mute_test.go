package mute

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/status"
)

var start = time.Date(2026, 1, 17, 14, 4, 0, 0, time.UTC)

// muting runs a process of an appliance with the listeners kitchen and study on a disk, from a wall time on. It returns what was told.
func muting(t *testing.T, d *virtual.Disk, wall time.Time, f func(*rt.Task, *virtual.Driver, *Keeper)) (told []string) {
	t.Helper()
	driver := virtual.New(1, wall, nil)
	m := New(d, slog.New(slog.NewTextHandler(io.Discard, nil)))
	m.Names = func() []string { return []string{"kitchen", "study"} }
	m.Tell = func(k *rt.Task, b event.Body) {
		told = append(told, fmt.Sprintf("%v %s", time.Duration(k.Now()).Round(time.Second), event.Event{Body: b}.Words()))
	}
	root := rt.New(driver, "orac", func(k *rt.Task) error {
		task := k.Go("mutes", m.Run)
		m.Await(k)
		f(k, driver, m)
		task.Stop()
		return k.Outlast(task, k.Now().Add(time.Second))
	})
	driver.Run(rt.Instant(30 * 24 * time.Hour))
	if err := root.Err(); err != nil && !errors.Is(err, rt.ErrStopped) {
		t.Fatal(err)
	}
	driver.Close()
	return told
}

// silentIn tells who does not listen now, as the graph sees it.
func silentIn(k *rt.Task, m *Keeper) string {
	var list []string
	for _, name := range []string{"kitchen", "study"} {
		if m.cell.Get().Deaf(name, k.Now()) {
			list = append(list, name)
		}
	}
	return strings.Join(list, " ")
}

func (m *Keeper) must(t *testing.T, k *rt.Task, r status.MuteRequest, do func(*rt.Task, status.MuteRequest) (status.Muting, error)) status.Muting {
	t.Helper()
	r.By = "user:anna"
	out, err := do(k, r)
	if err != nil {
		t.Error(err)
	}
	return out
}

func TestWhoIsMuted(t *testing.T) {
	d := virtual.NewDisk(1 << 30)
	expect := func(k *rt.Task, m *Keeper, want string) {
		t.Helper()
		if got := silentIn(k, m); got != want {
			t.Errorf("%v: deaf are %q, want %q", time.Duration(k.Now()), got, want)
		}
	}
	told := muting(t, d, start, func(k *rt.Task, _ *virtual.Driver, m *Keeper) {
		expect(k, m, "")
		m.must(t, k, status.MuteRequest{Listener: "study", For: time.Hour}, m.Mute)
		expect(k, m, "study")
		out := m.must(t, k, status.MuteRequest{For: 10 * time.Minute}, m.Mute)
		if len(out.Muted) != 2 || out.Note != "" || !out.Muted[1].Until.Equal(k.Wall().Add(10*time.Minute)) {
			t.Errorf("%+v", out)
		}
		expect(k, m, "kitchen study")
		_ = k.Sleep(11 * time.Minute)
		expect(k, m, "study")
		m.must(t, k, status.MuteRequest{}, m.Unmute)
		expect(k, m, "")
		if files := d.Files(); slices.ContainsFunc(files, func(f string) bool { return strings.Contains(f, file) }) {
			t.Errorf("nothing is muted, and the disk has %v", files)
		}
		// One of all: the others stay as they were.
		m.must(t, k, status.MuteRequest{}, m.Mute)
		m.must(t, k, status.MuteRequest{Listener: "kitchen"}, m.Unmute)
		expect(k, m, "study")
		m.must(t, k, status.MuteRequest{Listener: "study"}, m.Unmute)
		expect(k, m, "")
		m.must(t, k, status.MuteRequest{}, m.Unmute) // changes nothing, and tells nobody
	})
	want := []string{
		"0s muted: study muted until 15:04 by anna", "0s muted: muted until 14:14 by anna", "10m0s unmuted: all listeners: its time is over",
		"11m0s unmuted: all listeners: by user:anna", "11m0s muted: muted since 14:15, until somebody unmutes it, by anna",
		"11m0s unmuted: kitchen: by user:anna", "11m0s unmuted: study: by user:anna",
	}
	if time.Local.String() == "UTC" || time.Local == time.UTC {
		if !slices.Equal(told, want) {
			t.Errorf("told %q", told)
		}
	} else if len(told) != len(want) {
		t.Errorf("told %q", told)
	}
}

func TestWhatCannotBeMuted(t *testing.T) {
	muting(t, virtual.NewDisk(1<<30), start, func(k *rt.Task, _ *virtual.Driver, m *Keeper) {
		for name, r := range map[string]status.MuteRequest{
			"nobody asks":         {},
			"an unknown listener": {By: "user:anna", Listener: "attic"},
			"a negative time":     {By: "user:anna", For: -time.Second},
			"longer than a week":  {By: "user:anna", For: status.MostMute + 1},
			"an endless name":     {By: strings.Repeat("a", maxName+1)},
		} {
			if _, err := m.Mute(k, r); err == nil {
				t.Errorf("%s: it is muted", name)
			}
		}
		if got := silentIn(k, m); got != "" {
			t.Errorf("deaf are %q", got)
		}
	})
}

// TestAMuteOutlastsTheProcess, by the time that is left of it, and a clock that is wrong at the next start cannot lengthen it.
func TestAMuteOutlastsTheProcess(t *testing.T) {
	const hour = time.Hour
	for name, c := range map[string]struct {
		asked   time.Duration // 0: until somebody unmutes it
		off     time.Duration // by which the wall clock is later at the next start; the process before ran for 20 minutes
		deafFor time.Duration // from then on; -1: it stays so
	}{
		"a crash":                       {hour, 0, 40 * time.Minute},
		"some time without power":       {hour, 10 * time.Minute, 30 * time.Minute},
		"its end was in that time":      {hour, 2 * hour, 0},
		"the clock went back by years":  {hour, -5 * 365 * 24 * hour, 40 * time.Minute},
		"until somebody unmutes it":     {0, 100 * hour, -1},
		"the same, and the clock jumps": {0, -100 * hour, -1},
	} {
		t.Run(name, func(t *testing.T) {
			d := virtual.NewDisk(1 << 30)
			muting(t, d, start, func(k *rt.Task, _ *virtual.Driver, m *Keeper) {
				m.must(t, k, status.MuteRequest{For: c.asked}, m.Mute)
				_ = k.Sleep(20 * time.Minute)
			})
			d.PowerLoss()
			told := muting(t, d, start.Add(20*time.Minute+c.off), func(k *rt.Task, _ *virtual.Driver, m *Keeper) {
				if got := silentIn(k, m) != ""; got != (c.deafFor != 0) {
					t.Fatalf("deaf at the start: %v", got)
				}
				if c.deafFor < 0 {
					_ = k.Sleep(20 * 24 * time.Hour)
					if silentIn(k, m) == "" {
						t.Error("it ended by itself")
					}
					return
				}
				_ = k.Sleep(c.deafFor - time.Second)
				if c.deafFor > 0 && silentIn(k, m) == "" {
					t.Error("it ended early")
				}
				_ = k.Sleep(2 * time.Second)
				if got := silentIn(k, m); got != "" {
					t.Errorf("%v later still deaf: %s", c.deafFor, got)
				}
			})
			if len(told) == 0 {
				t.Error("nobody was told at the start")
			}
		})
	}
}

// TestAJumpOfTheClockDoesNotChangeAMute while ORAC runs, and what is shown is right by the clock as it is.
func TestAJumpOfTheClockDoesNotChangeAMute(t *testing.T) {
	for _, by := range []time.Duration{-1000 * time.Hour, 1000 * time.Hour} {
		muting(t, virtual.NewDisk(1<<30), start, func(k *rt.Task, driver *virtual.Driver, m *Keeper) {
			m.must(t, k, status.MuteRequest{For: time.Hour}, m.Mute)
			driver.JumpWall(by)
			if list := m.List(k.Now(), k.Wall()); len(list) != 1 || !list[0].Until.Equal(k.Wall().Add(time.Hour)) {
				t.Errorf("%+v", list)
			}
			_ = k.Sleep(59 * time.Minute)
			if silentIn(k, m) == "" {
				t.Error("it ended early")
			}
			_ = k.Sleep(2 * time.Minute)
			if silentIn(k, m) != "" {
				t.Error("it has not ended")
			}
		})
	}
}

// TestAProcessThatCrashesAgainAndAgainIsNotDeafForEver, although its clock starts anew each time.
func TestAProcessThatCrashesAgainAndAgainIsNotDeafForEver(t *testing.T) {
	d := virtual.NewDisk(1 << 30)
	muting(t, d, start, func(k *rt.Task, _ *virtual.Driver, m *Keeper) {
		m.must(t, k, status.MuteRequest{For: time.Hour}, m.Mute)
	})
	for runs := 1; ; runs++ {
		over := false
		muting(t, d, start.Add(-1000*time.Hour), func(k *rt.Task, _ *virtual.Driver, m *Keeper) {
			over = silentIn(k, m) == ""
			_ = k.Sleep(saveEvery + time.Second)
		})
		if over {
			return
		}
		if runs > int(time.Hour/saveEvery)+1 {
			t.Fatalf("after %d runs it is still deaf", runs)
		}
	}
}

// TestADiskThatRefuses: a mute holds all the same, and the caller is told; a mute that cannot be read does not make ORAC deaf.
func TestADiskThatRefuses(t *testing.T) {
	d := virtual.NewDisk(1 << 30)
	muting(t, d, start, func(k *rt.Task, _ *virtual.Driver, m *Keeper) {
		mend := d.Break("", "", syscall.EROFS)
		if out := m.must(t, k, status.MuteRequest{}, m.Mute); out.Note == "" || silentIn(k, m) == "" {
			t.Errorf("%+v, deaf: %q", out, silentIn(k, m))
		}
		mend()
		_ = k.Sleep(2 * retry)
	})
	mend := d.Break("", dir+"/*", syscall.EIO)
	muting(t, d, start, func(k *rt.Task, _ *virtual.Driver, m *Keeper) {
		if silentIn(k, m) != "" {
			t.Error("a disk that cannot be read makes it deaf")
		}
		mend()
		_ = k.Sleep(2 * retry)
		if silentIn(k, m) == "" {
			t.Error("the mute is forgotten")
		}
	})
}

// TestADamagedFileOfMutes mutes all, for an hour: somebody had wanted silence.
func TestADamagedFileOfMutes(t *testing.T) {
	d := virtual.NewDisk(1 << 30)
	muting(t, d, start, func(k *rt.Task, _ *virtual.Driver, _ *Keeper) {
		if err := errors.Join(d.MkdirAll(k, dir), rt.WriteFile(k, d, dir, file, []byte("{"))); err != nil {
			t.Fatal(err)
		}
	})
	muting(t, d, start, func(k *rt.Task, _ *virtual.Driver, m *Keeper) {
		if list := m.List(k.Now(), k.Wall()); len(list) != 1 || list[0].By == "" || silentIn(k, m) == "" {
			t.Errorf("%+v", list)
		}
		_ = k.Sleep(damagedFor)
		if silentIn(k, m) != "" {
			t.Error("it is deaf for ever")
		}
	})
}

// FuzzMutes: what is read is refused, or can be in force: it has an owner, and an end or none.
func FuzzMutes(f *testing.F) {
	f.Add([]byte(`{"mutes":[{"by":"user:anna","since":"2026-01-17T14:04:00Z","until":"2026-01-17T15:04:00Z","left_ns":3600000000000}]}`))
	f.Add([]byte(`{"mutes":[{"listener":"study","by":"unix:root","since":"2026-01-17T14:04:00Z"}]}`))
	f.Add([]byte(`{"mutes":[{"by":"","since":"2026-01-17T14:04:00Z","left_ns":-1}]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := parse(text)
		if err != nil {
			if !errors.Is(err, errDamaged) {
				t.Error(err)
			}
			return
		}
		for _, m := range list {
			if m.By == "" || m.Until.IsZero() != (m.Left == 0) || m.left(start) > status.MostMute && !m.Until.IsZero() {
				t.Errorf("%+v", m)
			}
		}
	})
}
