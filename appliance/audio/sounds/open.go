package sounds

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"orac/appliance/audio/wav"
	"orac/appliance/play"
	"orac/appliance/rt"
	"orac/appliance/statedir"
)

// Opener opens sounds. Its zero value is ready.
type Opener struct {
	Roots Roots // trusted for https; nil: those of the system
}

// Open implements play.Opener.
func (o Opener) Open(t *rt.Task, s play.Source) (play.Sound, error) {
	switch {
	case s.Stream != nil:
		return openStream(s.Stream)
	case s.File != "":
		return File(s.File)
	case s.URL != "":
		return o.fetch(t, s.URL)
	}
	return nil, errors.New("there is no sound to play")
}

// File opens a file.
func File(path string) (play.Sound, error) {
	f, stat, err := statedir.Regular(path)
	if err != nil {
		return nil, err
	}
	d, err := decode(f, stat.Size())
	if err != nil {
		return nil, errors.Join(&fs.PathError{Op: "play", Path: path, Err: err}, f.Close())
	}
	return &file{d, f}, nil
}

// file is a sound that is read from something that is closed at the end.
type file struct {
	decoder
	from io.Closer
}

func (f *file) Read(_ *rt.Task, frame *play.Frame) (int, error) { return fill(f.decoder, frame) }
func (f *file) Close()                                          { _ = f.from.Close() } // nothing was written

// decoder returns mono samples at play.Rate; io.EOF after the last.
type decoder interface {
	Read(pcm []int16) (int, error)
}

// fill fills a frame, the end of the last one with silence.
func fill(d decoder, f *play.Frame) (n int, err error) {
	defer func() {
		if v := recover(); v != nil { // decoders of others: whatever they do with a damaged file harms only that sound
			n, err = 0, fmt.Errorf("the sound is damaged: %v", v)
		}
	}()
	for n < len(f) && err == nil {
		var k int
		k, err = d.Read(f[n:])
		n += k
	}
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// sniffed is how many bytes tell what a sound is.
const sniffed = 12

// decode finds out what a sound is, and returns what reads it. size is -1 if it is not known.
func decode(r io.Reader, size int64) (d decoder, err error) {
	defer func() {
		if v := recover(); v != nil {
			d, err = nil, fmt.Errorf("the sound is damaged: %v", v)
		}
	}()
	in := bufio.NewReader(r)
	tags, err := skipTags(in)
	if err != nil {
		return nil, err
	}
	head, err := in.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if size >= 0 {
		size -= tags
	}
	switch {
	case bytes.HasPrefix(head, []byte("RIFF")), bytes.HasPrefix(head, []byte("RIFX")), bytes.HasPrefix(head, []byte("RF64")):
		return wav.NewReaderTo(&forward{r: in}, size, play.Rate)
	case bytes.HasPrefix(head, []byte("fLaC")):
		return newFLAC(in)
	case bytes.HasPrefix(head, []byte("OggS")):
		return newOgg(in)
	case tags > 0, len(head) >= 2 && head[0] == 0xff && head[1]&0xe6 == 0xe2: // layer III
		return newMP3(in)
	}
	return nil, errors.New("it is no WAV, FLAC, MP3 or Opus: convert it, for example with ffmpeg -i in out.flac")
}

// tagHeader is how long the header of an ID3v2 tag is, and its footer.
const tagHeader = 10

// skipTags reads over the ID3v2 tags at the beginning, and returns how many bytes they have. A tag may promise 256 MiB; the decoder would
// take memory for all of it, whatever follows.
func skipTags(r *bufio.Reader) (skipped int64, err error) {
	for {
		head, err := r.Peek(tagHeader)
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return skipped, err
		case !bytes.HasPrefix(head, []byte("ID3")):
			return skipped, nil
		case len(head) < tagHeader:
			return skipped, errors.New("its ID3 tag is cut off")
		}
		size := int64(0)
		for _, b := range head[6:tagHeader] {
			size = size<<7 | int64(b&0x7f)
		}
		if size += tagHeader; head[5]&0x10 != 0 {
			size += tagHeader // the footer
		}
		n, err := io.CopyN(io.Discard, r, size)
		skipped += n
		switch {
		case errors.Is(err, io.EOF):
			return skipped, fmt.Errorf("its ID3 tag is cut off: it promises %d bytes, and %d came", size, n)
		case err != nil:
			return skipped, err
		}
	}
}

// keptBehind is how far back a forward reader can read: WAV headers are looked at twice.
const keptBehind = 64 << 10

// forward is an io.ReaderAt of what can only be read once.
type forward struct {
	r    io.Reader
	at   int64  // of the first byte of kept
	kept []byte // what was read last
}

func (f *forward) ReadAt(b []byte, at int64) (int, error) {
	if at < f.at {
		return 0, errors.New("the header of the sound is not in order")
	}
	for end := at + int64(len(b)); f.at+int64(len(f.kept)) < end; {
		if extra := len(f.kept) - keptBehind; extra > 0 {
			f.kept, f.at = append(f.kept[:0], f.kept[extra:]...), f.at+int64(extra)
			if at < f.at {
				return 0, errors.New("the header of the sound is not in order")
			}
		}
		piece := make([]byte, min(end-f.at-int64(len(f.kept)), 32<<10))
		n, err := f.r.Read(piece)
		f.kept = append(f.kept, piece[:n]...)
		if err != nil {
			have := max(0, f.at+int64(len(f.kept))-at)
			if have == 0 || !errors.Is(err, io.EOF) {
				return int(have), err
			}
			return copy(b, f.kept[at-f.at:]), io.EOF
		}
	}
	return copy(b, f.kept[at-f.at:]), nil
}
