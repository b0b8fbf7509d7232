package stt

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"orac/appliance/rt"
)

// sh is a client whose command is a shell script; the WAV is its $1.
func sh(t *testing.T, script string, timeout time.Duration) *Exec {
	t.Helper()
	x, err := NewExec(ExecConfig{Command: []string{"sh", "-c", script, "sh"}, Timeout: timeout, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// wantEmpty checks that no WAV was left.
func wantEmpty(t *testing.T, x *Exec) {
	t.Helper()
	left, err := os.ReadDir(x.config.TempDir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestExec(t *testing.T) {
	x := sh(t, `stat -c '%a' "$1"; head -c 4 "$1"; printf ' \n\033[31mturn on\tthe lights\n'; echo noise >&2`, 0)
	r, err := transcribe(t, x, voice(16000))
	if want := "600 RIFF   [31mturn on the lights"; err != nil || r.Text != want {
		t.Errorf("%q, %v; want %q", r.Text, err, want)
	}
	wantEmpty(t, x)
}

func TestExecPlaceholderAndEnvironment(t *testing.T) {
	t.Setenv("ORAC_SECRET", "hush")
	x, err := NewExec(ExecConfig{Command: []string{"sh", "-c", `env; wc -c < "${1#--file=}"; echo "$2"`, "sh", "--file={wav}", "$HOME;"}, Env: []string{"MODEL=tiny"}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := transcribe(t, x, voice(100))
	if err != nil || !strings.HasSuffix(r.Text, "244 $HOME;") || !strings.Contains(r.Text, "MODEL=tiny") || strings.Contains(r.Text, "hush") {
		t.Errorf("%q, %v", r.Text, err)
	}
}

func TestExecBadBehaviour(t *testing.T) {
	cases := map[string]struct {
		script  string
		timeout time.Duration
		kind    Kind
		status  int
		retry   Retry
		words   string
	}{
		"fails":       {`echo text; echo 'no model there' >&2; exit 3`, 0, Engine, 3, RetryBounded, "no model there"},
		"signal":      {`kill -SEGV $$`, 0, Engine, -1, RetryBounded, "segmentation fault"},
		"hangs":       {`exec sleep 1000`, patience, Engine, 0, RetryBounded, "killed after 100ms"},
		"never quiet": {`exec yes`, 0, Protocol, 0, RetryBounded, "more than 65536 bytes"},
		"loud stderr": {`head -c 1000000 /dev/zero | tr '\0' x >&2; echo the end >&2; exit 1`, 0, Engine, 1, RetryBounded, "the end"},
		"timed text":  {`echo '[00:00.000 --> 00:02.000]  [Transcription Failed: no]'`, 0, Engine, 0, RetryBounded, "Transcription Failed"},
		"engine text": {`echo '[Transcription Failed: no]'`, 0, Engine, 0, RetryBounded, "Transcription Failed"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			x := sh(t, c.script, c.timeout)
			_, err := transcribe(t, x, voice(16000))
			wantError(t, err, c.kind, c.status, c.retry, c.words)
			if len(err.Error()) > 1000 {
				t.Errorf("%d bytes of error", len(err.Error()))
			}
			wantEmpty(t, x)
		})
	}
}

func TestExecEmpty(t *testing.T) {
	for _, script := range []string{`true`, `echo '[BLANK_AUDIO]'`, `printf '\n \n'`} {
		r, err := transcribe(t, sh(t, script, 0), voice(10))
		if err != nil || !r.Empty() {
			t.Errorf("%s: %+v, %v", script, r, err)
		}
	}
}

func TestExecMissing(t *testing.T) {
	x, err := NewExec(ExecConfig{Command: []string{"no-such-program-anywhere"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = transcribe(t, x, voice(10))
	wantError(t, err, Unreachable, 0, RetryForever, "installed")
	x = sh(t, "true", 0)
	x.config.TempDir = filepath.Join(x.config.TempDir, "gone")
	_, err = transcribe(t, x, voice(10))
	wantError(t, err, Unreachable, 0, RetryForever, "free space")
	if _, err := NewExec(ExecConfig{}); err == nil {
		t.Error("an empty command was taken")
	}
}

// A FIFO that the command's children hold open for writing ends when the last of them has ended.
func TestExecLeavesNoProcess(t *testing.T) {
	cases := map[string]struct {
		script  string
		timeout time.Duration
	}{
		"timeout":    {`exec 3>"$FIFO"; sleep 1000 & wait`, patience},
		"background": {`exec 3>"$FIFO"; sleep 1000 >/dev/null 2>&1 & exit 0`, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			fifo := filepath.Join(t.TempDir(), "fifo")
			if err := syscall.Mkfifo(fifo, 0o600); err != nil {
				t.Fatal(err)
			}
			x := sh(t, c.script, c.timeout)
			x.config.Env = []string{"FIFO=" + fifo}
			ended := make(chan error)
			go func() {
				f, err := os.Open(fifo)
				if err == nil {
					_, err = io.Copy(io.Discard, f)
				}
				ended <- err
			}()
			_, err := transcribe(t, x, voice(10))
			if (err != nil) != (c.timeout != 0) {
				t.Error(err)
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestStopInterruptsExec(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	x := sh(t, `exec 3>"$FIFO"; exec sleep 1000`, 0)
	x.config.Env = []string{"FIFO=" + fifo}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		f, err := os.Open(fifo) // returns when the command runs
		cancel()
		if err == nil {
			f.Close()
		}
	}()
	_, err := doUntil(t, ctx, func(task *rt.Task) (Result, error) { return x.Transcribe(task, said, voice(10)) })
	if !errors.Is(err, rt.ErrStopped) {
		t.Error(err)
	}
	wantEmpty(t, x)
}
