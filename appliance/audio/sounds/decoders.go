package sounds

import (
	"errors"
	"fmt"
	"io"

	"github.com/hajimehoshi/go-mp3"
	"github.com/mewkiz/flac"

	"orac/appliance/audio/resample"
	"orac/appliance/play"
)

// converter makes mono at play.Rate of blocks of another rate.
type converter struct {
	conv  *resample.Resampler
	ready []int16 // converted and not yet read
	ended bool
	mono  []float32
	// next decodes the next block into mono; io.EOF at the end.
	next func() error
}

func (c *converter) Read(pcm []int16) (int, error) {
	for len(c.ready) == 0 {
		if c.ended {
			return 0, io.EOF
		}
		c.mono = c.mono[:0]
		err := c.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		c.ready = c.conv.Process(c.ready[:0], c.mono)
		if err != nil {
			c.ended = true
			c.ready = c.conv.Flush(c.ready)
		}
	}
	n := copy(pcm, c.ready)
	c.ready = c.ready[n:]
	return n, nil
}

// newFLAC reads a FLAC stream.
func newFLAC(r io.Reader) (decoder, error) {
	s, err := flac.New(r)
	if err != nil {
		return nil, fmt.Errorf("the FLAC is damaged: %w", err)
	}
	conv, err := resample.Between(int(s.Info.SampleRate), play.Rate)
	if err != nil {
		return nil, err
	}
	c := &converter{conv: conv}
	c.next = func() error {
		frame, err := s.ParseNext()
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		if err != nil {
			return fmt.Errorf("the FLAC is damaged: %w", err)
		}
		bits := int(frame.BitsPerSample)
		if bits == 0 {
			bits = int(s.Info.BitsPerSample)
		}
		if len(frame.Subframes) == 0 || bits < 4 || bits > 32 {
			return errors.New("the FLAC is damaged: a frame has no sound")
		}
		scale := float64(32768) / float64(int64(1)<<(bits-1)) / float64(len(frame.Subframes))
		for i := range frame.Subframes[0].Samples {
			sum := 0.0
			for _, sub := range frame.Subframes {
				sum += float64(sub.Samples[i])
			}
			c.mono = append(c.mono, float32(sum*scale))
		}
		return nil
	}
	return c, nil
}

// newMP3 reads an MP3 stream.
func newMP3(r io.Reader) (decoder, error) {
	d, err := mp3.NewDecoder(r)
	if err != nil {
		return nil, fmt.Errorf("the MP3 is damaged: %w", err)
	}
	conv, err := resample.Between(d.SampleRate(), play.Rate)
	if err != nil {
		return nil, err
	}
	c, buf := &converter{conv: conv}, make([]byte, 4*1152) // stereo of 16 bits
	c.next = func() error {
		n, err := io.ReadFull(d, buf)
		for b := buf[:n&^3]; len(b) > 0; b = b[4:] {
			left, right := int16(uint16(b[0])|uint16(b[1])<<8), int16(uint16(b[2])|uint16(b[3])<<8)
			c.mono = append(c.mono, (float32(left)+float32(right))/2)
		}
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF):
			return io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return fmt.Errorf("the MP3 is damaged: %w", err)
		}
		return err
	}
	return c, nil
}
