package samples

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"orac/appliance/statedir"
)

// The samples are in two files of 48-byte records. One of them is written; when it holds as many samples as are shown it replaces
// the older one. A record is, little endian: time (Unix ms), memory, CPU (a float), free disk, spooled, waiting (32 bits), CRC-32
// of all of these. Each record proves by itself that it is whole, wherever it is: a torn or damaged record affects no other, and
// the file needs no head.
const (
	fileName  = "system.samples"
	olderName = "system.samples.1"

	recordSize = 48
	maxFile    = Room * recordSize // bytes
)

// file keeps samples in a state directory. Only one goroutine may use it at a time.
type file struct{ dir string }

// read returns the readable samples in the order in which they were written, at most as many as are
// shown.
func (f *file) read() (list []Sample) {
	dir, err := statedir.Existing(f.dir)
	if err != nil {
		return nil
	}
	defer dir.Close()
	for _, name := range []string{olderName, fileName} {
		h, err := dir.Open(name)
		if err != nil {
			continue // missing or unusable
		}
		text, _ := io.ReadAll(io.LimitReader(h, 2*maxFile)) // whatever could be read counts
		_ = h.Close()
		list = append(list, parse(text)...)
	}
	return slices.Clone(list[max(0, len(list)-Room):])
}

// open opens a file and returns its size.
func open(dir *statedir.Dir, name string, flag int) (*os.File, int64, error) {
	h, err := dir.OpenFile(name, flag)
	if err != nil {
		return nil, 0, err
	}
	info, err := h.Stat()
	if err != nil {
		_ = h.Close()
		return nil, 0, err
	}
	return h, info.Size(), nil
}

// append adds samples at the end: either all of them, or nothing that read would return.
func (f *file) append(list []Sample) error {
	dir, err := statedir.Existing(f.dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	h, size, err := open(dir, fileName, os.O_WRONLY|os.O_CREATE)
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }() // either already closed, or an error is returned
	if size >= maxFile {
		if err := dir.Rename(fileName, olderName); err != nil {
			return err
		}
		_ = h.Close() // it is the older one now
		if h, size, err = open(dir, fileName, os.O_WRONLY|os.O_CREATE|os.O_EXCL); err != nil {
			return err
		}
	}
	end := size - size%recordSize // a torn record is overwritten
	text := make([]byte, 0, len(list)*recordSize)
	for _, one := range list {
		text = encode(text, one)
	}
	_, err = h.WriteAt(text, end)
	if err != nil {
		return errors.Join(err, h.Truncate(end))
	}
	return nil
}

func encode(to []byte, s Sample) []byte {
	begin := len(to)
	for _, v := range []uint64{uint64(s.At.UnixMilli()), uint64(s.Memory), math.Float64bits(s.CPU), uint64(s.DiskFree), uint64(s.Spooled)} {
		to = binary.LittleEndian.AppendUint64(to, v)
	}
	to = binary.LittleEndian.AppendUint32(to, uint32(min(max(s.Waiting, 0), math.MaxInt32)))
	return binary.LittleEndian.AppendUint32(to, crc32.ChecksumIEEE(to[begin:]))
}

// parse returns the whole records of a text. After a damaged record it looks for the next one in its place; if bytes are missing
// or extra, at every position until a record is whole.
func parse(text []byte) (list []Sample) {
	for at := 0; at+recordSize <= len(text); {
		if one, ok := decode(text[at : at+recordSize]); ok {
			list = append(list, one)
			at += recordSize
			continue
		}
		at++
	}
	return list
}

// decode reads a record. It refuses impossible values even if the checksum is right.
func decode(record []byte) (s Sample, ok bool) {
	word := func(i int) int64 { return int64(binary.LittleEndian.Uint64(record[8*i:])) }
	if crc32.ChecksumIEEE(record[:recordSize-4]) != binary.LittleEndian.Uint32(record[recordSize-4:]) {
		return s, false
	}
	s = Sample{
		At: time.UnixMilli(word(0)), Memory: word(1), CPU: math.Float64frombits(uint64(word(2))), DiskFree: word(3), Spooled: word(4),
		Waiting: int(binary.LittleEndian.Uint32(record[40:])),
	}
	sound := word(0) > 0 && word(0) < lastMoment && s.Memory >= 0 && s.DiskFree >= 0 && s.Spooled >= 0 && s.Waiting <= math.MaxInt32 && s.CPU >= -1 && s.CPU < 1e6
	return s, sound
}

// lastMoment is the end of the year 9999, in Unix milliseconds: JSON cannot hold later times.
const lastMoment = 253402300800000
