package wav

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// file builds a WAV from its parts, right or wrong.
type file struct {
	id, form         string
	tag              uint16
	rate, ch, bits   int
	align            int // 0: the right one
	extensible       bool
	guid             string
	data             []byte
	dataLength       int64 // -1: the right one
	riffLength       int64
	before, after    []byte // chunks before and after the fmt chunk
	dataFirst, noFmt bool
	noData           bool
}

func good() file {
	return file{id: "RIFF", form: "WAVE", tag: tagPCM, rate: 16000, ch: 1, bits: 16, dataLength: -1, riffLength: -1,
		guid: guidTail, data: encodeTone(16000, 1, 16, false, 1600)}
}

func chunk(id string, length int64, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(id), uint32(length))
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

func (f file) build() []byte {
	le := binary.LittleEndian
	align := f.align
	if align == 0 {
		align = f.ch * f.bits / 8
	}
	tag := f.tag
	if f.extensible {
		tag = tagExtensible
	}
	b := le.AppendUint16(nil, tag)
	b = le.AppendUint16(b, uint16(f.ch))
	b = le.AppendUint32(b, uint32(f.rate))
	b = le.AppendUint32(b, uint32(f.rate*align))
	b = le.AppendUint16(b, uint16(align))
	b = le.AppendUint16(b, uint16(f.bits))
	if f.extensible {
		b = le.AppendUint16(b, 22)
		b = le.AppendUint16(b, uint16(f.bits))
		b = le.AppendUint32(b, 0)
		b = le.AppendUint16(b, f.tag)
		b = append(b, f.guid...)
	}
	format := chunk("fmt ", int64(len(b)), b)
	if f.noFmt {
		format = nil
	}
	n := f.dataLength
	if n < 0 {
		n = int64(len(f.data))
	}
	data := chunk("data", n, f.data)
	if f.noData {
		data = nil
	}
	body := slices.Concat(f.before, format, f.after, data)
	if f.dataFirst {
		body = slices.Concat(data, f.before, format, f.after)
	}
	n = f.riffLength
	if n < 0 {
		n = int64(len(body) + 4)
	}
	return slices.Concat(chunk(f.id, n, nil), []byte(f.form), body)
}

// encodeTone is n frames of 440 Hz at half of full scale, the same in every channel.
func encodeTone(rate, ch, bits int, float bool, n int) []byte {
	var out []byte
	le := binary.LittleEndian
	for i := range n {
		v := math.Sin(2*math.Pi*440*float64(i)/float64(rate)) / 2
		for range ch {
			switch {
			case float && bits == 32:
				out = le.AppendUint32(out, math.Float32bits(float32(v)))
			case float:
				out = le.AppendUint64(out, math.Float64bits(v))
			case bits == 8:
				out = append(out, byte(math.Round(v*128)+128))
			case bits == 16:
				out = le.AppendUint16(out, uint16(int16(math.Round(v*32768))))
			case bits == 24:
				x := uint32(int32(math.Round(v * (1 << 23))))
				out = append(out, byte(x), byte(x>>8), byte(x>>16))
			default:
				out = le.AppendUint32(out, uint32(int32(math.Round(v*(1<<31)))))
			}
		}
	}
	return out
}

func TestFormats(t *testing.T) {
	for _, rate := range []int{8000, 11025, 16000, 22050, 44100, 48000} {
		for _, ch := range []int{1, 2, 8} {
			for _, enc := range []struct {
				bits  int
				float bool
			}{{8, false}, {16, false}, {24, false}, {32, false}, {32, true}, {64, true}} {
				for _, extensible := range []bool{false, true} {
					t.Run(fmt.Sprintf("%d/%d/%d/%v/%v", rate, ch, enc.bits, enc.float, extensible), func(t *testing.T) {
						f := good()
						f.rate, f.ch, f.bits, f.extensible = rate, ch, enc.bits, extensible
						if enc.float {
							f.tag = tagFloat
						}
						f.data = encodeTone(rate, ch, enc.bits, enc.float, rate/5)
						checkTone(t, f.build(), enc.bits)
					})
				}
			}
		}
	}
}

func checkTone(t *testing.T, b []byte, bits int) {
	t.Helper()
	pcm, info, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(pcm) != 3200 {
		t.Fatalf("200 ms gave %d samples", len(pcm))
	}
	if got := info.Duration().Milliseconds(); got != 200 {
		t.Errorf("duration %d ms", got)
	}
	off := 2.0
	if bits == 8 {
		off = 200 // its steps are 256
	}
	for i := 600; i < 2600; i++ {
		want := 16384 * math.Sin(2*math.Pi*440*float64(i)/16000)
		if math.Abs(float64(pcm[i])-want) > off {
			t.Fatalf("sample %d is %d, not %.0f", i, pcm[i], want)
		}
	}
}

func TestLayouts(t *testing.T) {
	odd := chunk("LIST", 3, []byte("abc"))
	for name, change := range map[string]func(*file){
		"odd chunk before":         func(f *file) { f.before = odd },
		"odd chunk after":          func(f *file) { f.after = append(odd, chunk("fact", 4, []byte{9, 9, 9, 9})...) },
		"data first":               func(f *file) { f.dataFirst, f.after = true, odd },
		"lengths of ffmpeg's pipe": func(f *file) { f.dataLength, f.riffLength = 0xFFFFFFFF, 0xFFFFFFFF },
		"lengths of sox's pipe":    func(f *file) { f.dataLength, f.riffLength = 0x7FFFF000, 0x7FFFF024 },
		"lengths never filled in":  func(f *file) { f.dataLength, f.riffLength = 0, 0 },
		"RIFF length wrong":        func(f *file) { f.riffLength = 7 },
	} {
		t.Run(name, func(t *testing.T) {
			f := good()
			f.data = encodeTone(16000, 1, 16, false, 3200)
			change(&f)
			checkTone(t, f.build(), 16)
		})
	}
}

func TestBrokenFiles(t *testing.T) {
	cases := []struct {
		name   string
		change func(*file)
		want   string
	}{
		{"empty", func(f *file) { f.data, f.dataLength = nil, 0 }, "holds no sound"},
		{"empty, with chunks after it", func(f *file) { f.data, f.dataLength, f.after = nil, 0, chunk("LIST", 3, []byte("abc")) }, "holds no sound"},
		{"half a frame", func(f *file) { f.data, f.after = f.data[:3199], chunk("LIST", 4, []byte("abcd")) }, "whole number of 2-byte frames"},
		{"block align", func(f *file) { f.align = 4 }, "contradicts itself: 1 channels of 16 bits are 2 bytes, but it says 4"},
		{"no channels", func(f *file) { f.ch, f.align = 0, 2 }, "0 channels are outside 1 to 32"},
		{"many channels", func(f *file) { f.ch = 33 }, "33 channels"},
		{"rate 0", func(f *file) { f.rate = 0 }, "0 Hz"},
		{"rate low", func(f *file) { f.rate = 7999 }, "7999 Hz is outside 8000 to 48000 Hz"},
		{"rate high", func(f *file) { f.rate = 96000 }, "96000 Hz"},
		{"rate absurd", func(f *file) { f.rate = 4294967295 }, "4294967295 Hz is outside"},
		{"12 bits", func(f *file) { f.bits, f.align = 12, 1 }, "12-bit samples"},
		{"0 bits", func(f *file) { f.bits, f.align = 0, 2 }, "0-bit samples"},
		{"16-bit float", func(f *file) { f.tag = tagFloat }, "16-bit samples"},
		{"mu-law", func(f *file) { f.tag, f.bits = 7, 8 }, "0x0007 (mu-law)"},
		{"unknown encoding", func(f *file) { f.tag = 0x1234 }, "0x1234 (unknown)"},
		{"extensible of another kind", func(f *file) { f.extensible, f.guid = true, strings.Repeat("x", 14) }, "sub-format"},
		{"big-endian", func(f *file) { f.id = "RIFX" }, "RIFX"},
		{"64-bit", func(f *file) { f.id = "RF64" }, "RF64"},
		{"another RIFF", func(f *file) { f.form = "AVI " }, "not a WAV file"},
		{"no fmt", func(f *file) { f.noFmt = true }, "no fmt chunk"},
		{"no data", func(f *file) { f.noData = true }, "no data chunk"},
		{"lying chunk", func(f *file) { f.before = chunk("LIST", 0xFFFFFFF0, nil) }, "no fmt chunk"},
		{"short fmt", func(f *file) { f.before, f.noFmt = chunk("fmt ", 4, []byte("abcd")), true }, "fmt chunk has 4 bytes"},
		{"chunks without end", func(f *file) { f.before = bytes.Repeat(chunk("LIST", 0, nil), maxChunks+1) }, "more than 1000 chunks"},
		{"over an hour", func(f *file) { f.rate, f.bits, f.data = 8000, 8, make([]byte, 8000*3601) }, "split it"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := good()
			c.change(&f)
			_, _, err := Decode(f.build())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want … %s …", err, c.want)
			}
		})
	}
	whole := good().build()
	for n := range 46 { // the header, and no whole sample
		if _, _, err := Decode(whole[:n]); err == nil {
			t.Errorf("%d bytes of a file are accepted", n)
		}
	}
}

// TestUnfinished: a recorder that was killed, or a disk that was full, leaves all the sound behind lengths that lie.
func TestUnfinished(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*file)
		frames int64
		note   string
	}{
		"no data length, RIFF length of the header":  {func(f *file) { f.dataLength, f.riffLength = 0, 36 }, 3200, "was not finished"},
		"no data length, RIFF length of a buffer":    {func(f *file) { f.dataLength, f.riffLength = 0, 4088 }, 3200, "was not finished"},
		"no data length, RIFF length of a whole one": {func(f *file) { f.dataLength, f.riffLength = 0, -1 }, 3200, "was not finished"},
		"the end is missing":                         {func(f *file) { f.dataLength = 100000 }, 3200, "promises 100000 bytes of sound, the file has 6400"},
		"the end is missing, within a sample":        {func(f *file) { f.dataLength, f.data = 100000, f.data[:6399] }, 3199, "promises 100000"},
		"finished":                                   {func(f *file) {}, 3200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := good()
			f.data = encodeTone(16000, 1, 16, false, 3200)
			c.change(&f)
			b := f.build()
			if len(f.data)%2 == 1 {
				b = b[:len(b)-1] // no pad byte: the file ends there
			}
			pcm, info, err := Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			if info.Frames != c.frames || int64(len(pcm)) != c.frames || (info.Note == "") != (c.note == "") || !strings.Contains(info.Note, c.note) {
				t.Errorf("%d frames, %d samples, note %q", info.Frames, len(pcm), info.Note)
			}
			if c.frames == 3200 {
				checkTone(t, b, 16)
			}
		})
	}
}

// TestSelect: one channel comes through bit by bit, several are averaged, and one that is not there is an error.
func TestSelect(t *testing.T) {
	f := good()
	f.ch, f.data = 6, nil
	for i := range 1000 {
		for c := range 6 {
			f.data = binary.LittleEndian.AppendUint16(f.data, uint16(int16(i*(c+1)))) // channel c is i·(c+1)
		}
	}
	for _, c := range []struct {
		channels []int
		times    float64
	}{{nil, 3.5}, {[]int{0}, 1}, {[]int{5}, 6}, {[]int{1, 3}, 3}} {
		r, err := NewReader(bytes.NewReader(f.build()), int64(len(f.build())))
		if err == nil {
			err = r.Select(c.channels...)
		}
		if err != nil {
			t.Fatal(err)
		}
		pcm := make([]int16, 1000)
		if n, err := r.Read(pcm); n != 1000 || err != nil {
			t.Fatal(n, err)
		}
		for i, got := range pcm {
			if d := float64(got) - float64(i)*c.times; d < -1 || d > 1 || len(c.channels) == 1 && d != 0 {
				t.Fatalf("channels %v: sample %d is %d", c.channels, i, got)
			}
		}
		for _, bad := range []int{-1, 6} {
			if err := r.Select(0, bad); err == nil || !strings.Contains(err.Error(), "the file has 6, counted from 0") {
				t.Errorf("channel %d: %v", bad, err)
			}
		}
	}
}

func TestOddFloats(t *testing.T) {
	f := good()
	f.tag, f.bits, f.data = tagFloat, 32, nil
	values := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 2, -2, 0.5}
	for _, v := range values {
		f.data = binary.LittleEndian.AppendUint32(f.data, math.Float32bits(float32(v)))
	}
	pcm, _, err := Decode(f.build())
	if want := []int16{0, 32767, -32768, 32767, -32768, 16384}; err != nil || !slices.Equal(pcm, want) {
		t.Errorf("%v became %v (%v), not %v", values, pcm, err, want)
	}
}

func TestEncodeThenDecodeIsExact(t *testing.T) {
	pcm := make([]int16, 65536)
	for i := range pcm {
		pcm[i] = int16(i - 32768)
	}
	var b bytes.Buffer
	if err := Encode(&b, pcm); err != nil {
		t.Fatal(err)
	}
	got, info, err := Decode(b.Bytes())
	if err != nil || !slices.Equal(got, pcm) {
		t.Errorf("the sound changed (%v)", err)
	}
	if want := (Info{Rate: 16000, Channels: 1, Bits: 16, Frames: 65536}); info != want {
		t.Errorf("%+v", info)
	}
}

func TestEncodeTellsOfAFullDisk(t *testing.T) {
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := Encode(f, make([]int16, 10)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.wav")
	if err := os.WriteFile(path, good().build(), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	total, buf := 0, make([]int16, 999)
	for {
		n, err := f.Read(buf)
		total += n
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if total != 1600 || f.Samples() != 1600 {
		t.Errorf("read %d of %d samples", total, f.Samples())
	}

	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(dir, "text.wav")
	if err := os.WriteFile(text, []byte("certainly not a sound"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{dir, fifo, text, filepath.Join(dir, "none.wav")} {
		if _, err := Open(p); err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("%s: error %v does not name it", p, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(good().build())
	extensible := good()
	extensible.extensible, extensible.tag, extensible.bits = true, tagFloat, 64
	extensible.data = encodeTone(44100, 1, 64, true, 100)
	f.Add(extensible.build())
	first := good()
	first.dataFirst, first.rate, first.ch, first.bits = true, 48000, 2, 24
	first.data = encodeTone(48000, 2, 24, false, 100)
	f.Add(first.build())
	lying := good()
	lying.dataLength = 0xFFFFFFFF
	f.Add(lying.build())
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEfmt "))
	f.Fuzz(func(t *testing.T, b []byte) {
		pcm, info, err := Decode(b)
		if err != nil {
			return
		}
		if want := (info.Frames*16000 + int64(info.Rate) - 1) / int64(info.Rate); int64(len(pcm)) != want {
			t.Errorf("%+v gave %d samples, not %d", info, len(pcm), want)
		}
	})
}
