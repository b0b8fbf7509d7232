// Package wav reads and writes WAV files.
//
// It guarantees that a file that it opens has the format that its header states: a contradictory header and an unknown
// format are errors that name the cause and the way out. Of a file that its recorder did not finish (the length was never
// filled in, or the end is missing) it reads all whole frames that are there, and Info.Note says so. Reading takes a fixed
// amount of memory whatever the file's length, and returns 16 kHz mono int16; a file that already has that form is returned
// bit for bit.
package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"orac/appliance/audio/resample"
)

const (
	// MaxBytes and MaxDuration bound a file.
	MaxBytes    = 512 << 20
	MaxDuration = time.Hour
	maxChannels = 32
	maxChunks   = 1000 // before the sound; each costs a read
)

// ErrNotWAV means that the file is something else.
var ErrNotWAV = errors.New("not a WAV file")

// Info is the format of the sound in a file.
type Info struct {
	Rate     int // samples per second of one channel
	Channels int
	Bits     int // of a sample
	Float    bool
	Frames   int64  // samples of one channel
	Note     string // what is wrong with a file that can be read all the same, for people; "" if nothing is
}

// Duration is how long the sound lasts.
func (i Info) Duration() time.Duration {
	return time.Duration(i.Frames/int64(i.Rate))*time.Second + time.Duration(i.Frames%int64(i.Rate))*time.Second/time.Duration(i.Rate)
}

func (i Info) blockAlign() int { return i.Channels * i.Bits / 8 }

// Format tags of the fmt chunk (Microsoft, mmreg.h).
const (
	tagPCM        = 1
	tagFloat      = 3
	tagExtensible = 0xFFFE
)

// Names of the tags that a user may meet.
var tagNames = map[uint16]string{2: "Microsoft ADPCM", 6: "A-law", 7: "mu-law", 0x11: "IMA ADPCM", 0x31: "GSM 6.10", 0x55: "MP3"}

// guidTail is what follows the tag in the sub-format of WAVE_FORMAT_EXTENSIBLE (KSDATAFORMAT_SUBTYPE_*).
const guidTail = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"

// parse finds the format and the place of the sound in a file of size bytes; -1: nobody knows, and sound beyond the limits is left out. Chunks may come in any order; of several
// fmt or data chunks the first one counts.
func parse(r io.ReaderAt, size int64) (info Info, offset, length int64, err error) {
	fail := func(format string, a ...any) (Info, int64, int64, error) {
		return Info{}, 0, 0, fmt.Errorf(format, a...)
	}
	unknown := size < 0
	if unknown {
		size = MaxBytes
	}
	if size > MaxBytes {
		return fail("the file has %d MiB, more than %d MiB: split it", size>>20, MaxBytes>>20)
	}
	var head [12]byte
	if _, err := r.ReadAt(head[:], 0); err != nil {
		if errors.Is(err, io.EOF) {
			return fail("%w: it has only %d bytes", ErrNotWAV, size)
		}
		return fail("reading: %w", err)
	}
	switch id := string(head[:4]); {
	case id == "RIFX":
		return fail("a big-endian WAV (RIFX) is not supported: convert it, for example with sox in.wav -L out.wav")
	case id == "RF64" || id == "BW64":
		return fail("a 64-bit WAV (%s) is not supported: split or convert it, for example with ffmpeg -i in.wav -rf64 never out.wav", id)
	case id != "RIFF" || string(head[8:]) != "WAVE":
		return fail("%w: it does not start with RIFF … WAVE", ErrNotWAV)
	}
	riffLength := binary.LittleEndian.Uint32(head[4:])

	openEnded := false
	haveFormat, haveData := false, false
	at := int64(len(head))
	for chunks := 0; !haveFormat || !haveData; chunks++ {
		var c [8]byte
		if _, err := r.ReadAt(c[:], at); err != nil || chunks == maxChunks {
			switch {
			case err != nil && !errors.Is(err, io.EOF):
				return fail("reading: %w", err)
			case chunks == maxChunks:
				return fail("more than %d chunks and no sound among them: the file is damaged", maxChunks)
			case !haveFormat:
				return fail("no fmt chunk: the file is damaged or was cut off; record or convert it again")
			}
			return fail("no data chunk: the file is damaged or was cut off; record or convert it again")
		}
		id, n := string(c[:4]), int64(binary.LittleEndian.Uint32(c[4:]))
		at += int64(len(c))
		rest := size - at
		switch {
		case id == "data" && !haveData:
			switch {
			case n >= 0x7FFFF000, n == 0 && riffLength == 0:
				// A program that writes to a pipe cannot know the length and leaves 0 (in both places) or a maximum (ffmpeg
				// 0xFFFFFFFF, sox and espeak-ng 0x7FFFF000): the rest of the file is sound.
				n, openEnded = rest, true
			case n == 0 && rest > 0 && !chunksFill(r, at, size):
				n, openEnded = rest, true
				info.Note = "the recording was not finished: its length is missing, so everything after the header is read as sound"
			case n > rest:
				info.Note = fmt.Sprintf("the recording was not finished, or its end is missing: the header promises %d bytes of sound, the file has %d", n, rest)
				n, openEnded = rest, true
			}
			haveData, offset, length = true, at, n
		case id == "fmt " && !haveFormat:
			note := info.Note // of a data chunk before it
			if info, err = parseFormat(r, at, n); err != nil {
				return Info{}, 0, 0, err
			}
			haveFormat, info.Note = true, note
		}
		at += n + n&1 // chunks are padded to even lengths
	}
	block := int64(info.blockAlign())
	if length%block != 0 && !openEnded {
		return fail("the sound's %d bytes are not a whole number of %d-byte frames: the header is wrong or the file was cut off",
			length, block)
	}
	info.Frames = length / block
	if most := int64(MaxDuration/time.Second) * int64(info.Rate); unknown && info.Frames > most {
		info.Frames, length = most, most*block
	}
	switch {
	case info.Frames == 0:
		return fail("it holds no sound: its data chunk is empty")
	case info.Frames > int64(MaxDuration/time.Second)*int64(info.Rate):
		return fail("it lasts %s, more than %s: split it", info.Duration().Round(time.Second), MaxDuration)
	}
	return info, offset, info.Frames * block, nil
}

// chunksFill tells whether chunks follow from an offset, one after the other up to the end of the file. Sound does not look
// like that.
func chunksFill(r io.ReaderAt, at, size int64) bool {
	for range maxChunks {
		if at == size {
			return true
		}
		var c [8]byte
		if _, err := r.ReadAt(c[:], at); err != nil {
			return false
		}
		for _, b := range c[:4] {
			if b < ' ' || b > '~' {
				return false
			}
		}
		n := int64(binary.LittleEndian.Uint32(c[4:]))
		at += int64(len(c)) + n
		if n&1 == 1 && at < size {
			at++
		}
	}
	return false
}

// parseFormat reads the fmt chunk of n bytes at an offset.
func parseFormat(r io.ReaderAt, at, n int64) (Info, error) {
	var b [40]byte
	if n < 16 {
		return Info{}, fmt.Errorf("the fmt chunk has %d bytes, fewer than 16: the file is damaged", n)
	}
	have := min(n, int64(len(b)))
	if _, err := r.ReadAt(b[:have], at); err != nil {
		return Info{}, fmt.Errorf("the fmt chunk is cut off: %w", err)
	}
	le := binary.LittleEndian
	tag := le.Uint16(b[0:])
	info := Info{Channels: int(le.Uint16(b[2:])), Rate: int(le.Uint32(b[4:])), Bits: int(le.Uint16(b[14:]))}
	if tag == tagExtensible {
		if have < 40 || string(b[26:40]) != guidTail {
			return Info{}, errors.New("an extensible format without a known sub-format: convert it, for example with sox in.wav -e signed -b 16 out.wav")
		}
		tag = le.Uint16(b[24:])
	}
	info.Float = tag == tagFloat
	switch {
	case tag != tagPCM && tag != tagFloat:
		name := tagNames[tag]
		if name == "" {
			name = "unknown"
		}
		return Info{}, fmt.Errorf("the encoding 0x%04x (%s) is not supported: convert it, for example with sox in.wav -e signed -b 16 out.wav", tag, name)
	case info.Channels < 1 || info.Channels > maxChannels:
		return Info{}, fmt.Errorf("%d channels are outside 1 to %d", info.Channels, maxChannels)
	case tag == tagPCM && info.Bits != 8 && info.Bits != 16 && info.Bits != 24 && info.Bits != 32,
		tag == tagFloat && info.Bits != 32 && info.Bits != 64:
		return Info{}, fmt.Errorf("%d-bit samples are not supported (8, 16, 24 or 32 bits, or 32 or 64 bits floating point): "+
			"convert it, for example with sox in.wav -b 16 out.wav", info.Bits)
	case info.Rate < resample.MinRate || info.Rate > resample.MaxAnyRate:
		return Info{}, resample.CheckRate(info.Rate)
	case int(le.Uint16(b[12:])) != info.blockAlign():
		return Info{}, fmt.Errorf("the header contradicts itself: %d channels of %d bits are %d bytes, but it says %d",
			info.Channels, info.Bits, info.blockAlign(), le.Uint16(b[12:]))
	}
	return info, nil
}
