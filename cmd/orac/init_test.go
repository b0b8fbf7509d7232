package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"orac/appliance/audio/pulsetest"
	"orac/appliance/stt/stttest"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/testkit"
)

// talk is orac in a terminal of its own, with a person before it.
type talk struct {
	t      *testing.T
	cmd    *exec.Cmd
	tty    *os.File
	person *os.File
	dir    string

	mu    sync.Mutex // guards what follows
	shown bytes.Buffer
	more  chan struct{} // something was shown
}

// around is the shell of the terminal: with its end, what nobody has read of the terminal would be lost.
const around = `trap : INT; "$0" "$@"; echo "ended with $?"; read line`

// talkTo starts orac in a terminal.
func talkTo(t *testing.T, env []string, args ...string) *talk {
	t.Helper()
	self, err := os.Executable()
	testkit.Must(t, err)
	k := &talk{t: t, cmd: exec.Command("/bin/sh", slices.Concat([]string{"-c", around, self}, args)...), dir: t.TempDir(), more: make(chan struct{}, 1)}
	k.tty, k.person = terminal(t)
	k.cmd.Dir, k.cmd.Stdin, k.cmd.Stdout, k.cmd.Stderr = k.dir, k.tty, k.tty, k.tty
	k.cmd.Env = append(os.Environ(), "ORAC_TEST_MAIN=1", "ORAC_MODELS_DIR="+modelsForTests(t), "TERM=xterm", "NO_COLOR=1", "HOME="+k.dir)
	k.cmd.Env = append(k.cmd.Env, env...)
	k.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	testkit.Must(t, k.cmd.Start())
	t.Cleanup(func() {
		if k.cmd.ProcessState == nil {
			_ = k.cmd.Process.Kill()
			_ = k.cmd.Wait()
		}
	})
	go func() {
		for b := make([]byte, 4096); ; {
			n, err := k.person.Read(b)
			k.mu.Lock()
			k.shown.Write(b[:n])
			k.mu.Unlock()
			select {
			case k.more <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	return k
}

// sees waits until something is shown that was not shown before the last look.
func (k *talk) sees(pattern string) string {
	k.t.Helper()
	want, timeout := regexp.MustCompile(pattern), time.NewTimer(patience)
	defer timeout.Stop()
	for {
		k.mu.Lock()
		text := k.shown.String()
		at := want.FindStringIndex(text)
		if at != nil {
			k.shown.Next(at[1])
			k.mu.Unlock()
			return text[at[0]:at[1]]
		}
		k.mu.Unlock()
		select {
		case <-k.more:
		case <-timeout.C:
			k.t.Fatalf("the terminal does not show %q but %q", pattern, text[max(0, len(text)-3000):])
		}
	}
}

func (k *talk) types(keys string) {
	k.t.Helper()
	_, err := k.person.WriteString(keys)
	testkit.Must(k.t, err)
}

// ends waits for the end, with this exit code, and with the terminal as it was.
func (k *talk) ends(code int) {
	k.t.Helper()
	if said := k.sees(`ended with [0-9]+`); said != fmt.Sprint("ended with ", code) {
		k.t.Errorf("%s, not %d", said, code)
	}
	modes, err := unix.IoctlGetTermios(int(k.tty.Fd()), unix.TCGETS)
	testkit.Must(k.t, err)
	if modes.Lflag&unix.ICANON == 0 || modes.Lflag&unix.ECHO == 0 {
		k.t.Error("the terminal shows nothing that is typed any more")
	}
	k.types("\n")
	testkit.Must(k.t, k.cmd.Wait())
}

// left is what is in the folder.
func (k *talk) left() (names []string) {
	k.t.Helper()
	list, err := os.ReadDir(k.dir)
	testkit.Must(k.t, err)
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// runbook is the one that was written; it has no problem, and is in canonical form.
func (k *talk) runbook() *runbook.Runbook {
	k.t.Helper()
	path := filepath.Join(k.dir, "orac.hcl")
	text, err := os.ReadFile(path)
	testkit.Must(k.t, err)
	rb, problems := runbook.Parse(text, path, language.Options{})
	if rb == nil || len(problems) > 0 {
		k.t.Fatalf("%v in:\n%s", problems, text)
	}
	if formatted, _ := runbook.Vocabulary.Format(text, path); !bytes.Equal(formatted, text) {
		k.t.Errorf("not in canonical form:\n%s", language.Diff(path, text, formatted))
	}
	return rb
}

// TestInitAsksAndIsSpokenTo: two microphones, of which the second is spoken to, a wake word that is heard, and a server.
func TestInitAsksAndIsSpokenTo(t *testing.T) {
	audio, _ := microphone(t)
	second, err := audio.Plug("desk", "Desk microphone")
	testkit.Must(t, err)
	server := stttest.Start(t)

	k := talkTo(t, audio.Env(), "init")
	k.sees(`Which microphone\?`)
	seen, silent := make(chan struct{}), make(chan struct{})
	go func() { // on a busy machine the meter may begin after a sound has ended: it is repeated until it is seen
		defer close(silent)
		for {
			select {
			case <-second.Play(slices.Repeat([]int16{8000, -8000}, 8000)): // half a second
			case <-t.Context().Done():
				return
			}
			select {
			case <-seen:
				return
			default:
			}
		}
	}()
	k.sees(`Desk microphone +█+░* -[0-9]+ dB`)
	close(seen)
	<-silent
	k.sees(`❯ 1  (.*)\r\n`)
	if first := k.sees(`❯ 1  [A-Z][a-z]+ microphone`); strings.Contains(first, "Desk") {
		k.types("1\r")
	} else {
		k.types("\x1b[B\r")
	}
	k.sees(`✓ microphone +Desk microphone`)
	k.sees(`Which words wake it\?`)
	k.sees(`“hey jarvis” .*not for commercial use`)
	k.types("\r")
	k.sees(`Say “hey jarvis” now`)
	k.sees(`score .*needed 0.30`) // it listens: the first hop was heard
	second.Play(sound(t, "hey_jarvis"))
	k.sees(`Heard it: the best score was 0.[4-9]`)
	k.types("\r")
	k.sees(`✓ trial +heard “hey jarvis” with a score of 0.[4-9]`)
	k.sees(`What turns the command that follows into text\?`)
	n := regexp.MustCompile(`[0-9]`).FindString(k.sees(`[0-9]  an ORAC STT server on another machine`))
	k.types(n + "\r")
	k.sees(`Where is the server\?`)
	k.types("\x15nonsense\r")
	k.sees(`write the address of the server`)
	k.types("\x15" + server.URL() + "/x\x7f\x7f\r")
	k.sees(`✓ ` + regexp.QuoteMeta(server.URL()) + ` answers: `)
	k.sees(`Who may open the console\?`)
	k.types("2\r")
	k.sees(`wrote orac.hcl`)
	k.sees(`Start it: orac run`)
	k.ends(0)

	rb := k.runbook()
	if len(rb.Microphones) != 1 || rb.Microphones[0].Identity != "desk" {
		t.Errorf("microphones: %+v", rb.Microphones)
	}
	if len(rb.STTs) != 1 || rb.STTs[0].URL != server.URL() || len(rb.Heartbeats) != 1 || rb.Web.Listen != ":7171" || !rb.Web.TLS.SelfSigned {
		t.Errorf("services: %+v %+v %+v", rb.STTs, rb.Heartbeats, rb.Web)
	}
	if got := k.left(); len(got) != 1 {
		t.Errorf("left behind: %v", got)
	}
}

// TestInitWithNothingThere: no microphone, then one that is plugged in; no model and no network; no server; and still a runbook.
func TestInitWithNothingThere(t *testing.T) {
	audio, mic := microphone(t)
	testkit.Must(t, mic.Unload())
	env := append(audio.Env(), "ORAC_MODELS_DIR=models", "PATH=/nowhere", "https_proxy=http://127.0.0.1:1", "npm_config_registry=http://127.0.0.1:1")
	k := talkTo(t, env, "init", "--console", "none")
	k.sees(`No microphone is plugged in`)
	testkit.Must(t, mic.Load())
	k.sees(`❯ 1  Test microphone`)
	testkit.Must(t, mic.Unload())
	k.sees(`❯ 1  none of these`)
	k.types("\r")
	k.sees(`✓ microphone +the system's default`)
	k.sees(`Which words wake it\?`)
	k.types("alexa\r") // letters choose nothing
	k.sees(`✓ wake word +“hey jarvis”`)
	k.sees(`Fetch them now`)
	k.types("y")
	k.sees(`! .*\r\n`)
	k.sees(`What turns the command that follows into text\?`)
	k.types(regexp.MustCompile(`[0-9]`).FindString(k.sees(`[0-9]  an ORAC STT server on another machine`)) + "\r")
	k.sees(`Where is the server\?`)
	k.types("127.0.0.1:1\r")
	k.sees(`It does not answer`)
	k.types("y")
	k.sees(`wrote orac.hcl`)
	k.ends(0)
	rb := k.runbook()
	if len(rb.Microphones) != 1 || rb.Microphones[0].Identity != "" || rb.STTs[0].URL != "http://127.0.0.1:1" {
		t.Errorf("%+v %+v", rb.Microphones, rb.STTs)
	}
}

// TestInitThatIsEnded writes nothing, and gives the terminal back, at every question and however it is ended.
func TestInitThatIsEnded(t *testing.T) {
	audio, err := pulsetest.Start()
	testkit.Must(t, err)
	t.Cleanup(audio.Close)
	for name, end := range map[string]struct{ args, at, keys, says string }{
		"Ctrl-C at the first question": {"init", `❯ 1  none of these`, "\x03", "interrupted; nothing was written"},
		"Ctrl-D at the first question": {"init", `❯ 1  none of these`, "\x04", "the terminal was closed"},
		"Ctrl-C at a wake word":        {"init --microphone default", `Which words wake it\?`, "\x03", "interrupted; nothing was written"},
		"Ctrl-C at the last question":  {"init --microphone default --model alexa --stt none", `(Say|gives no more sound)`, "\x03", "interrupted; nothing was written"},
	} {
		t.Run(name, func(t *testing.T) {
			k := talkTo(t, audio.Env(), strings.Fields(end.args)...)
			k.sees(end.at)
			k.types(end.keys)
			k.sees(end.says)
			k.ends(1)
			if left := k.left(); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}
