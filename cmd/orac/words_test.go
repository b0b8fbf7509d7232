package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// internal are words of Go and of libraries that mean nothing to a person.
var internal = []string{
	"strconv.", "parsing", "invalid syntax", "EOF", "dial ", "context deadline", "context canceled", "json:", "unmarshal", "invalid argument",
	"needs an argument", "unknown flag", "shorthand", "goroutine", "panic", "runtime error", "%!", "arg(s)", "<nil>", "nil pointer",
	"flags in the group", "bad flag syntax", "time: ", "lstat ", "openat ", "value out of range", "os/exec", "exec: ",
}

// goPath is how Go tells of a file that cannot be used: with the name of the system call before it.
var goPath = regexp.MustCompile(`(^|: )(open|stat|lstat|openat|mkdir|mkdirat|readlink|unlink|unlinkat|read|write|create) [^\s"-]\S*: `)

// longestLine is how long a line of an error may be, paths of the test's own folder not counted.
const longestLine = 160

// wrongValues are values that no flag of a kind takes.
var wrongValues = map[string][]string{
	"bool":        {"maybe", "2"},
	"int":         {"x", "1.5", "", "99999999999999999999", "0x"},
	"uint64":      {"x", "-1", "1.5", "", "99999999999999999999"},
	"float64":     {"x", "", "0,5", "1e999", "NaN"},
	"intSlice":    {"x", "1;2", "1.5"},
	"stringArray": {"", "x", "=x"},
	"stringSlice": {`a"b`, ",", "no such model"},
	durationKind:  {"x", "5", "-5s", "", "1y", "99999999999d"},
	"string":      {"", "x", "no/such/thing", "\x1b[2J", strings.Repeat("long", 100)},
	variableKind:  {"", "x", "=x"},
}

// arguments are what a command takes beside its flags, so that its flags are looked at; "none" where nothing else fits.
var arguments = map[string][]string{
	"orac key create": {"a\nb"}, "orac key rotate": {"1f2e3d4c5b6a"}, "orac key revoke": {"1f2e3d4c5b6a"}, "orac user add": {"anna"},
	"orac models pull": {"nonsense"}, "orac models verify": {"nonsense"}, "orac models bench": {"nonsense"},
	"orac secrets generate": {"hey_orac"}, "orac secrets rotate": {"hey_orac"}, "orac models inspect": {"nothing.onnx"},
	"orac spool retry": {"20260117T120000.000-0a1b2c3d"}, "orac spool drop": {"20260117T120000.000-0a1b2c3d"}, "orac spool export": {"20260117T120000.000-0a1b2c3d"},
	"orac sim report": {"nothing"}, "orac sim diff": {"a.trace", "b.trace"}, "orac completion": {"tcsh"}, "orac detect": {"nothing.wav"}, "orac transcribe": {"nothing.wav"},
	"orac sim": {"nothing.hcl"}, "orac chaos": {"nothing.hcl"}, "orac token inspect": {"x.y.z"}, "orac incidents": {"none"}, "orac rollback": {"0"},
}

// TestWrongFlags gives every flag of every command wrong values, and looks at what is said.
func TestWrongFlags(t *testing.T) {
	asOrac(t)
	tried := 0
	eachCommand((&app{}).root(), func(c *cobra.Command) {
		c.InitDefaultHelpFlag()
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			values, known := wrongValues[f.Value.Type()]
			if !known {
				t.Errorf("%s --%s is a %s: what is a wrong one?", c.CommandPath(), f.Name, f.Value.Type())
			}
			for _, v := range values {
				tried++
				args := append(strings.Fields(c.CommandPath())[1:], arguments[c.CommandPath()]...)
				code, said := spoken(t, append(args, "--"+f.Name+"="+v))
				kind := f.Value.Type()
				if kind != "string" && kind != "stringSlice" && (code != exitUsage || !strings.Contains(said, "--"+f.Name)) {
					t.Errorf("%s --%s=%q ends with %d and says: %s", c.CommandPath(), f.Name, v, code, said)
				}
			}
			if f.NoOptDefVal == "" {
				code, said := spoken(t, append(strings.Fields(c.CommandPath())[1:], "--"+f.Name))
				if code != exitUsage || !strings.Contains(said, "--"+f.Name) {
					t.Errorf("%s --%s without a value ends with %d and says: %s", c.CommandPath(), f.Name, code, said)
				}
			}
		})
	})
	if tried < 300 {
		t.Errorf("only %d values were tried", tried)
	}
}

// TestWrongArguments gives every command arguments that it does not take, and none.
func TestWrongArguments(t *testing.T) {
	asOrac(t)
	for _, args := range [][]string{{"nonsense"}, {"../no/such/file"}, {""}, {"a\x1b[2Jb"}, {"1", "2", "3", "4"}, {"--no-such-flag"}, {"-Z"}, {"--=x"}, {"---"}} {
		eachCommand((&app{}).root(), func(c *cobra.Command) {
			spoken(t, append(strings.Fields(c.CommandPath())[1:], args...))
		})
	}
}

// asOrac makes the children of this process orac, in a folder where nothing is.
func asOrac(t *testing.T) {
	t.Setenv("ORAC_TEST_MAIN", "1")
	t.Setenv("HOME", t.TempDir())
	t.Chdir(t.TempDir())
}

func eachCommand(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, child := range c.Commands() {
		eachCommand(child, do)
	}
}

// spoken runs a command and looks at every line that it says on standard error.
func spoken(t *testing.T, args []string) (code int, said string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var out, errors bytes.Buffer
	code = Run(ctx, args, strings.NewReader(""), &out, &errors)
	if ctx.Err() != nil {
		t.Errorf("%q does not end", args)
	}
	here, _ := os.Getwd()
	said = strings.NewReplacer(here, "", strings.Repeat("long", 100), "long").Replace(errors.String())
	for line := range strings.Lines(said) {
		if goPath.MatchString(line) {
			t.Errorf("%q says what Go calls it: %s", args, line)
		}
		for _, word := range internal {
			if strings.Contains(line, word) {
				t.Errorf("%q says %q: %s", args, word, line)
			}
		}
		if len([]rune(line)) > longestLine {
			t.Errorf("%q says a line of %d characters: %s", args, len([]rune(line)), line)
		}
	}
	return code, said
}

// TestHelpFits: the help of every command fits a narrow terminal and a wide one; only a word that is longer stands out.
func TestHelpFits(t *testing.T) {
	for _, width := range []int{40, 60, 80} {
		t.Setenv("COLUMNS", fmt.Sprint(width))
		eachCommand((&app{}).root(), func(c *cobra.Command) {
			var out bytes.Buffer
			Run(context.Background(), append(strings.Fields(c.CommandPath())[1:], "--help"), strings.NewReader(""), &out, &out)
			for line := range strings.Lines(out.String()) {
				line = strings.TrimRight(line, "\n")
				if len([]rune(line)) > width && strings.ContainsRune(strings.TrimSuffix(strings.TrimSpace(line), ` \`), ' ') && !quoted(line) {
					t.Errorf("%s --help, %d columns: %s", c.CommandPath(), width, line)
				}
			}
		})
	}
}

// TestFlagsNameTheirValues: the help says --file FILE, and no Go type.
func TestFlagsNameTheirValues(t *testing.T) {
	eachCommand((&app{}).root(), func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if name, about := pflag.UnquoteUsage(f); f.Value.Type() != "bool" && name != strings.ToUpper(name) || about == "" {
				t.Errorf("%s --%s %s: name its value in `CAPITALS` in what is said about it", c.CommandPath(), f.Name, name)
			}
		})
	})
}

// quoted tells whether a line has spaces between quotes or brackets only, where a command cannot be broken.
func quoted(line string) bool {
	return breakAt(strings.TrimSuffix(strings.TrimSpace(line), ` \`), len(line)) < 0
}
