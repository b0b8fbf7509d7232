package workers

import (
	"flag"
	"fmt"
	"io"
	"time"

	"orac/appliance/audio/library"
)

// UsageError is the exit code of a worker whose arguments are wrong.
const UsageError = 64

// Options are the arguments of every worker.
type Options struct {
	List     bool // list the devices instead
	Selector library.Selector
	Backend  string        // pulse or alsa; the first that answers if empty
	Look     time.Duration // how often to check that the device is still listed; 0: once a second
}

// Parse reads the arguments of a worker. does is what it does with a device, such as "record from"; more declares the worker's own flags.
func (o *Options) Parse(command, does string, args []string, stderr io.Writer, more func(*flag.FlagSet)) error {
	f := flag.NewFlagSet(command, flag.ContinueOnError)
	f.SetOutput(stderr)
	f.BoolVar(&o.List, "list", false, "list the devices and exit")
	f.StringVar(&o.Selector.Match, "match", "", does+" the device whose name or identity has this `text`")
	f.StringVar(&o.Selector.Identity, "identity", "", does+" the device of this `identity`")
	f.StringVar(&o.Selector.ID, "id", "", does+" the device of this `id`")
	f.StringVar(&o.Backend, "backend", "", "use pulse or alsa; the first that answers if empty")
	f.DurationVar(&o.Look, "look", 0, "check this often that the device is still listed; 1s if 0")
	more(f)
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	return NotShort("look", o.Look)
}

// NotShort refuses a span that would keep a worker busy. 0 stands for the default.
func NotShort(name string, d time.Duration) error {
	if d < 0 || d > 0 && d < 10*time.Millisecond {
		return fmt.Errorf("--%s=%v is shorter than 10ms", name, d)
	}
	return nil
}

// Args is the inverse of Parse.
func (o Options) Args() (a []string) {
	if o.List {
		a = append(a, "--list")
	}
	for _, f := range []struct{ name, value string }{{"--match", o.Selector.Match}, {"--identity", o.Selector.Identity},
		{"--id", o.Selector.ID}, {"--backend", o.Backend}} {
		if f.value != "" {
			a = append(a, f.name+"="+f.value)
		}
	}
	if o.Look > 0 {
		a = append(a, "--look="+o.Look.String())
	}
	return a
}
