package tts

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"orac/appliance/audio/wav"
	"orac/appliance/play"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/wyoming"
	"orac/runbook/testkit"
)

func inRealTime(t *testing.T, f func(*rt.Task)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	testkit.Must(t, live.New(nil).Run(ctx, "test", func(k *rt.Task) error { f(k); return nil }))
}

// spoken is half a second of a loud sound at 16 kHz.
func spoken() []int16 {
	pcm := make([]int16, 8000)
	for i := range pcm {
		pcm[i] = 5000
	}
	return pcm
}

// length is how long a sound is.
func length(k *rt.Task, s play.Sound, err error) (time.Duration, error) {
	if err != nil {
		return 0, err
	}
	defer s.Close()
	list, err := play.InMemory(k, s, time.Minute)
	return play.Time(uint64(len(list))), err
}

func TestACommandSpeaks(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	testkit.Must(t, wav.Encode(&b, spoken()))
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "sound.wav"), []byte(b.String()), 0o600))
	inRealTime(t, func(k *rt.Task) {
		for _, c := range []struct {
			script, text, want string
		}{
			{`[ "$1" = "it is 5 o'clock; \$(rm -rf x)" ] && cat sound.wav`, "it is 5 o'clock;\n $(rm -rf x)", "500ms"},
			{`[ "$1" = "help" ] && cat sound.wav`, "--help", "500ms"},
			{`echo no voice >&2; exit 3`, "x", "no voice"},
			{`true`, "x", "wrote no sound"},
			{`echo hello`, "x", "no WAV, FLAC, MP3 or Opus"},
			{`sleep 60`, "x", "was killed after"},
			{`head -c 20000000 /dev/zero`, "x", "more than 13 MiB"},
			{`cat sound.wav`, " \x00\n-", "nothing to say"},
		} {
			x := &Exec{Command: []string{"/bin/sh", "-c", c.script, "sh", TextArgument}, Timeout: 2 * time.Second, TempDir: dir}
			s, err := x.Speak(k, c.text)
			d, err := length(k, s, err)
			if got := fmt.Sprint(d, err); !strings.Contains(got, c.want) {
				t.Errorf("%s: %s, want %s", c.script, got, c.want)
			}
		}
		x := &Exec{Command: []string{"cat", "sound.wav"}, Timeout: time.Second, TempDir: dir}
		if _, err := x.Speak(k, "and the text is its last argument"); err == nil || !strings.Contains(err.Error(), "No such file") {
			t.Errorf("%v", err)
		}
	})
}

func TestAServerSpeaks(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var ask map[string]string
		_ = json.NewDecoder(r.Body).Decode(&ask)
		switch {
		case r.URL.Path != "/v1/audio/speech" || ask["model"] != "tts-1" || ask["response_format"] != "wav":
			http.NotFound(w, r)
		case ask["input"] == "fail":
			http.Error(w, `{"error":{"message":"no voice"}}`, http.StatusInternalServerError)
		case ask["input"] == "text":
			fmt.Fprint(w, "hello")
		default:
			_ = wav.Encode(w, spoken())
		}
	}))
	defer server.Close()
	inRealTime(t, func(k *rt.Task) {
		o, err := NewOpenAI(OpenAIConfig{URL: server.URL, Model: "tts-1", Timeout: 5 * time.Second})
		testkit.Must(t, err)
		for text, want := range map[string]string{"hello": "500ms", "fail": "500", "text": "no WAV"} {
			s, err := o.Speak(k, text)
			d, err := length(k, s, err)
			if got := fmt.Sprint(d, err); !strings.Contains(got, want) {
				t.Errorf("%s: %s, want %s", text, got, want)
			}
		}
	})
}

// TestAWyomingServiceSpeaks: whatever it answers.
func TestAWyomingServiceSpeaks(t *testing.T) {
	for answer, want := range map[string]string{
		"speaks": "500ms", "fails": "no such voice", "ends": "closed without an answer", "is empty": "no sound", "changes": "format", "is strange": "3 bytes",
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		testkit.Must(t, err)
		go func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			in, out := wyoming.NewReader(conn), wyoming.NewWriter(conn)
			e, err := in.Next()
			var ask wyoming.Synthesize
			if err != nil || e.Kind != wyoming.KindSynthesize || e.Decode(&ask) != nil || ask.Text != "hello" || ask.Voice.Name != "alan" {
				return
			}
			f := wyoming.Speech
			if answer == "is strange" {
				f.Width = 3
			}
			if answer == "fails" {
				_ = out.Write(wyoming.KindError, wyoming.Failure{Text: "no such voice"}, nil)
				return
			}
			_ = out.Write(wyoming.KindAudioStart, wyoming.Audio{Format: f}, nil)
			if answer != "is empty" {
				_ = out.Write(wyoming.KindAudioChunk, wyoming.Audio{Format: f}, make([]byte, 8000))
				if answer == "changes" {
					f.Rate = 8000
				}
				_ = out.Write(wyoming.KindAudioChunk, wyoming.Audio{Format: f}, make([]byte, 8000))
			}
			if answer != "ends" {
				_ = out.Write(wyoming.KindAudioStop, wyoming.AudioStop{}, nil)
				_, _ = io.Copy(io.Discard, conn)
			}
		}()
		inRealTime(t, func(k *rt.Task) {
			w, err := NewWyoming("tcp://"+l.Addr().String(), "alan", 5*time.Second)
			testkit.Must(t, err)
			s, err := w.Speak(k, "hello")
			d, err := length(k, s, err)
			if got := fmt.Sprint(d, err); !strings.Contains(got, want) {
				t.Errorf("a service that %s: %s, want %s", answer, got, want)
			}
		})
		_ = l.Close()
	}
}

func TestATextIsNoOptionAndKeepsItsMinus(t *testing.T) {
	for text, want := range map[string]string{
		"-5 °C": "\u22125 °C", " \n-12,5": "\u221212,5", "--5": "\u22125", "- 5": "5", "-v": "v", "--help -5": "help -5", "5-6": "5-6", "it is -5": "it is -5",
	} {
		if got, err := plain(text); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("--help")
	f.Add("zwölf\u202e Uhr\x00")
	f.Add(strings.Repeat("ü", 3000))
	f.Fuzz(func(t *testing.T, text string) {
		got, err := plain(text)
		if err == nil && (got == "" || len(got) > play.MostText || !utf8.ValidString(got) || strings.HasPrefix(got, "-") || strings.ContainsAny(got, "\n\r\x1b\x00")) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
