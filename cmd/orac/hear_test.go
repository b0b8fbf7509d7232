package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"orac/appliance/audio/pulsetest"
	"orac/appliance/audio/wav"
	"orac/appliance/event"
	"orac/appliance/stt/stttest"
	"orac/runbook/testkit"
)

// These tests run the real binary with a real audio server, a real capture process and a real speech-to-text server. They
// wait for what happens, never for time to pass; patience is how long they wait before they give up.
const patience = 30 * time.Second

// happened is an event as orac run --json tells it.
type happened struct {
	At                                             time.Time
	Kind, Node, Cause, Utterance, Text, Why, Way   string
	Model, Outcome, STT, Identity, Where, Endpoint string
	Trace                                          string
	Seconds                                        float64
	Attempts, Opens                                int
	OK, Cut                                        bool
}

// daemon is a running orac.
type daemon struct {
	t      testing.TB
	cmd    *exec.Cmd
	events chan happened
	seen   []happened
	stderr *said
}

// start runs `orac run` on a runbook in dir.
func start(t testing.TB, dir, text string, env []string) *daemon {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "orac.hcl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	self := os.Getenv("ORAC_BINARY") // what make bench has built
	if self == "" {
		var err error
		if self, err = os.Executable(); err != nil {
			t.Fatal(err)
		}
	}
	return startAs(t, dir, exec.Command(self, "run", "--json"), 0, env...)
}

// startAs runs a command that is orac run, as a user; 0: as the tests do.
func startAs(t testing.TB, dir string, cmd *exec.Cmd, user uint32, env ...string) *daemon {
	t.Helper()
	d := &daemon{t: t, cmd: cmd, events: make(chan happened, 4096), stderr: &said{}}
	d.cmd.Dir, d.cmd.Stderr = dir, d.stderr
	if user != 0 {
		d.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	}
	d.cmd.Env = append(os.Environ(), "ORAC_TEST_MAIN=1", "ORAC_MODELS_DIR="+modelsForTests(t))
	d.cmd.Env = append(d.cmd.Env, env...)
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(d.events)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var e happened
			if err := json.Unmarshal(lines.Bytes(), &e); err == nil {
				d.events <- e
			}
		}
	}()
	t.Cleanup(func() {
		if d.cmd.ProcessState == nil {
			_ = d.cmd.Process.Kill()
			_ = d.cmd.Wait()
		}
		if t.Failed() {
			t.Logf("events: %+v\nstandard error: %s", d.seen, d.stderr)
		}
	})
	return d
}

// await gives the next event that fits.
func (d *daemon) await(what string, fits func(happened) bool) happened {
	d.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		select {
		case e, ok := <-d.events:
			if !ok {
				d.t.Fatalf("orac ended before: %s", what)
			}
			d.seen = append(d.seen, e)
			if fits(e) {
				return e
			}
		case <-timeout.C:
			d.t.Fatalf("%v went by without: %s", patience, what)
		}
	}
}

func (d *daemon) kind(kind string) happened {
	d.t.Helper()
	inTable(d.t, kind)
	return d.await(kind, func(e happened) bool { return e.Kind == kind })
}

// inTable fails at once for a kind that no event can have: nobody waits for it.
func inTable(t testing.TB, kinds ...string) {
	t.Helper()
	for _, kind := range kinds {
		if _, ok := event.Named(kind); !ok {
			t.Fatalf("%s is not in event.Kinds", kind)
		}
	}
}

// kinds gives the next event of each kind, in whatever order they come.
func (d *daemon) kinds(kinds ...string) map[string]happened {
	d.t.Helper()
	inTable(d.t, kinds...)
	got := map[string]happened{}
	for len(got) < len(kinds) {
		e := d.await(strings.Join(kinds, " and "), func(e happened) bool { return slices.Contains(kinds, e.Kind) })
		if _, again := got[e.Kind]; !again {
			got[e.Kind] = e
		}
	}
	return got
}

// stop ends orac as systemd does, and waits for it.
func (d *daemon) stop() {
	d.t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		d.t.Fatal(err)
	}
	began := time.Now()
	for range d.events {
	}
	if err := d.cmd.Wait(); err != nil {
		d.t.Errorf("orac ended with %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		d.t.Errorf("it took %v to stop", took)
	}
}

// kill ends orac as a power cut does.
func (d *daemon) kill() {
	d.t.Helper()
	if err := d.cmd.Process.Kill(); err != nil {
		d.t.Fatal(err)
	}
	for range d.events {
	}
	_ = d.cmd.Wait() // it was killed
}

func sound(t testing.TB, name string) []int16 {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(need(t, ".orac/sounds"), name+".wav"))
	if err != nil {
		t.Fatal(err)
	}
	pcm, _, err := wav.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return pcm
}

// microphone is a private audio server with one microphone.
func microphone(t testing.TB) (*pulsetest.Server, *pulsetest.Mic) {
	t.Helper()
	server, err := pulsetest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	mic, err := server.Plug("testmic", "Test microphone")
	if err != nil {
		t.Fatal(err)
	}
	return server, mic
}

func kitchenRunbook(url string) string {
	return fmt.Sprintf(`
appliance "kitchen" {
  state_dir = "state"
}
device "microphone" "usb" {
  identity = "testmic"
}
model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}
listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
}
stt "whisper" {
  url = %q
}
heartbeat "stt" {
  stt = stt.whisper
}
`, url)
}

func TestAMicrophoneIsHeardAndItsCommandDelivered(t *testing.T) {
	audio, mic := microphone(t)
	server := stttest.Start(t)
	server.Transcribe(func(int, []int16) string { return "turn on the kitchen light" })
	d := start(t, t.TempDir(), kitchenRunbook(server.URL()), audio.Env())
	if e := d.kind("device_opened"); e.Identity != "testmic" {
		t.Errorf("opened %q", e.Identity)
	}
	mic.Play(sound(t, "hey_jarvis_lights_on"))
	d.kind("wake")
	recorded := d.kind("recording_ended")
	delivered := d.kind("delivered")
	if recorded.Why != "silence" || recorded.Seconds < 2.5 || recorded.Seconds > 5 {
		t.Errorf("recorded %+v", recorded)
	}
	if delivered.Text != "turn on the kitchen light" || delivered.Way != "ws" || delivered.Attempts != 1 {
		t.Errorf("delivered %+v", delivered)
	}
	heard := server.Await(t, func(h []stttest.Heard) bool { return len(utterances(h)) == 1 && len(beats(h)) > 0 })
	u := utterances(heard)[0]
	if u.Complaint != "" || !u.Whole || u.Topic != "general" {
		t.Errorf("the server heard %+v", u)
	}
	if !u.FirstSound.Before(recorded.At) {
		t.Error("the sound came only after the recording had ended")
	}
	if b := beats(heard)[0]; b.Complaint != "" {
		t.Errorf("heartbeat: %s", b.Complaint)
	}
	d.stop()
}

// TestNothingMakesItDeaf breaks what is between the microphone and the appliance, and listens whether sound flows again. How soon
// it does is measured by `make recovery`, which has the machine to itself.
func TestNothingMakesItDeaf(t *testing.T) {
	audio, mic := microphone(t)
	server := stttest.Start(t)
	d := start(t, t.TempDir(), kitchenRunbook(server.URL()), audio.Env())
	d.kind("device_opened")
	// back waits until the device is open again, and says how long after since that was.
	back := func(what string, since time.Time) {
		t.Helper()
		opened := d.await("sound after: "+what, func(e happened) bool { return e.Kind == "device_opened" && e.At.After(since) })
		took := opened.At.Sub(since)
		t.Logf("%-55s %v", what, took.Round(time.Millisecond))
	}
	worker := func() int { return child(t, d.cmd.Process.Pid) }

	since := time.Now()
	sendTo(t, worker(), syscall.SIGKILL)
	back("the capture process is killed", since)

	since = time.Now()
	sendTo(t, worker(), syscall.SIGSTOP)
	back("the capture process hangs", since)

	testkit.Must(t, audio.Stop())
	d.kind("device_lost")
	since = time.Now()
	testkit.Must(t, audio.Cont())
	back("the audio server hung, and goes on", since)

	testkit.Must(t, audio.Kill())
	d.kind("device_lost")
	testkit.Must(t, audio.Restart())
	back("the audio server was killed, and runs again", time.Now())

	testkit.Must(t, mic.Unload())
	d.kind("device_lost")
	testkit.Must(t, mic.Load())
	back("the microphone was unplugged, and is back", time.Now())

	mic.Play(sound(t, "hey_jarvis_lights_on"))
	d.kind("wake")
	d.kind("delivered")
	d.stop()
}

func TestAnotherMicrophoneIsNotTakenSilently(t *testing.T) {
	audio, mic := microphone(t)
	if _, err := audio.Plug("other", "Other microphone"); err != nil {
		t.Fatal(err)
	}
	server := stttest.Start(t)
	d := start(t, t.TempDir(), kitchenRunbook(server.URL()), audio.Env())
	d.kind("device_opened")
	testkit.Must(t, mic.Unload())
	d.kind("device_lost")
	second := d.kind("device_lost") // a try that could have taken the other one
	if !strings.Contains(second.Cause, "testmic") {
		t.Errorf("the error does not name the device: %s", second.Cause)
	}
	testkit.Must(t, mic.Load())
	if e := d.kind("device_opened"); e.Identity != "testmic" {
		t.Errorf("it listens to %q", e.Identity)
	}
	d.stop()
}

func TestACommandSurvivesAKillAtAnyMoment(t *testing.T) {
	audio, mic := microphone(t)
	server := stttest.Start(t)
	dir := t.TempDir()
	gate := make(chan struct{})
	server.Set(stttest.WS, stttest.Behaviour{Do: stttest.Status, Code: 403}) // no streaming: whole utterances only
	server.Set(stttest.HTTP, stttest.Behaviour{Gate: gate})
	server.Set(stttest.Health, stttest.Behaviour{Do: stttest.Once}) // what may be under way there is sent again at once

	// Killed while it records: what was recorded by then is delivered after the restart.
	d := start(t, dir, kitchenRunbook(server.URL()), audio.Env())
	d.kind("device_opened")
	mic.Play(sound(t, "hey_jarvis_lights_on"))
	d.kind("recording_started")
	grown(t, filepath.Join(dir, "state/spool/0000000000000001.part"))
	d.kill()

	// Killed while it delivers: it is delivered after the next restart.
	d = start(t, dir, kitchenRunbook(server.URL()), audio.Env())
	if e := d.kind("salvaged"); !e.Cut {
		t.Errorf("salvaged %+v", e)
	}
	server.Await(t, func(h []stttest.Heard) bool { return len(utterances(h)) == 1 })
	d.kill()

	close(gate)
	asked := len(utterances(server.Heard()))
	d = start(t, dir, kitchenRunbook(server.URL()), audio.Env())
	first := d.kinds("delivered", "device_opened")["delivered"]
	mic.Play(sound(t, "hey_jarvis_lights_off"))
	second := d.kind("delivered")
	if first.Utterance == second.Utterance {
		t.Error("it was delivered twice")
	}
	killed := func() int {
		said, _ := d.ask("incidents", "--json")
		return strings.Count(said, "orac was killed or crashed")
	}
	if n := killed(); n != 2 {
		t.Errorf("two kills made %d incidents", n)
	}
	d.stop()
	d = start(t, dir, kitchenRunbook(server.URL()), audio.Env())
	d.kind("device_opened")
	if n := killed(); n != 2 {
		t.Errorf("a SIGTERM made an incident: there are %d", n)
	}
	d.stop()
	if n := len(utterances(server.Heard())) - asked; n != 2 {
		t.Errorf("%d utterances came after the last kill; one was waiting and one was spoken", n)
	}
}

func TestASecondWakeDuringADeliveryIsHeard(t *testing.T) {
	audio, mic := microphone(t)
	server := stttest.Start(t)
	gate := make(chan struct{})
	server.Set(stttest.HTTP, stttest.Behaviour{Gate: gate})
	server.Set(stttest.WS, stttest.Behaviour{Gate: gate})
	server.Set(stttest.Heartbeat, stttest.Behaviour{Do: stttest.Never})
	server.Set(stttest.Health, stttest.Behaviour{Do: stttest.Never})
	d := start(t, t.TempDir(), kitchenRunbook(server.URL()), audio.Env())
	d.kind("device_opened")
	mic.Play(sound(t, "hey_jarvis_twice"))
	one := d.kind("recording_ended")
	d.kind("wake") // while the server has the first utterance and does not answer
	two := d.kind("recording_ended")
	close(gate)
	if e := d.kind("delivered"); e.Utterance != one.Utterance {
		t.Errorf("delivered first: %+v", e)
	}
	if e := d.kind("delivered"); e.Utterance != two.Utterance {
		t.Errorf("delivered second: %+v", e)
	}
	d.stop()
}

// grown waits until a recording has reached the disk.
func grown(t testing.TB, path string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if info, err := os.Stat(path); err == nil && info.Size() > 32000 {
			return
		}
	}
	t.Fatalf("%s did not grow", path)
}

// child is the process that a process has started last.
func child(t testing.TB, pid int) int {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if list := children(pid); len(list) > 0 {
			return list[len(list)-1]
		}
	}
	t.Fatal("orac has no capture process")
	return 0
}

// children are the processes that a process has started.
func children(pid int) (list []int) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil { // the thread has ended meanwhile
			continue
		}
		for _, field := range strings.Fields(string(text)) {
			if id, err := strconv.Atoi(field); err == nil {
				list = append(list, id)
			}
		}
	}
	return list
}

func sendTo(t testing.TB, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatal(err)
	}
}

func utterances(heard []stttest.Heard) (list []stttest.Heard) {
	for _, h := range heard {
		if h.Whole && (h.Endpoint == stttest.HTTP || h.Endpoint == stttest.WS) {
			list = append(list, h)
		}
	}
	return list
}

func beats(heard []stttest.Heard) (list []stttest.Heard) {
	for _, h := range heard {
		if h.Endpoint == stttest.Heartbeat {
			list = append(list, h)
		}
	}
	return list
}
