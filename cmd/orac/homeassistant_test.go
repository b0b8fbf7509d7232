package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"orac/appliance/audio/wav"
)

// TestTheHomeAssistantScript: the sound comes to the engine as Home Assistant's satellites send it, the text to the conversation
// agent, once, and the token to both. It fails only while nothing can have happened.
func TestTheHomeAssistantScript(t *testing.T) {
	script, err := filepath.Abs("../../examples/stt/home-assistant.sh")
	if err != nil {
		t.Fatal(err)
	}
	samples := []int16{1, -2, 300, -400}
	head, err := wav.Header(len(samples))
	if err != nil {
		t.Fatal(err)
	}
	pcm := []byte{1, 0, 0xfe, 0xff, 0x2c, 1, 0x70, 0xfe}
	sound, token := filepath.Join(t.TempDir(), "audio.wav"), filepath.Join(t.TempDir(), "token")
	for file, content := range map[string][]byte{sound: append(head[:], pcm...), token: []byte("long-lived\n")} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, stt        string
		status           int // of the speech to text
		acts             func(http.ResponseWriter)
		code, acted      int
		prints, complain string
	}{
		{"a command", `{"result":"success","text":" Turn \"it\" on. "}`, 200, nil, 0, 1, "Turn \"it\" on.\n", ""},
		{"nothing was said", `{"result":"success","text":""}`, 200, nil, 0, 0, "", ""},
		{"the engine fails", `{"result":"error","text":null}`, 200, nil, 1, 0, "", "did not understand"},
		{"no such engine", `not found`, 404, nil, 22, 0, "", "404"},
		{"a wrong token", `no`, 401, nil, 22, 0, "", "401"},
		{"it hangs up in the middle", `{"result":"success","text":"on"}`, 200, hangUp, 0, 1, "on\n", "did not say what it did"},
		{"it fails after it was told", `{"result":"success","text":"on"}`, 200, func(w http.ResponseWriter) { w.WriteHeader(500) }, 0, 1, "on\n", "did not say"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var acted atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer long-lived" {
					t.Errorf("%s is asked with %q", r.URL.Path, r.Header.Get("Authorization"))
				}
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				switch r.URL.Path {
				case "/api/stt/stt.faster_whisper":
					if !bytes.Equal(body, pcm) {
						t.Errorf("the engine hears % x", body)
					}
					if want := "format=wav; codec=pcm; sample_rate=16000; bit_rate=16; channel=1; language=en"; r.Header.Get("X-Speech-Content") != want {
						t.Errorf("the engine is told %q", r.Header.Get("X-Speech-Content"))
					}
					w.WriteHeader(c.status)
					_, _ = io.WriteString(w, c.stt)
				case "/api/conversation/process":
					acted.Add(1)
					var said struct{ Text, Language string }
					if err := json.Unmarshal(body, &said); err != nil || said.Text != strings.TrimSpace(c.prints) || said.Language != "en" {
						t.Errorf("the agent gets %s (%v)", body, err)
					}
					if c.acts != nil {
						c.acts(w)
					}
				default:
					t.Errorf("it asks for %s", r.URL.Path)
				}
			}))
			defer server.Close()
			runScript(t, script, []string{server.URL + "/", "stt.faster_whisper", "en", token, sound}, c.code, c.prints, c.complain)
			if int(acted.Load()) != c.acted {
				t.Errorf("Home Assistant acts %d times", acted.Load())
			}
		})
	}
	t.Run("nobody is there", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		runScript(t, script, []string{"http://" + l.Addr().String(), "stt.faster_whisper", "en", token, sound}, 7, "", "connect")
	})
}

func hangUp(http.ResponseWriter) { panic(http.ErrAbortHandler) }

func runScript(t *testing.T, script string, args []string, code int, prints, complain string) {
	t.Helper()
	var out, complaint bytes.Buffer
	cmd := exec.CommandContext(context.Background(), script, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, &out, &complaint
	err := cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != code || out.String() != prints || !strings.Contains(complaint.String(), complain) || complain == "" && complaint.Len() > 0 {
		t.Errorf("it ends with %d (%v), prints %q and says %q", got, err, out.String(), complaint.String())
	}
}
