package sounds

import (
	"errors"
	"fmt"
	"io"

	"orac/appliance/audio/resample"
	"orac/appliance/play"
	"orac/appliance/rt"
)

// stream reads samples that somebody sends.
type stream struct {
	converter
	from *play.Stream
	t    *rt.Task // that reads
}

func openStream(s *play.Stream) (play.Sound, error) {
	conv, err := resample.Between(s.Format.Rate, play.Rate)
	if err != nil {
		return nil, err
	}
	if s.Format.Channels < 1 || s.Format.Channels > 8 {
		return nil, fmt.Errorf("%d channels are outside 1 to 8", s.Format.Channels)
	}
	x := &stream{converter: converter{conv: conv}, from: s}
	x.next = x.chunk
	return x, nil
}

func (x *stream) Read(t *rt.Task, f *play.Frame) (int, error) {
	x.t = t
	return fill(&x.converter, f)
}

func (x *stream) Close() {}

// chunk waits for the next chunk.
func (x *stream) chunk() error {
	c, err := x.from.Chunks.Recv(x.t, rt.Never) // the player gives it up when nothing comes
	switch {
	case errors.Is(err, rt.ErrClosed):
		return io.EOF
	case err != nil:
		return err
	case c.Err != nil:
		return c.Err
	case len(c.PCM) > play.MostChunk:
		return fmt.Errorf("%d samples at once are more than %d", len(c.PCM), play.MostChunk)
	}
	n := x.from.Format.Channels
	for pcm := c.PCM; len(pcm) >= n; pcm = pcm[n:] {
		sum := 0.0
		for _, s := range pcm[:n] {
			sum += float64(s)
		}
		x.mono = append(x.mono, float32(sum/float64(n)))
	}
	return nil
}
