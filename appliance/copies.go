//go:build cgo

package appliance

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"orac/appliance/generation"
	"orac/appliance/graph"
	"orac/appliance/statedir"
	"orac/models"
)

// errReplaced says why a model cannot be loaded: its file is no longer the one that the runbook was made
// from.
var errReplaced = errors.New("the file was replaced, and there is no copy of the one that this runbook names; see orac plan")

// file reads the file of a model as it was when the runbook was evaluated: at the path in the runbook, or from the copy that
// was made when it was first loaded.
func (e *inference) file(m graph.ModelFile) (models.File, error) {
	f, err := e.store.Resolve(m.Source, m.SHA256, m.Dir)
	switch {
	case !m.Named || m.Seen.Hash == "":
	case err == nil && f.SHA256 == m.Seen.Hash:
	default:
		if kept, missing := e.store.Resolve(e.copy(m.Seen.Hash), m.Seen.Hash, ""); e.copies != "" && missing == nil {
			return kept, nil
		}
		if err == nil {
			err = errReplaced
		}
	}
	if err != nil {
		return f, fmt.Errorf("%s: %w", m.Address, err)
	}
	return f, nil
}

func (e *inference) copy(sum string) string { return filepath.Join(e.copies, generation.FileName(sum)) }

// keep copies the file of a model that is named by path, as it was read, unless there is a copy.
func (e *inference) keep(m graph.ModelFile, f models.File) error {
	to := e.copy(f.SHA256)
	if !m.Named || e.copies == "" {
		return nil
	}
	if _, err := os.Lstat(to); err == nil {
		return nil
	}
	dir, err := statedir.Open(e.copies)
	if err != nil {
		return err
	}
	defer dir.Close()
	dir.Sweep()
	return dir.WriteFile(filepath.Base(to), f.Bytes)
}
