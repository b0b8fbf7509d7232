package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"orac/runbook/cells"
)

// Version is the version of the JSON form that this package writes and reads. It grows when the meaning of a field changes,
// not when fields are added.
const Version = 1

// Limits of a report that Read accepts. They are far above what 200 seeds of an hour, or one seed of a
// month, produce.
const (
	maxReport    = 256 << 20 // bytes
	maxScenarios = 1000
	maxRuns      = 100_000 // of a scenario
)

// ErrTooLarge is wrapped by the error of Read for a report beyond its limits.
var ErrTooLarge = errors.New("it is too large for a report")

// JSON writes a report on one line, in the form that Read reads.
func JSON(w io.Writer, r Report) error {
	r.Version = Version
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("the report as JSON: %w", err)
	}
	return nil
}

// Read reads what JSON has written. It ignores unknown fields. A report of a later version, a truncated one, and one with
// an unknown verdict are errors.
func Read(r io.Reader) (Report, error) { return read(r, maxReport) }

func read(r io.Reader, limit int64) (Report, error) {
	limited := &io.LimitedReader{R: r, N: limit + 1}
	d := json.NewDecoder(limited)
	var out Report
	err := d.Decode(&out)
	if err == nil {
		if _, next := d.Token(); !errors.Is(next, io.EOF) {
			err = errors.New("something follows the report")
		}
	}
	switch {
	case limited.N <= 0:
		return Report{}, fmt.Errorf("no report of orac sim or orac chaos: %w (more than %s)", ErrTooLarge, size(float64(limit)))
	case errors.Is(err, io.EOF):
		return Report{}, errors.New("no report of orac sim or orac chaos: it is empty; make one with --json")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return Report{}, errors.New("no report of orac sim or orac chaos: it is cut short; make it again with --json")
	case err != nil:
		return Report{}, fmt.Errorf("no report of orac sim or orac chaos: %w; make one with --json", err)
	}
	if err := out.check(); err != nil {
		return Report{}, err
	}
	return out, nil
}

// check refuses values that the forms of a report cannot show correctly.
func (r *Report) check() error {
	switch {
	case r.Version == 0:
		return errors.New("no report of orac sim or orac chaos: it has no version; make one with --json")
	case r.Version != Version:
		return fmt.Errorf("the report is of version %d, and this orac reads version %d: use the orac that wrote it (%s)", r.Version, Version, cells.Shorten(clean(r.Orac), 40))
	case len(r.Scenarios) > maxScenarios:
		return fmt.Errorf("the report: %w: %d scenarios, at most %d", ErrTooLarge, len(r.Scenarios), maxScenarios)
	}
	for _, sc := range r.Scenarios {
		if sc.Verdict.badness() < 0 {
			return fmt.Errorf("the report: scenario %s has no verdict that there is: %s", cells.Shorten(clean(sc.Name), 60), cells.Shorten(clean(string(sc.Verdict)), 40))
		}
		if len(sc.Runs) > maxRuns {
			return fmt.Errorf("the report: %w: %d runs of scenario %s, at most %d", ErrTooLarge, len(sc.Runs), cells.Shorten(clean(sc.Name), 60), maxRuns)
		}
		for _, run := range sc.Runs {
			if run.Verdict.badness() < 0 {
				return fmt.Errorf("the report: seed %d of scenario %s has no verdict that there is: %s", run.Seed, cells.Shorten(clean(sc.Name), 60), cells.Shorten(clean(string(run.Verdict)), 40))
			}
		}
	}
	return nil
}
