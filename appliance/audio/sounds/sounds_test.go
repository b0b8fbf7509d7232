package sounds

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
	"github.com/mewkiz/flac/meta"

	"orac/appliance/play"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/runbook/testkit"
)

func inRealTime(t testing.TB, f func(*rt.Task)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	testkit.Must(t, live.New(nil).Run(ctx, "test", func(k *rt.Task) error { f(k); return nil }))
}

// must ends a task, which t.Fatal would leave hanging.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// tone is a sine of a third of full scale.
func tone(hz float64, rate, samples int) []int16 {
	pcm := make([]int16, samples)
	for i := range pcm {
		pcm[i] = int16(11000 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	return pcm
}

// asWAV is a stereo file whose channels are equal. announced is the length in its header.
func asWAV(pcm []int16, rate int, announced uint32) []byte {
	var b bytes.Buffer
	le := func(v uint32, n int) {
		for i := range n {
			b.WriteByte(byte(v >> (8 * i)))
		}
	}
	b.WriteString("RIFF")
	le(announced+36, 4)
	b.WriteString("WAVEfmt ")
	le(16, 4)
	le(1, 2)
	le(2, 2)
	le(uint32(rate), 4)
	le(uint32(rate*4), 4)
	le(4, 2)
	le(16, 2)
	b.WriteString("data")
	le(announced, 4)
	for _, s := range pcm {
		le(uint32(uint16(s)), 2)
		le(uint32(uint16(s)), 2)
	}
	return b.Bytes()
}

// asFLAC is a file of one channel, without compression.
func asFLAC(t testing.TB, pcm []int16, rate int) []byte {
	var b bytes.Buffer
	e, err := flac.NewEncoder(&b, &meta.StreamInfo{BlockSizeMin: 4096, BlockSizeMax: 4096, SampleRate: uint32(rate), NChannels: 1, BitsPerSample: 16, NSamples: uint64(len(pcm))})
	testkit.Must(t, err)
	for n := uint64(0); len(pcm) > 0; n++ {
		block := pcm[:min(4096, len(pcm))]
		pcm = pcm[len(block):]
		samples := make([]int32, len(block))
		for i, s := range block {
			samples[i] = int32(s)
		}
		testkit.Must(t, e.WriteFrame(&frame.Frame{
			Header:    frame.Header{HasFixedBlockSize: true, BlockSize: uint16(len(block)), SampleRate: uint32(rate), Channels: frame.ChannelsMono, BitsPerSample: 16, Num: n},
			Subframes: []*frame.Subframe{{SubHeader: frame.SubHeader{Pred: frame.PredVerbatim}, Samples: samples, NSamples: len(block)}},
		}))
	}
	testkit.Must(t, e.Close())
	return b.Bytes()
}

// all reads a sound to its end.
func all(k *rt.Task, s play.Sound) (pcm []int16, err error) {
	defer s.Close()
	for {
		var f play.Frame
		n, err := s.Read(k, &f)
		pcm = append(pcm, f[:n]...)
		if err == io.EOF {
			return pcm, nil
		}
		if err != nil {
			return pcm, err
		}
	}
}

// isTone tells what is wrong with a second of a tone at play.Rate.
func isTone(pcm []int16, hz float64) error {
	if n := len(pcm); n < play.Rate-2 || n > play.Rate+2 {
		return fmt.Errorf("%d samples", n)
	}
	for i := 1000; i < len(pcm)-1000; i++ { // its ends ring
		if want := 11000 * math.Sin(2*math.Pi*hz*float64(i)/play.Rate); math.Abs(float64(pcm[i])-want) > 60 {
			return fmt.Errorf("sample %d is %d, not %.0f", i, pcm[i], want)
		}
	}
	return nil
}

// TestRatesBecomeTheSpeakers: from files, over the network and as a stream, whole and undistorted.
func TestRatesBecomeTheSpeakers(t *testing.T) { becomeTheSpeakers(t, 8000, 44100) }

func becomeTheSpeakers(t *testing.T, rates ...int) {
	dir := t.TempDir()
	served := map[string][]byte{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, fmt.Sprintf("/%d.flac", rates[0]), http.StatusFound)
			return
		}
		body := served[strings.TrimPrefix(r.URL.Path, "/endless")]
		for len(body) > 0 { // in pieces, without a length
			n := min(len(body), 5000)
			_, _ = w.Write(body[:n])
			w.(http.Flusher).Flush()
			body = body[n:]
		}
	}))
	defer server.Close()
	inRealTime(t, func(k *rt.Task) {
		for _, rate := range rates {
			pcm := tone(440, rate, rate)
			for name, text := range map[string][]byte{"wav": asWAV(pcm, rate, uint32(4*len(pcm))), "endless.wav": asWAV(pcm, rate, 0xffffffff), "flac": asFLAC(t, pcm, rate)} {
				path := filepath.Join(dir, fmt.Sprintf("%d.%s", rate, name))
				must(os.WriteFile(path, text, 0o600))
				served["/"+filepath.Base(path)] = text
				for _, from := range []play.Source{{File: path}, {URL: server.URL + "/" + filepath.Base(path)}} {
					s, err := Opener{}.Open(k, from)
					must(err)
					got, err := all(k, s)
					if err == nil {
						err = isTone(got, 440)
					}
					if err != nil {
						t.Errorf("%d Hz as %s from %+v: %v", rate, name, from, err)
					}
				}
			}
			s := play.NewStream(play.Format{Rate: rate, Channels: 1})
			k.Go("write", func(k *rt.Task) error {
				for rest := pcm; len(rest) > 0; {
					n := min(len(rest), 777)
					if err := s.Chunks.Send(k, play.Chunk{PCM: rest[:n]}); err != nil {
						return err
					}
					rest = rest[n:]
				}
				s.Chunks.Close(k)
				return nil
			})
			sound, err := Opener{}.Open(k, play.Source{Stream: s})
			must(err)
			got, err := all(k, sound)
			if err == nil {
				err = isTone(got, 440)
			}
			if err != nil {
				t.Errorf("%d Hz as a stream: %v", rate, err)
			}
		}
		s, err := Opener{}.Open(k, play.Source{URL: server.URL + "/moved"})
		must(err)
		if got, err := all(k, s); err != nil || isTone(got, 440) != nil {
			t.Errorf("after a redirect: %d samples, %v", len(got), err)
		}
	})
}

func TestBadSounds(t *testing.T) {
	good := asFLAC(t, tone(440, 16000, 16000), 16000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/clouds":
			http.Redirect(w, r, "http://169.254.169.254/latest", http.StatusFound)
		case "/cut":
			w.Header().Set("Content-Length", fmt.Sprint(len(good)))
			_, _ = w.Write(good[:len(good)/2])
		case "/text":
			fmt.Fprint(w, "<html>please log in</html>")
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	dir := t.TempDir()
	for name, text := range map[string]string{"text": "hello, world!", "empty": "", "ogg": "OggS\x00\x02 and more", "fake.flac": "fLaC\x00\x00\x00\x22" + strings.Repeat("\xff", 100), "fake.mp3": "ID3\x03\x00\x00\x00\x00\x00\x00" + strings.Repeat("\xff\xfb", 300)} {
		must(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	inRealTime(t, func(k *rt.Task) {
		for _, c := range []struct {
			from play.Source
			want string
		}{
			{play.Source{}, "no sound to play"},
			{play.Source{File: filepath.Join(dir, "none")}, "no such file"},
			{play.Source{File: dir}, ""},
			{play.Source{File: filepath.Join(dir, "text")}, "no WAV, FLAC, MP3 or Opus"},
			{play.Source{File: filepath.Join(dir, "empty")}, "no WAV, FLAC, MP3 or Opus"},
			{play.Source{File: filepath.Join(dir, "ogg")}, "the Ogg is damaged"},
			{play.Source{File: filepath.Join(dir, "fake.flac")}, ""},
			{play.Source{File: filepath.Join(dir, "fake.mp3")}, ""},
			{play.Source{URL: "file:///etc/passwd"}, "http or https"},
			{play.Source{URL: "http://"}, "http or https"},
			{play.Source{URL: server.URL + "/none"}, "404"},
			{play.Source{URL: server.URL + "/loop"}, "redirects"},
			{play.Source{URL: server.URL + "/file"}, "something else than http"},
			{play.Source{URL: server.URL + "/clouds"}, "credentials"},
			{play.Source{URL: server.URL + "/cut"}, "unexpected EOF"},
			{play.Source{URL: server.URL + "/text"}, "no WAV, FLAC, MP3 or Opus"},
			{play.Source{URL: "http://127.0.0.1:1/x?key=secret-canary"}, "connection refused"},
			{play.Source{Stream: play.NewStream(play.Format{Rate: 100, Channels: 1})}, "100 Hz"},
			{play.Source{Stream: play.NewStream(play.Format{Rate: 47999, Channels: 1})}, "47999 Hz"},
			{play.Source{Stream: play.NewStream(play.Format{Rate: 16000, Channels: 9})}, "9 channels"},
		} {
			s, err := Opener{}.Open(k, c.from)
			if err == nil {
				_, err = all(k, s)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "canary") {
				t.Errorf("%+v: %v, want %q", c.from, err, c.want)
			}
		}
		failing := play.NewStream(play.Format{Rate: 16000, Channels: 1})
		failing.Chunks.TrySend(k, play.Chunk{Err: errors.New("the voice is away")})
		s, err := Opener{}.Open(k, play.Source{Stream: failing})
		must(err)
		if _, err := all(k, s); err == nil || err.Error() != "the voice is away" {
			t.Errorf("a stream that fails: %v", err)
		}
	})
}

// TestAFetchEndsWithItsTask, however long the server takes.
func TestAFetchEndsWithItsTask(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(asWAV(tone(440, 16000, 1600), 16000, 0xffffffff))
		w.(http.Flusher).Flush()
		close(begun)
		<-release
	}))
	defer server.Close()
	defer close(release)
	inRealTime(t, func(k *rt.Task) {
		task := k.Go("fetch", func(k *rt.Task) error {
			s, err := Opener{}.Open(k, play.Source{URL: server.URL})
			if err != nil {
				return err
			}
			_, err = all(k, s)
			return err
		})
		<-begun
		task.Stop()
		if err := k.Wait(task, k.Now().Add(5*time.Second)); !errors.Is(err, rt.ErrStopped) {
			t.Errorf("it ended with %v", err)
		}
	})
}

// TestATagCostsNoMemory: what it promises is read over, and never kept.
func TestATagCostsNoMemory(t *testing.T) {
	tag := func(flags byte, size ...byte) string {
		return string(append([]byte{'I', 'D', '3', 4, 0, flags}, size...))
	}
	whole := asFLAC(t, tone(440, 16000, 1600), 16000)
	for _, c := range []struct {
		text, want string
	}{
		{tag(0, 0x7f, 0x7f, 0x7f, 0x7f), "promises 268435465 bytes, and 10 came"},
		{tag(0, 0x7f, 0x7f, 0x7f, 0x7f) + strings.Repeat("x", 100), "and 110 came"},
		{tag(0, 0xff, 0xff, 0xff, 0xff), "cut off"},
		{"ID3", "cut off"},
		{strings.Repeat(tag(0, 0, 0, 0, 0), 1000), "EOF"},
		{tag(0, 0, 0, 0, 3) + "abc" + string(whole), ""},
		{tag(0x10, 0, 0, 0, 3) + "abc" + "3DI\x04\x00\x10\x00\x00\x00\x03" + string(whole), ""},
		{tag(0, 0, 0, 0, 3) + "abc" + string(asWAV(tone(440, 16000, 1600), 16000, 3200)), ""},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Decode([]byte(c.text))
		runtime.ReadMemStats(&after)
		if c.want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.20q: %v, want %q", c.text, err, c.want)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 16<<20 {
			t.Errorf("%.20q took %d MiB", c.text, took>>20)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(asWAV(tone(440, 16000, 50), 16000, 200))
	f.Add(asFLAC(f, tone(440, 16000, 100), 16000))
	f.Add(paged(1, 2, 0, opusHead(2), []byte("OpusTags"), []byte{0x0c, 1, 2, 3}))
	f.Add([]byte("ID3\x03\x00\x00\x00\x00\x00\x00\xff\xfb\x90\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 4096 {
			return
		}
		d, err := decode(bytes.NewReader(text), int64(len(text)))
		for n := 0; err == nil && n < 500; n++ {
			var frame play.Frame
			_, err = fill(d, &frame)
		}
	})
}

func TestForwardReadsAsAFileDoes(t *testing.T) {
	text := bytes.Repeat([]byte("0123456789"), 20000)
	f := &forward{r: bytes.NewReader(text)}
	for _, at := range []int64{0, 5, 3, 100000, 99990, 150000, 199995} {
		b := make([]byte, 10)
		n, err := f.ReadAt(b, at)
		if want := text[at:min(int(at)+10, len(text))]; string(b[:n]) != string(want) || (err == io.EOF) != (n < 10) {
			t.Errorf("at %d: %q, %v", at, b[:n], err)
		}
	}
	if _, err := f.ReadAt(make([]byte, 1), 0); err == nil {
		t.Error("it can go back")
	}
}
