package proof_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/sim/trial/proof"
)

func TestATrackFindsWhatWasGiven(t *testing.T) {
	whole, began := heard(), time.Unix(0, 0)
	track := &proof.Track{}
	for i := 0; i < len(whole); i += 160 {
		var b []byte
		for _, v := range whole[i : i+160] {
			b = binary.LittleEndian.AppendUint16(b, uint16(v))
		}
		track.Gave(began.Add(audio.Time(i+160)), b)
	}
	changed := slices.Clone(whole[5000:9000])
	changed[2000]++
	for name, c := range map[string]struct {
		pcm   []int16
		at    int
		holes int
		good  bool // in pieces
	}{
		"all":            {whole, 0, 0, true},
		"a part":         {whole[5001:9000], 5001, 0, true},
		"a hole":         {slices.Concat(whole[5000:7000], whole[7100:9000]), -1, 1, true},
		"another order":  {slices.Concat(whole[7000:9000], whole[5000:7000]), -1, 0, false},
		"twice":          {slices.Concat(whole[5000:7000], whole[6000:7000]), -1, 0, false},
		"a sample":       {changed, -1, 0, false},
		"silence":        {make([]int16, 2000), -1, 0, true},
		"silence in it":  {slices.Concat(whole[5000:7000], make([]int16, 640), whole[7640:9000]), -1, 2, true},
		"half a sample":  {shifted(whole[5000:7000]), -1, 0, false},
		"nothing at all": {nil, 0, 0, true},
	} {
		if at := track.Find(c.pcm); at != c.at {
			t.Errorf("%s: found at %d, not %d", name, at, c.at)
		}
		holes, differs := track.Pieces(c.pcm)
		if (differs == "") != c.good || c.good && holes != c.holes {
			t.Errorf("%s: %d holes, %q", name, holes, differs)
		}
	}
	for at, want := range map[time.Duration]int{0: 0, 10 * time.Millisecond: 160, 15 * time.Millisecond: 160, time.Hour: len(whole)} {
		if got := track.By(began.Add(at)); got != want {
			t.Errorf("by %v %d samples were given, not %d", at, got, want)
		}
	}
}

// shifted is sound that begins in the middle of a sample.
func shifted(pcm []int16) []int16 {
	out := make([]int16, len(pcm)-1)
	for i := range out {
		out[i] = int16(uint16(pcm[i])>>8 | uint16(pcm[i+1])<<8)
	}
	return out
}
