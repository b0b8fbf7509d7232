package wav

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"

	"orac/appliance/audio/resample"
	"orac/appliance/statedir"
)

// Reader returns the sound of a WAV file as mono int16, of 16 kHz or another rate. It averages the channels, or those that Select has named. It
// is used by one goroutine.
type Reader struct {
	info  Info
	mixed []int // the channels that are averaged, from 0
	src   *io.SectionReader
	conv  *resample.Resampler
	rate  int       // that it converts to
	raw   []byte    // a piece of the file
	mono  []float32 // the same, decoded, on the int16 scale
	ready []int16   // converted and not yet read
	ended bool
}

// pieceFrames is how much is decoded at once.
const pieceFrames = 4096

// NewReader opens a file of size bytes. Rates outside 8 to 48 kHz are an error.
func NewReader(r io.ReaderAt, size int64) (*Reader, error) {
	info, offset, length, err := parse(r, size)
	if err != nil {
		return nil, err
	}
	conv, err := resample.New(info.Rate)
	if err != nil {
		return nil, err
	}
	return newReader(r, info, offset, length, conv, resample.Rate), nil
}

// NewReaderTo is NewReader for another rate than 16 kHz, and for a file whose size is not known: -1. It reads r from its beginning to its end, never backwards by more than a few bytes.
func NewReaderTo(r io.ReaderAt, size int64, rate int) (*Reader, error) {
	info, offset, length, err := parse(r, size)
	if err != nil {
		return nil, err
	}
	conv, err := resample.Between(info.Rate, rate)
	if err != nil {
		return nil, err
	}
	return newReader(r, info, offset, length, conv, rate), nil
}

func newReader(r io.ReaderAt, info Info, offset, length int64, conv *resample.Resampler, rate int) *Reader {
	mixed := make([]int, info.Channels)
	for c := range mixed {
		mixed[c] = c
	}
	return &Reader{info: info, mixed: mixed, src: io.NewSectionReader(r, offset, length), conv: conv, rate: rate,
		raw: make([]byte, pieceFrames*info.blockAlign()), mono: make([]float32, pieceFrames)}
}

// Info is the format of the sound in the file.
func (r *Reader) Info() Info { return r.info }

// Select makes Read return the average of the named channels, which count from 0; a single one is returned as it is. No
// names mean all channels. It is called before Read. Its error says how many channels the file has.
func (r *Reader) Select(channels ...int) error {
	for _, c := range channels {
		if c < 0 || c >= r.info.Channels {
			return fmt.Errorf("there is no channel %d: the file has %d, counted from 0", c, r.info.Channels)
		}
	}
	if len(channels) > 0 {
		r.mixed = slices.Clone(channels)
	}
	return nil
}

// Samples is how many samples Read returns in all.
func (r *Reader) Samples() int64 {
	rate := int64(r.info.Rate)
	return (r.info.Frames*int64(r.rate) + rate - 1) / rate
}

// Read fills pcm with mono. It returns fewer than len(pcm) samples only at the end of the sound, or with an
// error; after the end it returns io.EOF.
func (r *Reader) Read(pcm []int16) (int, error) {
	n := 0
	for n < len(pcm) {
		if len(r.ready) == 0 {
			if r.ended {
				break
			}
			if err := r.fill(); err != nil {
				return n, err
			}
			continue
		}
		k := copy(pcm[n:], r.ready)
		r.ready = r.ready[k:]
		n += k
	}
	if n == 0 && len(pcm) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// fill converts the next piece of the file.
func (r *Reader) fill() error {
	n, err := io.ReadFull(r.src, r.raw)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		r.ended = true
	case err != nil:
		return fmt.Errorf("reading: %w", err)
	}
	frames := n / r.info.blockAlign()
	decode(r.mono[:frames], r.raw[:n], r.info, r.mixed)
	r.ready = r.conv.Process(r.ready[:0], r.mono[:frames])
	if r.ended {
		r.ready = r.conv.Flush(r.ready)
	}
	return nil
}

// decode averages channels of raw frames into mono, on the int16 scale (full scale is 32768). Not-a-number counts as silence,
// infinity as full scale.
func decode(mono []float32, raw []byte, info Info, channels []int) {
	width, block := info.Bits/8, info.blockAlign()
	for i := range mono {
		sum := 0.0
		for _, c := range channels {
			sum += sample(raw[c*width:], info)
		}
		raw = raw[block:]
		mono[i] = float32(sum / float64(len(channels)))
	}
}

func sample(b []byte, info Info) float64 {
	le := binary.LittleEndian
	if info.Float {
		v := 0.0
		if info.Bits == 64 {
			v = math.Float64frombits(le.Uint64(b))
		} else {
			v = float64(math.Float32frombits(le.Uint32(b)))
		}
		if v != v {
			return 0
		}
		return 32768 * max(-1, min(1, v))
	}
	switch info.Bits {
	case 8:
		return (float64(b[0]) - 128) * 256 // the only unsigned one
	case 16:
		return float64(int16(le.Uint16(b)))
	case 24:
		return float64(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)) / 65536
	}
	return float64(int32(le.Uint32(b))) / 65536
}

// Decode reads a whole file that is in memory: 16 kHz mono int16.
func Decode(file []byte) ([]int16, Info, error) {
	r, err := NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, Info{}, err
	}
	pcm := make([]int16, r.Samples())
	n, err := r.Read(pcm)
	return pcm[:n], r.info, err
}

// File is an open WAV file.
type File struct {
	*Reader
	f *os.File
}

// Open opens the file at path, and selects channels as Select does. Errors name the file.
func Open(path string, channels ...int) (*File, error) {
	f, stat, err := statedir.Regular(path)
	if errors.Is(err, statedir.ErrNotRegular) {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("%w: not a regular file", ErrNotWAV)}
	}
	if err != nil {
		return nil, err
	}
	r, err := NewReader(f, stat.Size())
	if err == nil {
		err = r.Select(channels...)
	}
	if err != nil {
		return nil, errors.Join(&fs.PathError{Op: "read", Path: path, Err: err}, f.Close())
	}
	return &File{Reader: r, f: f}, nil
}

// Close closes the file.
func (f *File) Close() error { return f.f.Close() }
