package wyoming

import (
	"encoding/binary"
	"fmt"
	"math"

	"orac/appliance/audio/resample"
)

// Format is the format of sound on the wire: signed little-endian integers, the channels of one moment beside each other.
type Format struct {
	Rate     int `json:"rate"`  // samples per second of one channel
	Width    int `json:"width"` // bytes of a sample
	Channels int `json:"channels"`
}

// Speech is the format in which ORAC sends sound, and which every service of Home Assistant takes.
var Speech = Format{Rate: resample.Rate, Width: 2, Channels: 1}

const (
	maxChannels = 8
	// maxPhases bounds the size of the filter that changes the rate: a rate without a large common divisor with 16 kHz would need
	// many megabytes for each connection. 11025 Hz needs 640.
	maxPhases = 640
)

// Frame is the size of one sample of all channels, in bytes.
func (f Format) Frame() int { return f.Width * f.Channels }

// Check tells why sound of a format cannot be read; nil if it can.
func (f Format) Check() error {
	switch {
	case f.Width < 1 || f.Width > 4:
		return fmt.Errorf("a width of %d bytes is not supported; send 2 (16 bit), or 1, 3 or 4", f.Width)
	case f.Channels < 1 || f.Channels > maxChannels:
		return fmt.Errorf("%d channels are not supported; send 1 to %d", f.Channels, maxChannels)
	}
	if err := resample.CheckRate(f.Rate); err != nil {
		return fmt.Errorf("a rate of %d Hz is not supported; send 16000, or another usual rate from %d to %d", f.Rate, resample.MinRate, resample.MaxRate)
	}
	a, b := resample.Rate, f.Rate
	for b != 0 {
		a, b = b, a%b
	}
	if resample.Rate/a > maxPhases {
		return fmt.Errorf("a rate of %d Hz is not supported; send 16000, or another usual rate such as 22050, 44100 or 48000", f.Rate)
	}
	return nil
}

// Converter turns sound of one format into 16 kHz mono. It is used by one goroutine.
type Converter struct {
	format Format
	rate   *resample.Resampler
	part   []byte // the beginning of a frame whose end has not come yet
	mono   []float32
}

// NewConverter returns a converter of a format that Check accepts.
func NewConverter(f Format) (*Converter, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	rate, err := resample.New(f.Rate)
	if err != nil {
		return nil, err
	}
	return &Converter{format: f, rate: rate}, nil
}

// Format is what the converter reads.
func (c *Converter) Format() Format { return c.format }

// Append converts raw, which may be cut anywhere, and appends the samples to dst.
func (c *Converter) Append(dst []int16, raw []byte) []int16 {
	frame := c.format.Frame()
	if len(c.part) > 0 {
		n := min(frame-len(c.part), len(raw))
		c.part = append(c.part, raw[:n]...)
		if raw = raw[n:]; len(c.part) < frame {
			return dst
		}
		dst = c.whole(dst, c.part)
		c.part = c.part[:0]
	}
	n := len(raw) / frame * frame
	c.part = append(c.part, raw[n:]...)
	return c.whole(dst, raw[:n])
}

// Flush ends the sound: it appends the samples that were still waiting. A frame whose end never came is dropped.
func (c *Converter) Flush(dst []int16) []int16 { return c.rate.Flush(dst) }

// whole converts whole frames: it averages the channels, on the int16 scale.
func (c *Converter) whole(dst []int16, raw []byte) []int16 {
	width, channels := c.format.Width, c.format.Channels
	c.mono = c.mono[:0]
	for len(raw) > 0 {
		sum := 0.0
		for range channels {
			sum += sample(raw[:width])
			raw = raw[width:]
		}
		c.mono = append(c.mono, float32(sum/float64(channels)))
	}
	return c.rate.Process(dst, c.mono)
}

// Samples appends the samples of raw to dst, each by itself and with its channel and rate. What is cut off at the end is dropped.
func Samples(dst []int16, f Format, raw []byte) []int16 {
	for ; len(raw) >= f.Width; raw = raw[f.Width:] {
		dst = append(dst, int16(math.Round(max(math.MinInt16, min(math.MaxInt16, sample(raw[:f.Width]))))))
	}
	return dst
}

// sample reads one signed sample, on the int16 scale. One byte is signed too, as the reference implementation reads it.
func sample(b []byte) float64 {
	switch len(b) {
	case 1:
		return float64(int8(b[0])) * 256
	case 2:
		return float64(int16(binary.LittleEndian.Uint16(b)))
	case 3:
		return float64(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)) / 65536
	}
	return float64(int32(binary.LittleEndian.Uint32(b))) / 65536
}
