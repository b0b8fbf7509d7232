package docstest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	sandboxEnv = "ORAC_DOC_SANDBOX" // the folder of the sandbox that a process belongs to
	rootEnv    = "ORAC_DOC_ROOT"    // the repository
)

// patience bounds the time of a command.
const patience = 60 * time.Second

// Sandbox is a folder that looks like this repository after `make deps`. Commands in it have a machine of their own: /etc/orac,
// /var/lib/orac and other paths of documents lead into the folder, and the port of the console is a free one.
type Sandbox struct {
	t       testing.TB
	Dir     string
	root    string
	port    string
	env     []string
	key     string // of the API
	keyID   string
	names   int
	self    string // the test binary
	kept    bool   // there are generations to return to
	daemon  *daemon
	shorten *strings.Replacer // from the document's paths to the sandbox's
	back    *strings.Replacer // and back
}

// copied lists the parts of the repository that commands of documents work on.
var copied = []string{"orac.hcl", "examples", "chaos/scenarios", "Makefile", "runbook/README.md", "web/npm/package.json"}

// New makes a sandbox. stock is a folder of files that documents name and readers have, such as kitchen.hcl.
func New(t testing.TB, root, stock string) *Sandbox {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Join(root, ".orac"), "d") // near the models, so that they can be linked; short, for sockets
	if err != nil {
		t.Fatal(err)
	}
	s := &Sandbox{t: t, Dir: dir, root: root, port: freePort(t)}
	t.Cleanup(s.close)
	places := []string{"7171", s.port}
	s.back = strings.NewReplacer(s.port, "7171", dir+"/machine", "", dir+"/.orac", ".orac", dir+"/", "")
	s.shorten = strings.NewReplacer(places...)
	for _, part := range copied {
		s.take(filepath.Join(root, part), part)
	}
	s.take(stock, ".")
	for _, part := range []string{"models", "sounds"} {
		s.link(filepath.Join(root, ".orac", part), filepath.Join(".orac", part))
	}
	s.link(filepath.Join(root, ".orac/sounds"), "machine/etc/orac/.orac/sounds")
	s.take(filepath.Join(root, "examples/stt"), "machine/etc/orac/examples/stt")
	s.take(filepath.Join(root, "cmd/orac/oldcore/testdata/data"), "machine/srv/orac-core/data")
	s.take(filepath.Join(root, "orac.hcl"), "machine/etc/orac/orac.hcl")
	if undo, err := s.Change("machine/etc/orac/orac.hcl|\".orac\"|\"" + dir + "/.orac\""); err != nil || undo == nil { // as a service has it
		t.Fatal(err)
	}
	s.must(os.Mkdir(filepath.Join(dir, "folder"), 0o755))
	for name, sound := range map[string]string{"speech.wav": "hey_jarvis_lights_on", "array.wav": "hey_jarvis"} {
		s.must(os.Link(filepath.Join(root, ".orac/sounds", sound+".wav"), filepath.Join(dir, name)))
	}
	s.must(os.Link(filepath.Join(root, ".orac/models/hey_jarvis_v0.1.onnx"), filepath.Join(dir, "my_word.onnx")))
	s.people()
	s.secrets()
	s.programs()
	return s
}

func (s *Sandbox) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// take copies a file or a folder, with paths changed to the sandbox's.
func (s *Sandbox) take(from, to string) {
	s.t.Helper()
	s.must(filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if d.Name() == "swarm.hcl" { // see shortened.go
			text = []byte(strings.NewReplacer(`= "1h"`, `= "12m"`, `= "50m"`, `= "10m"`).Replace(string(text)))
		}
		target := filepath.Join(s.Dir, to, rel)
		return errors.Join(os.MkdirAll(filepath.Dir(target), 0o755), os.WriteFile(target, []byte(s.inside(string(text))), info.Mode().Perm()))
	}))
}

// link links the files of a folder into another folder.
func (s *Sandbox) link(from, to string) {
	s.t.Helper()
	entries, err := os.ReadDir(from)
	s.must(err)
	s.must(os.MkdirAll(filepath.Join(s.Dir, to), 0o755))
	for _, e := range entries {
		if e.Type().IsRegular() {
			s.must(os.Link(filepath.Join(from, e.Name()), filepath.Join(s.Dir, to, e.Name())))
		}
	}
}

// people adds the console's accounts to orac.hcl: documents issue tokens for them.
func (s *Sandbox) people() {
	s.t.Helper()
	for _, file := range []string{"orac.hcl", "machine/etc/orac/orac.hcl"} {
		f, err := os.OpenFile(filepath.Join(s.Dir, file), os.O_WRONLY|os.O_APPEND, 0)
		s.must(err)
		_, err = f.WriteString(accounts)
		s.must(errors.Join(err, f.Close()))
	}
}

const accounts = `
apply {
  health_gate = "1s"
}

auth {
  jwt_secret = secret("jwt")
}

user "anna" {
  role          = "admin"
  password_hash = secret("anna_password_hash")
}

service_account "core" {
  secret      = secret("core")
  permissions = ["stt.transcribe"]
}
`

// programs makes the folder of programs: orac, and the stand-ins. All of them are the test binary, which tells them
// apart by name.
func (s *Sandbox) programs() {
	s.t.Helper()
	self, err := os.Executable()
	s.must(err)
	s.self = self
	for _, dir := range []string{"bin", "tools", "home", "machine/usr/local/bin", "machine/var/lib"} {
		s.must(os.MkdirAll(filepath.Join(s.Dir, dir), 0o755))
	}
	for _, orac := range []string{"bin/orac", "machine/usr/local/bin/orac"} {
		s.must(os.MkdirAll(filepath.Dir(filepath.Join(s.Dir, orac)), 0o755))
		s.must(os.Symlink(self, filepath.Join(s.Dir, orac)))
	}
	s.must(os.Symlink("../../../.orac", filepath.Join(s.Dir, "machine/var/lib/orac")))
	for _, p := range standIns {
		s.must(os.Symlink(self, filepath.Join(s.Dir, "tools", p.name)))
	}
	s.env = []string{sandboxEnv + "=" + s.Dir, rootEnv + "=" + s.root, "ORAC_TEST_MAIN=1", "NO_COLOR=1", "LANG=C.UTF-8", "USER=anna",
		"HOME=" + filepath.Join(s.Dir, "home"), "TMPDIR=" + filepath.Join(s.Dir, "home"),
		"PATH=" + strings.Join([]string{filepath.Join(s.Dir, "tools"), filepath.Join(s.Dir, "bin"), "/usr/local/bin", "/usr/bin", "/bin"}, ":")}
}

// Setenv sets a variable for all later commands.
func (s *Sandbox) Setenv(name, value string) { s.env = append(s.env, name+"="+s.inside(value)) }

// device matches the paths of the machine that documents name. /var/lib/orac is the state of the running
// appliance.
var device = regexp.MustCompile(`(^|[\s"'=:<>(])(/(?:etc/orac|etc/systemd|var/log/orac|usr/local|srv|opt/orac|root)\b|/var/lib/orac\b)`)

// inside returns a text with paths changed to the sandbox's.
func (s *Sandbox) inside(text string) string {
	text = device.ReplaceAllStringFunc(text, func(found string) string {
		m := device.FindStringSubmatch(found)
		if m[2] == "/var/lib/orac" {
			return m[1] + s.Dir + "/.orac"
		}
		return m[1] + s.Dir + "/machine" + m[2]
	})
	return s.shorten.Replace(text)
}

// insideOut returns an argument of a stand-in as it is in the document.
func insideOut(text string) string {
	dir := os.Getenv(sandboxEnv)
	return strings.ReplaceAll(strings.ReplaceAll(text, dir+"/machine", ""), dir+"/.orac", "/var/lib/orac")
}

// asksDaemon matches commands that ask the running appliance.
var asksDaemon = regexp.MustCompile(`\borac (?:[a-z]+ )?(?:ask|mute|unmute|restart|status|health|logs|history|incidents|spool|apply|rollback|generations|plan|token inspect|list|retry|drop|export)\b|\bcurl\b`)

// initialises matches orac init, with the file that it writes.
var initialises = regexp.MustCompile(`\borac init\b(.*? -f (\S+))?`)

var idOfSpool = regexp.MustCompile(`\bspool [a-z]+ ID\b`)

var runsAppliance = regexp.MustCompile(`\borac run\b`)

// Run runs a command line, and returns its output with the paths of the document.
func (s *Sandbox) Run(c Command) (output string, code int) {
	s.t.Helper()
	s.ready(c.Text)
	line := s.filled(c.Text)
	if first, _, _ := strings.Cut(line, " "); readOnly[first] != "" {
		line = "bash -n " + first
	}
	script := "set -o pipefail\nfpath=(\"$HOME\" \"$HOME\")\n"
	if !c.Span { // variables and the current folder carry over from line to line
		script += carried
	}
	script +=
		strings.ReplaceAll(s.inside(line), shownKey, s.keyID)
	if makes := initialises.FindStringSubmatch(line); makes != nil { // it runs where there is no runbook yet
		file := filepath.Join(s.Dir, "orac.hcl")
		if makes[2] != "" {
			file = s.inside(" " + makes[2])[1:]
		}
		if before, err := os.ReadFile(file); err == nil {
			s.must(os.Remove(file))
			defer func() { s.must(os.WriteFile(file, before, 0o644)) }()
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/bash", "-c", script)
	out, err := os.CreateTemp(filepath.Join(s.Dir, "home"), "out") // a file: background processes of the command do not block it
	s.must(err)
	defer os.Remove(out.Name())
	defer out.Close()
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.Dir, s.env, out, out
	if strings.Contains(line, " user ") {
		cmd.Stdin = strings.NewReader(Password + "\n")
	} else {
		person, tty := terminal(s.t)
		defer person.Close()
		defer tty.Close()
		cmd.Stdin = tty
		_, err = person.WriteString("yes\n")
		s.must(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	err = cmd.Run()
	text, readErr := os.ReadFile(out.Name())
	s.must(readErr)
	output = s.back.Replace(string(text))
	var ended *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return output + "\n(ended: it took too long)", -1
	case errors.As(err, &ended):
		return output, ended.ExitCode()
	case err != nil:
		return err.Error(), -1
	}
	return output, 0
}

// carried passes the variables and the current folder of one command on to the next.
const carried = `[ ! -f "$HOME/.carried" ] || . "$HOME/.carried"
trap 'code=$?; export -p >"$HOME/.carried"; printf "cd %q\n" "$PWD" >>"$HOME/.carried"; exit $code' EXIT
set -a
`

// terminal is one at which a person types answers.
func terminal(t testing.TB) (person, tty *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(person.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return person, tty
}

// Before prepares for the commands of a block whose file is about to be changed: the appliance runs the text from
// before.
func (s *Sandbox) Before(text string) {
	s.t.Helper()
	if strings.Contains(text, "orac rollback") {
		s.generations()
	}
	if asksDaemon.MatchString(text) {
		s.begin()
	}
}

// ready starts or stops the appliance as a command needs it, and sets aside the recording that help
// shows.
func (s *Sandbox) ready(line string) {
	s.t.Helper()
	if strings.Contains(line, "orac rollback") {
		s.generations()
	}
	if strings.Contains(line, "sim report FILE") {
		s.Run(Command{Text: "orac sim first.hcl --json sim.json"})
	}
	if strings.Contains(line, "orac-VERSION") {
		s.release()
	}
	switch {
	case runsAppliance.MatchString(line):
		s.end()
	case asksDaemon.MatchString(line):
		s.begin()
	}
	if strings.Contains(line, "KEY") || strings.Contains(line, shownKey) || strings.Contains(line, "key rotate ID") || strings.Contains(line, "key revoke ID") {
		s.makeKey()
	}
	if strings.Contains(line, utteranceID) || idOfSpool.MatchString(line) {
		s.setAside()
	}
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

func (s *Sandbox) close() {
	s.end()
	if err := os.RemoveAll(s.Dir); err != nil {
		s.t.Error(err)
	}
}
