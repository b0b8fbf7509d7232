package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"orac/chaos"
)

// twoDaemons starts a second appliance on the state directory of a running one.
func twoDaemons(b *bench) error {
	w, err := b.watch()
	if err != nil {
		return err
	}
	code, text, err := b.Run(b.ctx, "run", "-f", b.File)
	switch {
	case err != nil:
		return err
	case code != 1 || !strings.Contains(text, b.State):
		return fmt.Errorf("exit %d; it should be 1 and name the directory: %s", code, text)
	}
	return b.untouched(w)
}

// readers is how many clients never read: more than anyone would leave open by accident.
const readers = 8

// neverReads has clients ask for the log and read nothing, while the appliance is changed, queried and spoken to.
func neverReads(b *bench) (err error) {
	var open []io.Closer
	closeAll := func() {
		for _, c := range open {
			err = errors.Join(err, c.Close())
		}
		open = nil
	}
	defer closeAll()
	w, err := b.watch()
	if err != nil {
		return err
	}
	was, err := b.orac.Usage()
	if err != nil {
		return err
	}
	for range readers {
		c, err := b.NeverRead(b.ctx)
		if err != nil {
			return err
		}
		open = append(open, c)
	}
	for i := range 4 {
		code, text, err := b.apply(chaos.Runbook{Threshold: 0.4 + 0.05*float64(i%2)})
		if err != nil || code != 0 {
			return fmt.Errorf("apply: exit %d, %v: %s", code, err, text)
		}
	}
	if err := b.understood(); err != nil {
		return err
	}
	if err := b.untouched(w); err != nil {
		return err
	}
	closeAll()
	if _, err := b.Flow(b.ctx, patience); err != nil {
		return err
	}
	return errors.Join(err, b.closed(was.Descriptors))
}

// cutGeneration cuts a file of the newest generation in half, and starts the appliance with a runbook that cannot be used. The
// appliance must run the previous generation, and say so.
func cutGeneration(b *bench) error {
	if code, text, err := b.apply(chaos.Runbook{Threshold: 0.44}); err != nil || code != 0 {
		return fmt.Errorf("apply: exit %d, %v: %s", code, err, text)
	}
	s, err := b.Status(b.ctx)
	if err != nil {
		return err
	}
	if err := b.orac.Stop(); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(b.State, "generations", fmt.Sprintf("*%d", s.Generation), "*"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no files of generation %d were found: %v", s.Generation, err)
	}
	slices.Sort(files)
	if err := chaos.Truncate(files[0]).Apply(); err != nil {
		return err
	}
	if err := os.WriteFile(b.File, []byte("appliance \"recovery\" {\n"), 0o600); err != nil {
		return err
	}
	// The state directory can no longer be read from that file.
	if b.orac, err = b.Start(b.ctx, "--state-dir", b.State); err != nil {
		return err
	}
	_, said, err := chaos.Next(b.ctx, b.orac, 0, patience, func(said chaos.Stderr) bool { return strings.Contains(said.Text, "RUNS GENERATION") })
	if err != nil {
		return err
	}
	if strings.Contains(said.Text, fmt.Sprintf("GENERATION %d ", s.Generation)) {
		return fmt.Errorf("it runs the damaged generation: %s", said.Text)
	}
	first, err := b.Flow(b.ctx, patience)
	if err != nil {
		return err
	}
	b.Recovered = since(first, b.orac.Began)
	b.note("runs generation %d instead of %d", s.Generation-1, s.Generation)
	if err := b.understood(); err != nil {
		return err
	}
	return b.mend()
}

// mend applies the plain runbook again.
func (b *bench) mend() error {
	code, text, err := b.apply(chaos.Runbook{})
	if err == nil && code != 0 {
		err = fmt.Errorf("apply: exit %d: %s", code, text)
	}
	return err
}
