package node

import (
	"encoding/json"

	"orac/appliance/act"
	"orac/appliance/rt"
)

// KeptHomes is the folder with the last vocabulary of each backend, for people who try a sentence while nothing runs: NAME.json.
const KeptHomes = "homes"

// MaxKeptHome bounds such a file, in bytes.
const MaxKeptHome = 8 << 20

// keep writes the vocabulary to the disk, in a task of its own: no call waits for it, and nothing that acts reads it. One that the disk
// refuses is written when the next one comes.
func (n *Backend) keep(t *rt.Task, h *act.Home) {
	if n.FS == nil || n.keeping != nil && !n.keeping.Done() {
		return
	}
	text, err := json.Marshal(h)
	if err != nil || len(text) > MaxKeptHome {
		return
	}
	fs, name := n.FS, n.Backend
	n.keeping = t.Go("keep", func(t *rt.Task) error {
		if err := fs.MkdirAll(t, KeptHomes); err == nil {
			_ = rt.WriteFile(t, fs, KeptHomes, name+".json", text)
		}
		return nil
	})
}
