package sounds

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/pion/opus"

	"orac/appliance/audio/resample"
	"orac/appliance/play"
)

const (
	opusRate    = 48000
	opusPacket  = 5760 // samples of the longest packet: 120 ms
	opusHeadLen = 19
)

// oggOpus decodes Opus in Ogg (RFC 6716, 7845).
type oggOpus struct {
	ogg      oggReader
	decoder  opus.Decoder
	channels int
	gain     float64
	skip     int    // samples before the sound
	header   int    // packets of the header that are still to come
	ended    uint64 // granule of the last page that is decoded
	inPage   uint64 // samples decoded of the page
	pcm      []float32
}

// newOgg reads an Ogg file. Only Opus is supported in it.
func newOgg(r io.Reader) (decoder, error) {
	conv, err := resample.Between(opusRate, play.Rate)
	if err != nil {
		return nil, err
	}
	x := &oggOpus{ogg: oggReader{r: r}, pcm: make([]float32, 2*opusPacket)}
	c := &converter{conv: conv}
	c.next = func() error {
		for had := len(c.mono); len(c.mono) == had; { // headers, and what comes before the sound, have none
			p, err := x.ogg.next()
			if err != nil {
				return err
			}
			if c.mono, err = x.packet(p, c.mono); err != nil {
				return err
			}
		}
		return nil
	}
	p, err := x.ogg.next()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: it is empty", errOgg)
	}
	if err != nil {
		return nil, err
	}
	return c, x.head(p)
}

// head begins a stream with its first packet.
func (x *oggOpus) head(p packet) error {
	h := p.data
	switch {
	case bytes.HasPrefix(h, []byte("\x01vorbis")):
		return errors.New("Ogg Vorbis is not supported: convert it, for example with ffmpeg -i in.ogg -c:a libopus out.opus")
	case len(h) < opusHeadLen || !bytes.HasPrefix(h, []byte("OpusHead")):
		return errors.New("this Ogg holds no Opus: convert it, for example with ffmpeg -i in.ogg out.flac")
	case h[8]&0xf0 != 0:
		return fmt.Errorf("version %d of Opus in Ogg is not supported", h[8])
	case h[18] != 0 || h[9] < 1 || h[9] > 2:
		return fmt.Errorf("Opus of %d channels is not supported: convert it, for example with ffmpeg -i in.opus -ac 2 out.opus", h[9])
	}
	d, err := opus.NewDecoderWithOutput(opusRate, int(h[9]))
	if err != nil {
		return fmt.Errorf("the Opus is damaged: %w", err)
	}
	gain := float64(int16(binary.LittleEndian.Uint16(h[16:]))) / 256 // dB
	x.decoder, x.channels, x.skip, x.header = d, int(h[9]), int(binary.LittleEndian.Uint16(h[10:])), 1
	x.gain = 32768 * math.Pow(10, gain/20) / float64(h[9])
	x.ended, x.inPage = 0, 0
	return nil
}

// packet appends the sound of a packet.
func (x *oggOpus) packet(p packet, mono []float32) ([]float32, error) {
	switch {
	case p.first: // another stream follows the one before: a broadcast changes its title so
		return mono, x.head(p)
	case x.header > 0: // comments
		x.header--
		return mono, nil
	case p.cut:
		return mono, errors.New("the Opus is damaged: a packet is too long")
	}
	n, err := x.decoder.DecodeToFloat32(p.data, x.pcm)
	if err != nil {
		return mono, fmt.Errorf("the Opus is damaged: %w", err)
	}
	x.inPage += uint64(n)
	from := min(x.skip, n)
	x.skip -= from
	to := n
	if p.last && p.granule >= x.ended && x.inPage > p.granule-x.ended { // the last page says where the sound ends
		to = max(from, n-int(min(x.inPage-(p.granule-x.ended), uint64(n))))
	}
	for i := from; i < to; i++ {
		sum := 0.0
		for c := range x.channels {
			sum += float64(x.pcm[i*x.channels+c])
		}
		mono = append(mono, float32(sum*x.gain))
	}
	if p.endPage {
		x.ended, x.inPage = p.granule, 0
	}
	return mono, nil
}
