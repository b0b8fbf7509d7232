package wyoming

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"
)

// tone is a sine of 400 Hz in a format, a tenth of a second long.
func tone(f Format) []byte {
	var raw []byte
	for i := range f.Rate / 10 {
		v := math.Sin(2*math.Pi*400*float64(i)/float64(f.Rate)) * 0.5
		for range f.Channels {
			full := int64(v * float64(int64(1)<<(8*f.Width-1)))
			var b [8]byte
			binary.LittleEndian.PutUint64(b[:], uint64(full))
			raw = append(raw, b[:f.Width]...)
		}
	}
	return raw
}

// TestConvert: sound of every format is the same sound, however it is cut.
func TestConvert(t *testing.T) {
	want := make([]int16, 1600)
	for i := range want {
		want[i] = int16(math.Sin(2*math.Pi*400*float64(i)/16000) * 16384)
	}
	for _, f := range []Format{Speech, {16000, 1, 1}, {16000, 3, 2}, {16000, 4, 1}, {8000, 2, 1}, {11025, 2, 1}, {22050, 2, 1}, {44100, 2, 2}, {48000, 4, 8}} {
		raw := tone(f)
		convert := func(cut int) (pcm []int16) {
			c, err := NewConverter(f)
			if err != nil {
				t.Fatalf("%+v: %v", f, err)
			}
			for piece := range slices.Chunk(raw, cut) {
				pcm = c.Append(pcm, piece)
			}
			return c.Flush(pcm)
		}
		whole := convert(len(raw))
		if len(whole) < 1599 || len(whole) > 1601 {
			t.Errorf("%+v: %d samples, want 1600", f, len(whole))
		}
		for i := 200; i < 1400; i++ { // the ends of a cut tone differ
			if d := int(whole[i]) - int(want[i]); d < -300 || d > 300 { // 8 bits have steps of 256
				t.Errorf("%+v: sample %d is %d, want %d", f, i, whole[i], want[i])
				break
			}
		}
		for _, cut := range []int{1, 7, 1000} {
			if !slices.Equal(convert(cut), whole) {
				t.Errorf("%+v: cut into pieces of %d bytes it is other sound", f, cut)
			}
		}
	}
}

// TestFormats: a format that cannot be read is refused, with what to send instead.
func TestFormats(t *testing.T) {
	for _, f := range []Format{{}, {16000, 0, 1}, {16000, 5, 1}, {16000, 2, 0}, {16000, 2, -1}, {16000, 2, 9}, {0, 2, 1}, {-1, 2, 1}, {4000, 2, 1}, {1 << 40, 2, 1}, {47999, 2, 1}} {
		if _, err := NewConverter(f); err == nil || !strings.Contains(err.Error(), "send ") {
			t.Errorf("%+v: %v", f, err)
		}
	}
}
