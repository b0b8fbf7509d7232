package docstest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

// program is a program that a document uses and that cannot run in a test, with the reason, and what is checked instead.
// Programs outside this table run for real. check returns the command to run in its place, which follows the program's own
// options; a nil list runs nothing.
type program struct {
	name  string
	why   string
	check func(args []string) (rest []string, err error)
}

// standIns lists all of them.
var standIns = []program{
	{"sudo", "needs root: the command behind it is run, as the user of the test", behindSudo},
	{"systemctl", "needs a machine that systemd has started: the verb is known, and the unit was installed", systemctl},
	{"journalctl", "the same: options that it has", options("-u", "orac", "-f", "-n", "-b", "-e", "--since", "today", "100")},
	{"systemd-analyze", "the same: the unit exists", systemctl},
	{"useradd", "changes the machine: options that it has", options("--system", "--user-group", "--groups", "audio", "--home-dir",
		"/var/lib/orac", "--shell", "/usr/sbin/nologin", "--create-home", "orac")},
	{"usermod", "changes the machine: options that it has", options("-a", "-G", "-aG", "audio", "orac")},
	{"chown", "needs root: the files exist", chown},
	{"install", "owners need root: it is run without them", installed},
	{"tar", "the state directory has another name here: archives are made of the real one, and read", archive},
	{"docker", "needs a daemon, an image and minutes: the files that it names exist; what exec runs in the container is run", docker},
	{"apt-get", "changes the machine and needs the network: the verb is known", verbs("update", "install", "-y", "-qq")},
	{"apt", "the same", verbs("update", "install", "-y")},
	{"npm", "needs the network: the verb is known", verbs("ci", "install", "audit", "pack")},
	{"git", "needs the network: the verb is known", verbs("clone", "pull", "checkout", "init", "add", "commit", "ls-files")},
	{"make", "builds, installs, or takes minutes: make -n knows the target", dryMake},
	{"go", "takes minutes: the packages exist, and -run fits a test of theirs", goTool},
	{"aplay", "needs a sound card: what it would play comes to it", devour},
	{"arecord", "needs a sound card: options that it has", flags("-L", "-l", "-D", "-d", "-f", "-r", "-c")},
	{"alsamixer", "needs a sound card and a terminal", options("-c", "0", "1", "2")},
	{"pactl", "needs an audio server: options that it has", options("list", "short", "sources", "info", "suspend-source",
		"load-module", "module-echo-cancel", "aec_method=speex", "source_master=MICROPHONE", "sink_master=SPEAKER", "source_name=orac_in", "sink_name=orac_out")},
	{"dot", "is no package of ours: what it would draw comes to it", devour},
	{"pass", "a password manager of the reader: it gives a password", func([]string) ([]string, error) { fmt.Println(Password); return nil, nil }},
	{"unshare", "a namespace of users is not to be had everywhere: the command behind it is run", behindOptions},
	{"whisper-cli", "is no package of ours: it says something", func([]string) ([]string, error) { fmt.Println("turn on the light"); return nil, nil }},
	{"mosquitto_sub", "needs a broker", devour},
	{"nano", "needs a terminal: the file exists, or is a new one", nil},
	{"pkill", "would hit what the test has not started: options that it has", options("-HUP", "-f", "orac")},
	{"ssh", "needs another machine", devour},
	{"scp", "needs another machine", devour},
}

// Password is one that ORAC accepts.
const Password = "correct horse battery"

func standIn(name string) *program {
	if i := slices.IndexFunc(standIns, func(p program) bool { return p.name == name }); i >= 0 {
		return &standIns[i]
	}
	return nil
}

// Main is the main function of the stand-ins. The name of the test binary says which one to be; is is false if it names none.
func Main(args []string) (code int, is bool) {
	p := standIn(filepath.Base(args[0]))
	if p == nil || os.Getenv(sandboxEnv) == "" {
		return 0, false
	}
	rest, err := []string(nil), error(nil)
	if p.check != nil {
		rest, err = p.check(args[1:])
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s cannot run here (%s), and its stand-in does not know this: %v\n", p.name, p.why, err)
		return 64, true
	}
	if len(rest) == 0 {
		return 0, true
	}
	path, err := exec.LookPath(rest[0])
	if err == nil {
		err = syscall.Exec(path, rest, os.Environ())
	}
	fmt.Fprintln(os.Stderr, err)
	return 127, true
}

// options accepts only the listed words.
func options(known ...string) func([]string) ([]string, error) {
	return func(args []string) ([]string, error) {
		for _, a := range args {
			if a = insideOut(a); !slices.Contains(known, a) {
				return nil, fmt.Errorf("%q", a)
			}
		}
		return nil, nil
	}
}

// flags accepts only the listed flags; all other arguments are the reader's choice.
func flags(known ...string) func([]string) ([]string, error) {
	return func(args []string) ([]string, error) {
		for _, a := range args {
			if strings.HasPrefix(a, "-") && !slices.Contains(known, a) {
				return nil, fmt.Errorf("%q", a)
			}
		}
		return nil, nil
	}
}

// verbs accepts only the listed verbs; names of packages and addresses are the reader's choice.
func verbs(known ...string) func([]string) ([]string, error) {
	return func(args []string) ([]string, error) {
		args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return strings.HasPrefix(a, "-") && !slices.Contains(known, a) })
		if len(args) == 0 || !slices.Contains(known, args[0]) {
			return nil, fmt.Errorf("%q", args)
		}
		return nil, nil
	}
}

func devour([]string) ([]string, error) {
	b, err := io.ReadAll(os.Stdin)
	if err == nil && len(b) == 0 {
		err = fmt.Errorf("nothing comes to it")
	}
	return nil, err
}

var assignment = regexp.MustCompile(`^[A-Z_]+=`)

func behindSudo(args []string) ([]string, error) {
	for len(args) > 0 {
		switch {
		case args[0] == "-u" && len(args) > 1:
			args = args[2:]
		case assignment.MatchString(args[0]):
			name, value, _ := strings.Cut(args[0], "=")
			os.Setenv(name, value)
			args = args[1:]
		case strings.HasPrefix(args[0], "-"):
			return nil, fmt.Errorf("%q", args[0])
		default:
			return args, nil
		}
	}
	return nil, nil // sudo -u orac, in front of a command
}

func behindOptions(args []string) ([]string, error) {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		args = args[1:]
	}
	return args, nil
}

func systemctl(args []string) ([]string, error) {
	args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return strings.HasPrefix(a, "-") })
	if len(args) == 0 || !slices.Contains([]string{"daemon-reload", "enable", "disable", "start", "stop", "restart", "reload", "status", "edit", "security", "cat"}, args[0]) {
		return nil, fmt.Errorf("%q", args)
	}
	for _, unit := range args[1:] {
		if unit = strings.TrimSuffix(unit, ".service"); unit != "orac" {
			return nil, fmt.Errorf("unit %q", unit)
		}
		if _, err := os.Stat(filepath.Join(os.Getenv(sandboxEnv), "examples/systemd/orac.service")); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func chown(args []string) ([]string, error) {
	args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return strings.HasPrefix(a, "-") })
	if len(args) < 2 {
		return nil, fmt.Errorf("%q", args)
	}
	for _, path := range args[1:] {
		if _, err := os.Stat(path); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// archive runs tar on the state directory of the sandbox. It lists an archive instead of unpacking
// it over that.
func archive(args []string) ([]string, error) {
	run := []string{"/usr/bin/tar"}
	for i, a := range args {
		switch {
		case i > 0 && args[i-1] == "-C" && (a == "/var/lib" || a == "/etc"):
			a = filepath.Join(os.Getenv(sandboxEnv), "machine", a)
		case strings.HasPrefix(a, "-x") && slices.Contains(args, "-C"):
			a = strings.Replace(a, "x", "t", 1)
		}
		run = append(run, a)
	}
	return append(run, "--dereference"), nil
}

func installed(args []string) ([]string, error) {
	run := []string{"/usr/bin/install"}
	if len(args) > 0 && insideOut(filepath.Clean(args[len(args)-1])) == "/var/lib/orac/models" {
		return nil, nil // they exist: the sandbox's state directory is that of the reader's folder
	}
	for i := 0; i < len(args); i++ {
		if args[i] == "-o" || args[i] == "-g" {
			i++
			continue
		}
		run = append(run, args[i])
	}
	for _, a := range args[max(0, len(args)-1):] { // these folders exist on every machine
		if !slices.Contains(args, "-d") {
			if err := os.MkdirAll(filepath.Dir(a), 0o755); err != nil {
				return nil, err
			}
		}
	}
	return run, nil
}

func docker(args []string) ([]string, error) {
	for i, a := range args {
		if a == "-f" && i+1 < len(args) && slices.Contains(args[:i+1], "-f") && args[0] != "logs" {
			if args[i+1] == "orac" || strings.HasPrefix(args[i+1], "-") { // docker logs -f
				continue
			}
			if _, err := os.Stat(args[i+1]); err != nil {
				return nil, err
			}
		}
		if a == "exec" {
			rest := slices.DeleteFunc(slices.Clone(args[i+1:]), func(a string) bool { return strings.HasPrefix(a, "-") })
			if len(rest) == 0 || rest[0] != "orac" {
				return nil, fmt.Errorf("%q", args)
			}
			return args[slices.Index(args, "orac")+1:], nil
		}
	}
	if len(args) == 0 || !slices.Contains([]string{"compose", "build", "buildx", "ps", "logs", "run", "load", "volume"}, args[0]) {
		return nil, fmt.Errorf("%q", args)
	}
	return nil, nil
}

// dryMake checks that make knows the target, and that the Makefile and its scripts read the variables.
func dryMake(args []string) ([]string, error) {
	root := os.Getenv(rootEnv)
	var text strings.Builder
	files, _ := filepath.Glob(filepath.Join(root, ".ci", "*")) // the pattern is valid
	for _, f := range append(files, filepath.Join(root, "Makefile")) {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		text.Write(b)
	}
	run := []string{"/usr/bin/make", "-s", "-n", "-C", root}
	for i := 0; i < len(args); i++ {
		if args[i] == "-C" {
			i++
			continue
		}
		if name, _, is := strings.Cut(args[i], "="); is && !regexp.MustCompile(`[({]`+name+`\b`).MatchString(text.String()) {
			return nil, fmt.Errorf("nothing reads %s", name)
		}
		run = append(run, args[i])
	}
	out, err := exec.Command(run[0], run[1:]...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s", out)
	}
	return nil, nil
}

// goTool checks that the packages exist, and a test that -run or -bench names.
func goTool(args []string) ([]string, error) {
	root := os.Getenv(rootEnv)
	if len(args) == 0 || !slices.Contains([]string{"test", "build", "run", "version", "vet", "install", "list"}, args[0]) {
		return nil, fmt.Errorf("%q", args)
	}
	wanted := ""
	for i, a := range args {
		if (a == "-run" || a == "-bench") && i+1 < len(args) && args[i+1] != "." {
			wanted = args[i+1]
		}
	}
	for _, a := range args[1:] {
		if !strings.HasPrefix(a, "./") || strings.HasSuffix(a, "...") {
			continue
		}
		files, _ := filepath.Glob(filepath.Join(root, a, "*.go")) // the pattern is valid
		if len(files) == 0 {
			return nil, fmt.Errorf("there is no package %s", a)
		}
		found := wanted == ""
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				return nil, err
			}
			found = found || regexp.MustCompile(`func (Test|Benchmark|Fuzz)\w*`+regexp.QuoteMeta(strings.TrimPrefix(wanted, "Test"))).Match(b)
		}
		if !found {
			return nil, fmt.Errorf("no test of %s is called %s", a, wanted)
		}
	}
	return nil, nil
}
