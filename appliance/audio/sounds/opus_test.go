package sounds

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"orac/appliance/play"
	"orac/appliance/rt"
	"orac/runbook/testkit"
)

// opusHead is the header of a stream, without a gain and with nothing to skip.
func opusHead(channels byte) []byte {
	return append([]byte("OpusHead\x01"), channels, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0)
}

// paged is a page with whole packets. Flags are 1: it begins within a packet, 2: it is the first one, 4: the last one.
func paged(stream uint32, flags byte, granule uint64, packets ...[]byte) []byte {
	var sizes, body []byte
	for _, p := range packets {
		for n := len(p); n >= 0; n -= wholeSegment {
			sizes = append(sizes, byte(min(n, wholeSegment)))
		}
		body = append(body, p...)
	}
	return rawPage(stream, flags, granule, sizes, body)
}

func rawPage(stream uint32, flags byte, granule uint64, sizes, body []byte) []byte {
	p := append([]byte("OggS\x00"), flags)
	p = binary.LittleEndian.AppendUint64(p, granule)
	p = binary.LittleEndian.AppendUint32(p, stream)
	p = append(p, make([]byte, 8)...)
	p = append(append(append(p, byte(len(sizes))), sizes...), body...)
	binary.LittleEndian.PutUint32(p[22:], oggSum(p))
	return p
}

// encoded is a WAV as Opus, by Debian's opusenc.
func encoded(t *testing.T, text []byte, options ...string) []byte {
	t.Helper()
	cmd := exec.Command("opusenc", append(append([]string{"--quiet", "--discard-comments"}, options...), "-", "-")...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("opusenc is needed: run make deps (%v)", err)
	}
	return out
}

// whole reads sound in memory to its end.
func whole(k *rt.Task, text []byte) ([]int16, error) {
	s, err := Decode(text)
	if err != nil {
		return nil, err
	}
	return all(k, s)
}

// TestOpusSoundsAsItsReferenceDecoderSays: speech and tones, mono and stereo, in the three modes of Opus and in frames of all lengths, are what Debian's
// opusdec makes of them, and as long.
func TestOpusSoundsAsItsReferenceDecoderSays(t *testing.T) {
	speech, err := os.ReadFile("../../../.orac/sounds/hey_jarvis_lights_on.wav")
	if err != nil {
		t.Fatalf("run make deps: %v", err)
	}
	music := asWAV(tone(440, 48000, 48000), 48000, 4*48000)
	inRealTime(t, func(k *rt.Task) {
		for name, c := range map[string]struct {
			of      []byte
			options []string
		}{
			"speech of few bits": {speech, []string{"--speech", "--bitrate", "10"}},
			"speech":             {speech, []string{"--speech", "--bitrate", "16"}},
			"speech of 60 ms":    {speech, []string{"--speech", "--bitrate", "16", "--framesize", "60"}},
			"both modes":         {speech, []string{"--speech", "--bitrate", "28"}},
			"speech of 10 ms":    {speech, []string{"--bitrate", "40", "--framesize", "10"}},
			"music":              {music, []string{"--music", "--bitrate", "96"}},
			"music of 2.5 ms":    {music, []string{"--music", "--bitrate", "128", "--framesize", "2.5"}},
			"music, hard":        {music, []string{"--music", "--hard-cbr", "--bitrate", "64"}},
		} {
			text := encoded(t, c.of, c.options...)
			dir := t.TempDir()
			in, out := filepath.Join(dir, "in.opus"), filepath.Join(dir, "out.wav")
			must(os.WriteFile(in, text, 0o600))
			if said, err := exec.Command("opusdec", "--quiet", "--rate", "48000", "--no-dither", in, out).CombinedOutput(); err != nil {
				t.Errorf("opusdec: %v: %s", err, said)
				return
			}
			reference, err := os.ReadFile(out)
			must(err)
			want, err := whole(k, reference)
			must(err)
			got, err := whole(k, text)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if len(got) != len(want) {
				t.Errorf("%s: %d samples, want %d", name, len(got), len(want))
				continue
			}
			signal, noise := 1e-9, 1e-9
			for i := range want {
				signal += float64(want[i]) * float64(want[i])
				d := float64(got[i]) - float64(want[i])
				noise += d * d
			}
			if snr := 10 * math.Log10(signal/noise); snr < 45 {
				t.Errorf("%s: it differs at %.1f dB", name, -snr)
			} else {
				t.Logf("%s: it differs at %.1f dB", name, -snr)
			}
		}
	})
}

// TestOpusOfABroadcast: one stream follows another, one joins within a packet, and the gain of a header is heard.
func TestOpusOfABroadcast(t *testing.T) {
	text := encoded(t, asWAV(tone(440, 48000, 48000), 48000, 4*48000), "--music", "--bitrate", "96")
	quiet := bytes.Clone(text)
	binary.LittleEndian.PutUint16(quiet[28+16:], uint16(0x10000-6*256)) // the gain of the header, in the first page: -6 dB
	clear(quiet[22:26])
	binary.LittleEndian.PutUint32(quiet[22:], oggSum(quiet[:28+opusHeadLen]))
	other := paged(7, 2, 0, []byte("a stream of something else"))
	inRealTime(t, func(k *rt.Task) {
		alone, err := whole(k, text)
		must(err)
		if err := isTone(alone, 440); err != nil && !strings.HasPrefix(err.Error(), "sample ") { // the codec loses a little
			t.Error(err)
		}
		both, err := whole(k, append(bytes.Clone(text), quiet...))
		must(err)
		if len(both) != 2*len(alone) {
			t.Errorf("two streams have %d samples, want %d", len(both), 2*len(alone))
			return
		}
		loud := func(pcm []int16) (sum float64) {
			for _, s := range pcm {
				sum += float64(s) * float64(s)
			}
			return 10 * math.Log10(sum)
		}
		if by := loud(both[:len(alone)]) - loud(both[len(alone):]); math.Abs(by-6) > 0.2 {
			t.Errorf("a gain of -6 dB makes it quieter by %.1f dB", by)
		}
		later := encoded(t, asWAV(tone(440, 48000, 48000), 48000, 4*48000), "--music", "--bitrate", "96", "--serial", "7")
		for _, kept := range []int{bytes.LastIndex(text, []byte("OggS")), len(text) / 2} { // the source went, and another came
			kept = bytes.LastIndex(text[:kept+1], []byte("OggS"))
			first, err := whole(k, text[:kept])
			must(err)
			joined, err := whole(k, append(bytes.Clone(text[:kept]), later...))
			if err != nil || len(joined) < len(first)+len(alone)-2000 {
				t.Errorf("after a stream that broke off: %d samples, %v; of that %d, and of the next %d", len(joined), err, len(first), len(alone))
			}
		}
		mixed, err := whole(k, bytes.Join([][]byte{text[:28+opusHeadLen], other, text[28+opusHeadLen:]}, nil))
		if err != nil || len(mixed) != len(alone) {
			t.Errorf("beside another stream: %d samples, %v", len(mixed), err)
		}
	})
}

// TestOggIsDamaged in many ways: each is an error that says so, and none takes memory.
func TestOggIsDamaged(t *testing.T) {
	head, tags := paged(1, 2, 0, opusHead(1)), paged(1, 0, 0, []byte("OpusTags"))
	join := func(parts ...[]byte) string { return string(bytes.Join(parts, nil)) }
	many := bytes.Repeat([]byte{wholeSegment}, mostSegments)
	long := rawPage(1, 0, math.MaxUint64, many, make([]byte, len(many)*wholeSegment))
	again := rawPage(1, 1, math.MaxUint64, many, make([]byte, len(many)*wholeSegment))
	end := rawPage(1, 1, 0, []byte{1}, []byte{0})
	changed := []byte(join(head, tags))
	changed[40]++
	inRealTime(t, func(k *rt.Task) {
		for name, c := range map[string]struct{ text, want string }{
			"nothing else":            {join(head, tags), ""},
			"long comments":           {join(head, long, again, again, end), ""},
			"a long packet":           {join(head, tags, long, again, end), "too long"},
			"a packet without an end": {join(head, long), "within a packet"},
			"a packet cut off":        {join(head, long, tags), "rest of a packet"},
			"a page cut off":          {join(head, tags[:30]), "within a page"},
			"another checksum":        {string(changed), "checksum"},
			"no page":                 {join(head, []byte(strings.Repeat("x", 100))), "no page"},
			"a strange packet":        {join(head, tags, paged(1, 0, 960, []byte{0xff})), "damaged"},
			"an empty packet":         {join(head, tags, paged(1, 0, 960, nil)), "damaged"},
			"six channels":            {join(paged(1, 2, 0, opusHead(6))), "6 channels"},
			"Vorbis":                  {join(paged(1, 2, 0, []byte("\x01vorbis and more of it"))), "Vorbis is not supported"},
			"something else":          {join(paged(1, 2, 0, []byte("theora"))), "no Opus"},
			"a second head":           {join(head, tags, paged(1, 4, 0), paged(2, 2, 0, []byte("theora"))), "no Opus"},
		} {
			got, err := whole(k, []byte(c.text))
			if c.want == "" && (err != nil || len(got) > 0) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%s: %d samples, %v, want %q", name, len(got), err, c.want)
			}
		}
	})
	endless := io.MultiReader(strings.NewReader(join(head, long)), &repeated{text: again, left: (64 << 20) / len(again)})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	d, err := decode(endless, -1)
	testkit.Must(t, err)
	var frame play.Frame
	_, err = fill(d, &frame)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 4<<20 || err == nil || !strings.Contains(err.Error(), "within a packet") {
		t.Errorf("comments of 64 MiB took %d MiB: %v", took>>20, err)
	}
}

// repeated reads a text many times.
type repeated struct {
	text []byte
	at   int
	left int
}

func (r *repeated) Read(b []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(b, r.text[r.at:])
	if r.at += n; r.at == len(r.text) {
		r.at = 0
		r.left--
	}
	return n, nil
}

// TestTheSumOfAPage is that of the tables of others.
func TestTheSumOfAPage(t *testing.T) {
	if got := fmt.Sprintf("%08x", oggSum([]byte("123456789"))); got != "89a1897f" { // CRC-32/MPEG-2 without its preset
		t.Errorf("%s", got)
	}
}
