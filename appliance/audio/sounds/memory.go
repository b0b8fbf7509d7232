package sounds

import (
	"bytes"
	"fmt"
	"io"

	"orac/appliance/audio/resample"
	"orac/appliance/play"
)

// Decode opens a file that is in memory.
func Decode(text []byte) (play.Sound, error) {
	d, err := decode(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return nil, err
	}
	return &file{d, io.NopCloser(nil)}, nil
}

// Samples opens sound that is in memory without a header: signed little-endian integers of 2 bytes, the channels of one moment beside each
// other.
func Samples(raw []byte, rate, width, channels int) (play.Sound, error) {
	conv, err := resample.Between(rate, play.Rate)
	if err != nil {
		return nil, err
	}
	if width != 2 || channels < 1 || channels > 8 {
		return nil, fmt.Errorf("%d channels of %d bytes are not supported: send 1 to 8 of 2 bytes", channels, width)
	}
	c := &converter{conv: conv}
	c.next = func() error {
		size := 2 * channels
		for n := 0; n < 4096; n++ {
			if len(raw) < size {
				return io.EOF
			}
			sum := 0
			for b := raw[:size]; len(b) > 0; b = b[2:] {
				sum += int(int16(uint16(b[0]) | uint16(b[1])<<8))
			}
			raw, c.mono = raw[size:], append(c.mono, float32(sum)/float32(channels))
		}
		return nil
	}
	return &file{c, io.NopCloser(nil)}, nil
}
