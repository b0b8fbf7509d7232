package simulations

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"

	"orac/appliance/statedir"
	"orac/runbook/pattern"
)

// What a simulation leaves, by file name suffix: its report in two formats, and what is known about it.
const (
	html   = "html"
	report = "json"
	known  = "run"
)

// appEnded is why a simulation has no result: the appliance ended before it did.
const appEnded = "the appliance ended while it ran"

// maxKnown is the largest size, in bytes, of the file of what is known about a run: mostly its output, of which
// every byte may take six.
const maxKnown = 8 * maxOutput

var ours = pattern.Lazy(`^([1-9][0-9]{0,8})\.(html|json|run)$`)

func (r *Runner) file(number int, end string) string {
	return filepath.Join(r.o.Dir, fileName(number, end))
}

func fileName(number int, end string) string { return fmt.Sprintf("%d.%s", number, end) }

// in calls do with the folder, which must exist.
func (r *Runner) in(do func(dir *statedir.Dir) error) error {
	dir, err := statedir.Existing(r.o.Dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	return do(dir)
}

// forget removes the files of a simulation.
func (r *Runner) forget(number int) {
	_ = r.in(func(dir *statedir.Dir) error {
		for _, end := range []string{html, report, known} {
			_ = dir.Remove(fileName(number, end)) // it may not exist
		}
		return nil
	})
}

// keep stores what is known about a simulation.
func (r *Runner) keep(s *Simulation) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return r.in(func(dir *statedir.Dir) error { return dir.WriteFile(fileName(s.Number, known), text) })
}

// recall reads what runs before this process have left. Damaged files and files of no known run are removed: they would
// never be counted or shown.
func (r *Runner) recall() {
	var entries []fs.DirEntry
	err := r.in(func(dir *statedir.Dir) (err error) {
		dir.Sweep()
		entries, err = dir.ReadDir()
		return err
	})
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.o.Log.Warn("cannot read earlier simulations", "cause", err)
		}
		return
	}
	seen := map[int]bool{}
	for _, e := range entries {
		m := ours().FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		number, _ := strconv.Atoi(m[1]) // only digits
		r.next = max(r.next, number+1)
		if seen[number] {
			continue
		}
		seen[number] = true
		s, err := r.load(number)
		if err != nil {
			r.o.Log.Info("cannot read an earlier simulation; leaving it out", "number", number, "cause", err)
			r.forget(number)
			continue
		}
		r.list = append(r.list, s)
	}
	slices.SortFunc(r.list, func(a, b *Simulation) int { return b.Number - a.Number })
	r.prune()
}

// load reads what is known about a simulation.
func (r *Runner) load(number int) (*Simulation, error) {
	text, err := r.readFile(number, known, maxKnown)
	if err != nil {
		return nil, err
	}
	var s Simulation
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, err
	}
	if s.Number != number || s.State != Running && s.State != Ended || s.Seeds < 1 || s.Seeds > MaxSeeds {
		return nil, errors.New("the file is damaged")
	}
	if s.Running() { // the time of its end is unknown
		s.State, s.Ended, s.Exit, s.Failed = Ended, s.Began, -1, appEnded
	}
	if r.size(number, html) < 0 {
		s.Report = false
	}
	return &s, nil
}

// prune removes the oldest simulations until their number and size are within the limits. A running one stays. The
// caller holds the lock.
func (r *Runner) prune() {
	bytes, kept := int64(0), 0
	r.list = slices.DeleteFunc(r.list, func(s *Simulation) bool {
		for _, end := range []string{html, report, known} {
			bytes += max(0, r.size(s.Number, end))
		}
		if kept++; kept == 1 || s.Running() || kept <= maxRuns && bytes <= maxBytes {
			return false
		}
		r.forget(s.Number)
		return true
	})
}

// verdict reads the verdict in the report.
func (r *Runner) verdict(number int) (verdict string, reported bool) {
	text, err := r.readFile(number, report, maxReport)
	if err != nil {
		return "", false
	}
	var judged struct {
		Scenarios []struct {
			Verdict string `json:"verdict"`
		} `json:"scenarios"`
	}
	if err := json.Unmarshal(text, &judged); err != nil || len(judged.Scenarios) == 0 {
		return "", false
	}
	if r.size(number, html) < 0 {
		return "", false
	}
	return judged.Scenarios[0].Verdict, true
}

// HTML returns a simulation's report as a page without scripts; JSON returns it for programs.
func (r *Runner) HTML(number int) ([]byte, error) { return r.reported(number, html) }

// JSON: see HTML.
func (r *Runner) JSON(number int) ([]byte, error) { return r.reported(number, report) }

func (r *Runner) reported(number int, end string) ([]byte, error) {
	s, err := r.Get(number)
	if err != nil || !s.Report {
		return nil, ErrUnknown
	}
	text, err := r.readFile(number, end, maxReport)
	if errors.Is(err, fs.ErrNotExist) { // it has just been removed
		return nil, ErrUnknown
	}
	return text, err
}

// readFile reads a file of at most most bytes.
func (r *Runner) readFile(number int, end string, most int64) (text []byte, err error) {
	err = r.in(func(dir *statedir.Dir) (err error) {
		text, err = dir.ReadFile(fileName(number, end), most)
		return err
	})
	return text, err
}

// size returns the size of a file in bytes, or -1 if the file cannot be used.
func (r *Runner) size(number int, end string) (bytes int64) {
	bytes = -1
	_ = r.in(func(dir *statedir.Dir) error {
		name := fileName(number, end)
		if err := dir.Check(name); err != nil {
			return err
		}
		info, err := dir.Lstat(name)
		if err == nil {
			bytes = info.Size()
		}
		return err
	})
	return bytes
}
