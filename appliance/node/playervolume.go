package node

import (
	"encoding/json"
	"math"

	"orac/appliance/rt"
)

// keptVolume is the volume of a speaker, which lasts over restarts. A runbook that names another one than before wins.
type keptVolume struct {
	Volume   float64 `json:"volume"`
	Muted    bool    `json:"muted"`
	Declared float64 `json:"declared"` // by the runbook, when it was set

	fs    rt.FS
	name  string
	read  bool
	dirty bool
	at    rt.Instant // when to write it
}

const (
	volumesDir = "speakers"
	mostVolume = 4 << 10 // bytes of the file
)

func (k *keptVolume) open(t *rt.Task, fsys rt.FS, speaker string) {
	if k.read {
		return
	}
	k.read, k.fs, k.name = true, fsys, speaker+".json"
	k.Declared = math.NaN() // nothing was declared before
	text, err := fsys.ReadFile(t, volumesDir+"/"+k.name, mostVolume)
	var was keptVolume
	if err == nil && json.Unmarshal(text, &was) == nil && was.Volume >= 0 && was.Volume <= 1 {
		k.Volume, k.Muted, k.Declared = was.Volume, was.Muted, was.Declared
	}
}

// declare takes the volume of the runbook, if that is another one than before.
func (k *keptVolume) declare(t *rt.Task, volume float64) {
	if k.Declared != volume {
		first := k.Declared != k.Declared
		k.Volume, k.Declared = volume, volume
		if !first {
			k.change(t)
		}
	}
}

func (k *keptVolume) set(t *rt.Task, volume float64, muted bool) {
	if volume = min(max(volume, 0), 1); volume != volume || volume == k.Volume && muted == k.Muted {
		return
	}
	k.Volume, k.Muted = volume, muted
	k.change(t)
}

func (k *keptVolume) change(t *rt.Task) { k.dirty, k.at = true, t.Now().Add(keepAfter) }

// loud is the volume at which it is played.
func (k *keptVolume) loud() float64 {
	if k.Muted {
		return 0
	}
	return k.Volume
}

func (k *keptVolume) due() rt.Instant {
	if !k.dirty {
		return rt.Never
	}
	return k.at
}

// write keeps it on the disk. If the disk refuses, it is tried again: what is heard does not depend on it.
func (k *keptVolume) write(t *rt.Task, now bool) {
	if !k.dirty || !now && t.Now() < k.at {
		return
	}
	text, err := json.Marshal(k)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	if err = k.fs.MkdirAll(t, volumesDir); err == nil {
		err = rt.WriteFile(t, k.fs, volumesDir, k.name, text)
	}
	if k.dirty = err != nil; k.dirty {
		k.at = t.Now().Add(diskRetry)
	}
}
