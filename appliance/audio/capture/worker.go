package capture

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"orac/appliance/audio/library"
	"orac/appliance/memory"
)

const (
	closeGrace   = 150 * time.Millisecond // for the library to close a device, before the process simply ends
	lookEvery    = time.Second            // how often the worker checks whether its device is still listed, by default
	usageError   = 64
	maxChannels  = 32 // more crash PulseAudio
	channelsHelp = "record this many `channels` and average them"
)

// options are the arguments of a worker.
type options struct {
	list     bool
	selector Selector
	backend  string
	channels int
	channel  []int
	look     time.Duration // 0: lookEvery
}

func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("capture-worker", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.BoolVar(&o.list, "list", false, "list the devices and exit")
	f.StringVar(&o.selector.Match, "match", "", "record from the device whose name or identity has this `text`")
	f.StringVar(&o.selector.Identity, "identity", "", "record from the device of this `identity`")
	f.StringVar(&o.selector.ID, "id", "", "record from the device of this `id`")
	f.StringVar(&o.backend, "backend", "", "use pulse or alsa; the first that answers if empty")
	f.IntVar(&o.channels, "channels", 1, channelsHelp)
	f.Func("channel", "average these `channels` of the device: 0,1", func(text string) (err error) {
		o.channel, err = parseChannels(text)
		return err
	})
	f.DurationVar(&o.look, "look", 0, "check this often that the device is still listed; 1s if 0")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.look < 0 || o.look > 0 && o.look < 10*time.Millisecond {
		return o, fmt.Errorf("--look=%v is shorter than 10ms", o.look)
	}
	if o.channels < 1 || o.channels > maxChannels {
		return o, fmt.Errorf("%d channels are outside 1 to %d", o.channels, maxChannels)
	}
	return o, nil
}

// parseChannels reads channels with commas between them.
func parseChannels(text string) (list []int, err error) {
	for _, word := range strings.Split(text, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 0 || n >= maxChannels {
			return nil, fmt.Errorf("%q is not a channel from 0 to %d", word, maxChannels-1)
		}
		list = append(list, n)
	}
	return list, nil
}

// args is the inverse of parseOptions.
func (o options) args() []string {
	var a []string
	if o.list {
		a = append(a, "--list")
	}
	for _, f := range []struct{ name, value string }{{"--match", o.selector.Match}, {"--identity", o.selector.Identity},
		{"--id", o.selector.ID}, {"--backend", o.backend}} {
		if f.value != "" {
			a = append(a, f.name+"="+f.value)
		}
	}
	if len(o.channel) > 0 {
		a = append(a, "--channel="+strings.Trim(strings.ReplaceAll(fmt.Sprint(o.channel), " ", ","), "[]"))
	}
	if o.look > 0 {
		a = append(a, "--look="+o.look.String())
	}
	return append(a, fmt.Sprintf("--channels=%d", o.channels))
}

// WorkerMain is the program of the child process: "orac capture-worker". It records until stdin ends, or lists what there
// is with --list. The caller must end the process at once with the code that it returns: a call into the audio library
// may still be stuck.
func WorkerMain(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parseOptions(args, stderr)
	if err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		fmt.Fprintln(stderr, "capture-worker:", err)
		return usageError
	}
	w := &worker{options: o, out: frameWriter{w: stdout}, log: library.NewQuietLog(stderr), quit: make(chan struct{})}
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		close(w.quit)
	}()
	done := make(chan error, 1)
	go func() { done <- w.run() }()
	select {
	case err = <-done:
	case <-w.quit:
		select {
		case err = <-done:
		case <-time.After(closeGrace):
			fmt.Fprintln(stderr, "capture-worker: the audio library is stuck; exiting anyway")
			return 1
		}
	}
	if err != nil {
		return 1
	}
	return 0
}

// worker is the state of WorkerMain. Only run writes to out.
type worker struct {
	options
	out  frameWriter
	log  *library.QuietLog
	quit chan struct{} // closed when the parent wants the end
}

// run does the work, and reports an error to the parent before it returns it.
func (w *worker) run() error {
	work := w.record
	if w.list {
		work = w.listAll
	}
	err := work()
	if err == nil {
		return w.out.bye()
	}
	f := failure{Message: err.Error()}
	for code, cause := range failureCodes {
		if errors.Is(err, cause) {
			f.Code = code
		}
	}
	return errors.Join(err, w.out.json(kindError, f))
}

// listAll sends the devices of every backend, or of the one that was asked for.
func (w *worker) listAll() error {
	var listing Listing
	for _, b := range library.Backends {
		if w.backend != "" && w.backend != b.Name {
			continue
		}
		lib, err := library.Open(b.Name, w.log.Line)
		if err != nil {
			listing.Notes = append(listing.Notes, err.Error())
			continue
		}
		devices, err := lib.Devices(library.Microphones, true)
		if err != nil {
			listing.Notes = append(listing.Notes, b.Title+": "+err.Error())
		}
		listing.Devices = append(listing.Devices, devices...)
		listing.Backends = append(listing.Backends, b.Name)
	}
	return w.out.json(kindDevices, listing)
}

// record finds the device, opens it and sends its sound until quit.
func (w *worker) record() error {
	lib, err := library.Open(w.backend, w.log.Line)
	if err != nil {
		return err
	}
	devices, err := lib.Devices(library.Microphones, false)
	if err != nil {
		return err
	}
	d, listed, err := w.selector.Find(library.Microphones, lib.Backend, devices)
	if err != nil {
		return lib.Without(err)
	}
	gone := make(chan error, 2)
	r := newRing(w.channels, w.channel)
	device, err := openDevice(lib, d, r, func() {
		w.log.Line("the device stopped or was suspended")
		if !listed { // nothing else would report it
			select {
			case gone <- fmt.Errorf("%w: ALSA stopped the PCM %q", ErrGone, d.ID):
			default: // it is known
			}
		}
	})
	if err != nil {
		return err
	}
	if err := w.out.json(kindHello, hello{Device: d, Rate: int(device.SampleRate()), Channels: r.channels}); err != nil {
		return err
	}
	if listed {
		go w.look(lib, d, gone)
	} else {
		memory.Trim()
	}
	for {
		select {
		case <-r.wake:
			for h := r.read(); h != nil; h = r.read() {
				if err := w.out.hop(h); err != nil {
					return err
				}
				r.release()
			}
		case err := <-gone:
			return err // the process ends now, and with it the device
		case <-w.quit:
			_ = device.Stop() // an error changes nothing: Uninit follows
			device.Uninit()
			return nil
		}
	}
}

// look watches whether the device is still listed. It may get stuck: then either the hops stop, too, or all
// is well.
func (w *worker) look(lib *library.Library, d Device, gone chan<- error) {
	tick := time.NewTicker(cmp.Or(w.options.look, lookEvery))
	defer tick.Stop()
	memory.Trim() // the sound flows, and most of this binary is never needed here
	for {
		select {
		case <-w.quit:
			return
		case <-tick.C:
		}
		devices, err := lib.Devices(library.Microphones, false)
		if err != nil {
			gone <- fmt.Errorf("%w: the audio server no longer answers: %w", ErrGone, err)
			return
		}
		if _, err := (Selector{ID: d.ID}).Pick(library.Microphones, devices); err != nil {
			gone <- fmt.Errorf("%w: the audio server no longer lists it; plug it in again", ErrGone)
			return
		}
	}
}
