package wav

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"orac/appliance/audio/resample"
)

// HeaderBytes is the length of an encoded file before its samples.
const HeaderBytes = 44

// Header returns the header of a 16 kHz mono int16 file with this many samples. Samples follow it in
// little-endian order.
func Header(samples int) ([HeaderBytes]byte, error) {
	var h [HeaderBytes]byte
	if samples < 0 || int64(samples)*2 > math.MaxUint32-HeaderBytes {
		return h, fmt.Errorf("%d samples do not fit into a WAV file", samples)
	}
	le := binary.LittleEndian
	copy(h[0:], "RIFF")
	le.PutUint32(h[4:], uint32(HeaderBytes-8+2*samples))
	copy(h[8:], "WAVEfmt ")
	le.PutUint32(h[16:], 16)
	le.PutUint16(h[20:], tagPCM)
	le.PutUint16(h[22:], 1)
	le.PutUint32(h[24:], resample.Rate)
	le.PutUint32(h[28:], resample.Rate*2)
	le.PutUint16(h[32:], 2)
	le.PutUint16(h[34:], 16)
	copy(h[36:], "data")
	le.PutUint32(h[40:], uint32(2*samples))
	return h, nil
}

// Encode writes pcm as a 16 kHz mono int16 WAV file.
func Encode(w io.Writer, pcm []int16) error {
	h, err := Header(len(pcm))
	if err != nil {
		return err
	}
	if _, err := w.Write(h[:]); err != nil {
		return err
	}
	var b [8192]byte
	for len(pcm) > 0 {
		n := min(len(pcm), len(b)/2)
		for i, s := range pcm[:n] {
			binary.LittleEndian.PutUint16(b[2*i:], uint16(s))
		}
		if _, err := w.Write(b[:2*n]); err != nil {
			return err
		}
		pcm = pcm[n:]
	}
	return nil
}
