package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"orac/runbook/testkit"
)

// door is a way out of the program, or into it: names of packages that only some files may use, each for a reason. A file that is
// not named here and uses one is found, and so is a place that is named and uses none any more. A place is a file, or a folder with
// a slash at its end: with all that is below it.
type door struct {
	what  string
	names map[string][]string // by import path; no names: all of it
	may   map[string]string   // reasons, by place
}

// The files of tests are free: they are the ones who try the doors.
var doors = []door{
	{
		what: "runs another program",
		names: map[string][]string{
			"os/exec": nil, "os": {"StartProcess"}, "syscall": {"Exec", "ForkExec", "StartProcess"}, "golang.org/x/sys/unix": {"Exec"},
		},
		may: map[string]string{
			"appliance/child/child.go":      "the workers: this program again",
			"appliance/audio/pulsetest/":    "tests: a sound server of their own",
			"appliance/mqtt/mqtttest/":      "tests: a broker of their own",
			"appliance/evaluation/pool.go":  "this program again, to evaluate a text under limits",
			"appliance/act/exec/exec.go":    "looks for the program of a backend, and runs none",
			"appliance/check.go":            "looks for the program of an stt block, and runs none",
			"appliance/program/program.go":  "the commands of stt and backend blocks: a capability of the runbook",
			"appliance/program/runnable.go": "looks for the interpreter of such a command, and runs none",
			"chaos/":                        "breaks things on purpose, as root; no part of orac run",
			"cmd/orac/dist/":                "a tool of the house: builds what is given to people",
			"cmd/orac/docstest/":            "tests: runs what documents show",
			"appliance/boot/resume.go":      "this program again, in place of itself",
			"models/registry.go":            "asks npm for its registry, where a person pulls models",
			"sim/mutants/":                  "a tool of the house: builds and runs mutants",
			"web/security/":                 "a tool of the house: runs scanners",
			"web/simulations/child.go":      "a simulation: this program again",
		},
	},
	{
		what: "opens, makes, renames or removes files",
		names: map[string][]string{
			"os": {"Chmod", "Chown", "Chtimes", "CopyFS", "Create", "CreateTemp", "DirFS", "Lchown", "Link", "Mkdir", "MkdirAll", "MkdirTemp", "Open",
				"OpenFile", "OpenInRoot", "OpenRoot", "ReadDir", "ReadFile", "Remove", "RemoveAll", "Rename", "Symlink", "Truncate", "WriteFile"},
			"syscall":                {"Creat", "Link", "Mkdir", "Mkfifo", "Mknod", "Open", "Openat", "Rename", "Rmdir", "Symlink", "Truncate", "Unlink"},
			"golang.org/x/sys/unix":  {"Creat", "Link", "Linkat", "Mkdir", "Mkdirat", "Mkfifo", "Mknod", "Open", "Openat", "Openat2", "Rename", "Renameat", "Renameat2", "Rmdir", "Symlink", "Truncate", "Unlink", "Unlinkat"},
			"io/ioutil":              nil,
			"orac/models/atomicfile": {"Dir", "WriteFile"},
		},
		may: map[string]string{
			"appliance/audio/pulsetest/":             "tests: a sound server of their own",
			"appliance/mqtt/mqtttest/":               "tests: a broker of their own",
			"appliance/engine/worker.go":             "/proc/self of a worker: it is the first to go when memory runs out",
			"appliance/incident/evidence/process.go": "/proc of a child",
			"appliance/logbook/rotate.go":            "the log file: a capability of the runbook",
			"appliance/memory/":                      "/proc/self",
			"appliance/statedir/":                    "the way to everything in the state directory, and to files that a runbook names: a capability of the runbook",
			"appliance/unclean.go":                   "/proc: the name of this boot",
			"appliance/stt/exec.go":                  "the sound for a command, in a folder of its own",
			"chaos/":                                 "breaks things on purpose, as root; no part of orac run",
			"cmd/orac/dist/":                         "a tool of the house: builds what is given to people",
			"cmd/orac/docstest/":                     "tests: the folder in which documents are tried",
			"sim/trial/report/files.go":              "orac sim: the reports that it is told to write or read",
			"cmd/orac/importcore.go":                 "orac import core: the folder that it is given, and nothing outside",
			"cmd/orac/man.go":                        "orac man: the folder that it is given",
			"cmd/orac/sim.go":                        "orac sim: where it tells its progress",
			"sim/trace/files.go":                     "orac sim: the traces that it is told to write or read",
			"cmd/orac/spool.go":                      "orac spool export: the file that it is told to write",
			"runbook/testkit/":                       "tests: golden files",
			"models/":                                "the store of models, which no state directory need be above",
			"runbook/language/findsecret.go":         "a secret of the state directory; the language knows no appliance",
			"runbook/language/named.go":              "files that a runbook names: a capability of the runbook",
			"runbook/runbooktest/":                   "tests: the runbooks of the tests",
			"sim/files.go":                           "recordings that a scenario names",
			"sim/mutants/":                           "a tool of the house: builds and runs mutants",
			"web/control/listener.go":                "removes its own socket",
			"web/control/socket.go":                  "the folder of a socket whose path is too long",
			"web/fake/":                              "tests: the runbook of an appliance that is not there",
			"web/security/":                          "a tool of the house: runs scanners",
			"web/simulations/child.go":               "/proc of a child",
		},
	},
	{
		what: "connects or listens",
		names: map[string][]string{
			"net": {"Dial", "DialIP", "DialTCP", "DialTimeout", "DialUDP", "DialUnix", "Dialer", "FileListener", "Listen", "ListenConfig", "ListenIP",
				"ListenMulticastUDP", "ListenPacket", "ListenTCP", "ListenUDP", "ListenUnix", "ListenUnixgram"},
			"net/http":                   {"Client", "DefaultClient", "DefaultTransport", "Get", "Head", "ListenAndServe", "ListenAndServeTLS", "Post", "PostForm", "Transport"},
			"crypto/tls":                 {"Dial", "DialWithDialer", "Dialer", "Listen"},
			"net/rpc":                    nil,
			"net/smtp":                   nil,
			"github.com/coder/websocket": {"Dial"},
			"syscall":                    {"Bind", "Connect", "Socket"},
			"golang.org/x/sys/unix":      {"Bind", "Connect", "Socket"},
		},
		may: map[string]string{
			"appliance/act/home/socket.go":     "a Home Assistant: a capability of the runbook",
			"appliance/mqtt/mqtttest/":         "tests: a broker of their own",
			"appliance/mqtt/broker.go":         "an MQTT broker: a capability of the runbook",
			"appliance/audio/sounds/fetch.go":  "sounds that the appliance is asked to play",
			"appliance/sdnotify/sdnotify.go":   "the service manager's socket, which the environment names",
			"appliance/stt/socket.go":          "a speech-to-text service: a capability of the runbook",
			"appliance/stt/stttest/server.go":  "tests: a service of their own",
			"appliance/stt/wire/client.go":     "services and webhooks: a capability of the runbook",
			"appliance/reach/reach.go":         "all services that a runbook names: a capability of the runbook",
			"appliance/unruly/unruly.go":       "tests: a service of their own",
			"web/members/http.go":              "the members of an issuer: a capability of the runbook",
			"chaos/":                           "breaks things on purpose, as root; no part of orac run",
			"cmd/orac/docstest/sandbox.go":     "tests: finds a free port",
			"models/download.go":               "orac models pull: the packages of the catalogue",
			"models/fetch.go":                  "a model from a URL: a capability of the runbook",
			"appliance/stt/stttest/foe.go":     "tests: a hostile service of their own",
			"appliance/stt/stttest/wyoming.go": "tests: a Wyoming service of their own",
			"web/edge/beside.go":               "the web server and the STT servers: a capability of the runbook",
			"web/edge/host.go":                 "the web server: a capability of the runbook",
			"web/peers/peertest/network.go":    "tests: clients of their own",
			"web/trust/fetch.go":               "a trusted issuer: a capability of the runbook",
			"web/trust/transport.go":           "a trusted issuer, and other members of the house: a capability of the runbook",
			"web/enrol/session.go":             "an issuer: orac join, and a capability of the runbook",
			"web/mdns/announce.go":             "multicast DNS: a capability of the runbook",
			"web/crowd/accept.go":              "satellites and Wyoming servers: a capability of the runbook",
			"web/control/client.go":            "the control socket",
			"web/control/socket.go":            "the control socket",
			"web/security/":                    "a tool of the house: runs scanners",
		},
	},
	{
		what:  "evaluates a runbook",
		names: map[string][]string{"orac/runbook": {"Load", "Parse", "Vocabulary.Load", "Vocabulary.Parse"}},
		may: map[string]string{
			"appliance/generation/replay.go":     "a generation that is returned to",
			"chaos/play/book.go":                 "chaos: the runbook that it has written itself",
			"cmd/orac/daemon.go":                 "finds the state directory",
			"cmd/orac/docstest/hcl.go":           "tests: what documents show",
			"cmd/orac/importcore.go":             "orac import core: the text that it would write",
			"cmd/orac/leave.go":                  "orac join and orac leave: the text that they would write",
			"cmd/orac/init.go":                   "orac init: the runbook that it has written itself",
			"cmd/orac/modelstore.go":             "finds the state directory whose models a simulation uses, with stand-ins for secrets",
			"cmd/orac/people.go":                 "finds the state directory",
			"cmd/orac/root.go":                   "commands without a daemon",
			"cmd/orac/secrets.go":                "names the secrets of a runbook: it gives none",
			"appliance/evaluation/evaluation.go": "what the appliance runs, plans and applies: the one way of orac run",
			"cmd/orac/user.go":                   "orac user add: whether the runbook has the user already",
			"cmd/orac/validate.go":               "orac validate",
			"runbook/scenario/runbook.go":        "the runbook of a simulation, with stand-ins for secrets",
			"sim/language.go":                    "the runbook of a simulation, with stand-ins for secrets",
			"web/fake/":                          "tests: the runbook of an appliance that is not there",
			"web/peers/peertest/rig.go":          "tests: the runbook of a server",
		},
	},
}

// TestDoors: programs are run, files opened, connections made and runbooks evaluated in named places only.
func TestDoors(t *testing.T) {
	files := goFiles(t)
	for _, d := range doors {
		used := map[string]bool{}
		for _, file := range slices.Sorted(maps.Keys(files)) {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			name, ok := d.passes(files[file])
			if !ok {
				continue
			}
			place, ok := d.place(file)
			if used[place] = true; !ok {
				t.Errorf("%s %s (%s): only named places may, each for a reason: see the table", file, d.what, name)
			}
		}
		for place, why := range d.may {
			if !used[place] {
				t.Errorf("%s is named as a place that %s, and does not any more", place, d.what)
			}
			if why == "" {
				t.Errorf("%s %s for no reason", place, d.what)
			}
		}
	}
}

// place is where a file is named.
func (d door) place(file string) (place string, ok bool) {
	if _, ok := d.may[file]; ok {
		return file, true
	}
	for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
		if _, ok := d.may[dir+"/"]; ok {
			return dir + "/", true
		}
	}
	return "", false
}

// passes tells whether a file uses one of the names, and which.
func (d door) passes(f *ast.File) (name string, ok bool) {
	known := map[string]string{} // import paths by the name in the file
	for _, imp := range f.Imports {
		from := importPath(imp)
		names, watched := d.names[from]
		switch {
		case !watched:
			continue
		case names == nil, imp.Name != nil && imp.Name.Name == ".":
			return from, true
		case imp.Name != nil:
			known[imp.Name.Name] = from
		default:
			known[path.Base(from)] = from
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		s, is := n.(*ast.SelectorExpr)
		if !is || ok {
			return !ok
		}
		what := s.Sel.Name
		if of, is := s.X.(*ast.SelectorExpr); is { // a method of a variable of the package
			what, s = of.Sel.Name+"."+what, of
		}
		x, is := s.X.(*ast.Ident)
		if is && slices.Contains(d.names[known[x.Name]], what) {
			name, ok = x.Name+"."+what, true
		}
		return !ok
	})
	return name, ok
}

// TestDoorsAreFound under other names, and where a function is only named.
func TestDoorsAreFound(t *testing.T) {
	for text, want := range map[string]string{
		`package x; import "os"; var f = os.Open`:                         "os.Open",
		`package x; import hidden "os"; var f = hidden.Remove`:            "hidden.Remove",
		`package x; import . "os"; var f = Open`:                          "os",
		`package x; import "os"; var f = os.Getenv`:                       "",
		`package x; import "os"; var f = os.Open.Read`:                    "os.Open",
		`package x; type os struct{ Open int }; var f os; var g = f.Open`: "",
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "x.go", text, 0)
		testkit.Must(t, err)
		if name, ok := doors[1].passes(f); name != want || ok != (want != "") {
			t.Errorf("%s: found %q, want %q", text, name, want)
		}
	}
}
