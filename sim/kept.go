package sim

import (
	"encoding/binary"
	"strings"

	"orac/appliance/audio/wav"
)

// mostProven bounds the utterances whose expected sound is kept: one that is done is forgotten when this many are younger.
const mostProven = 500

// forget drops the expected sound of old utterances that no longer wait for anything.
func (a *account) forget() {
	for order := a.Order(); a.looked < len(order)-mostProven; a.looked++ {
		f := a.Of(order[a.looked])
		if c := a.claims[f]; c != nil && len(a.Pending(f)) == 0 {
			c.sound, c.wake = nil, -1
		}
	}
}

// proveKept checks every recording on the disk at the end, whether it waits, was set aside or is kept for people: it must be what
// was heard, to the last sample.
func (a *account) proveKept() {
	for _, name := range a.m.disk.Files() {
		data := a.m.disk.Peek(name)
		var id string
		var pcm []int16
		switch stem, suffix, _ := strings.Cut(name, "."); {
		case strings.HasPrefix(name, "spool/damaged/"):
			continue
		case suffix == "pcm":
			id, pcm = a.m.meta(stem+".json"), samples(data)
		case strings.HasSuffix(name, ".wav"):
			id = strings.TrimSuffix(name[strings.LastIndexByte(name, '/')+1:], ".wav")
			var err error
			if pcm, _, err = wav.Decode(data); err != nil {
				a.m.judge.Break(a.m.clock, "sound", name+" is on the disk, and cannot be read: "+err.Error())
				continue
			}
		default:
			continue
		}
		if f := a.Known(id); f != nil && a.claims[f] != nil {
			a.proven(a.m.clock, name+", as it is on the disk:", f, pcm)
		}
	}
}

func samples(b []byte) []int16 {
	pcm := make([]int16, len(b)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return pcm
}
