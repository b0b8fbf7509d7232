package playback

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/gen2brain/malgo"

	"orac/appliance/audio/library"
	"orac/appliance/child"
	"orac/appliance/memory"
	"orac/appliance/play"
)

// Command is the word on the command line that makes the program a worker.
const Command = "playback-worker"

const (
	closeGrace = 100 * time.Millisecond // for the library to close a device, before the process simply ends
	lookEvery  = time.Second            // how often the worker checks whether its device is still listed, by default
	restAfter  = 10 * time.Second       // without sound, the device is stopped
	usageError = 64
)

// options are the arguments of a worker.
type options struct {
	list     bool
	selector library.Selector
	backend  string
	look     time.Duration // 0: lookEvery
	rest     time.Duration // 0: restAfter
}

func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet(Command, flag.ContinueOnError)
	f.SetOutput(stderr)
	f.BoolVar(&o.list, "list", false, "list the devices and exit")
	f.StringVar(&o.selector.Match, "match", "", "play at the device whose name or identity has this `text`")
	f.StringVar(&o.selector.Identity, "identity", "", "play at the device of this `identity`")
	f.StringVar(&o.selector.ID, "id", "", "play at the device of this `id`")
	f.StringVar(&o.backend, "backend", "", "use pulse or alsa; the first that answers if empty")
	f.DurationVar(&o.look, "look", 0, "check this often that the device is still listed; 1s if 0")
	f.DurationVar(&o.rest, "rest", 0, "stop the device after so long without sound; 10s if 0")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	for _, d := range []struct {
		name string
		time.Duration
	}{{"look", o.look}, {"rest", o.rest}} {
		if d.Duration < 0 || d.Duration > 0 && d.Duration < 10*time.Millisecond {
			return o, fmt.Errorf("--%s=%v is shorter than 10ms", d.name, d.Duration)
		}
	}
	return o, nil
}

// args is the inverse of parseOptions.
func (o options) args() (a []string) {
	if o.list {
		a = append(a, "--list")
	}
	for _, f := range []struct{ name, value string }{{"--match", o.selector.Match}, {"--identity", o.selector.Identity},
		{"--id", o.selector.ID}, {"--backend", o.backend}} {
		if f.value != "" {
			a = append(a, f.name+"="+f.value)
		}
	}
	if o.look > 0 {
		a = append(a, "--look="+o.look.String())
	}
	if o.rest > 0 {
		a = append(a, "--rest="+o.rest.String())
	}
	return a
}

// WorkerMain is the program of the child process: "orac playback-worker". It plays until stdin ends, or lists what there is with --list. The
// caller must end the process at once with the code that it returns: a call into the audio library may still be stuck.
func WorkerMain(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parseOptions(args, stderr)
	if err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		fmt.Fprintln(stderr, Command+":", err)
		return usageError
	}
	w := &worker{
		options: o, out: frameWriter{w: stdout}, log: library.NewQuietLog(stderr), ring: newRing(), quit: make(chan struct{}),
		fed: make(chan struct{}, 1), wrong: make(chan error, 1),
	}
	go w.feed(stdin)
	done := make(chan error, 1)
	go func() { done <- w.run() }()
	select {
	case err = <-done:
	case <-w.quit:
		select {
		case err = <-done:
		case <-time.After(closeGrace):
			fmt.Fprintln(stderr, Command+": the audio library is stuck; exiting anyway")
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
	out   frameWriter
	log   *library.QuietLog
	ring  *ring
	quit  chan struct{} // closed when the parent wants the end
	fed   chan struct{} // holds a token after a frame came
	wrong chan error    // why the parent cannot be obeyed
}

// feed takes frames until stdin ends.
func (w *worker) feed(stdin io.Reader) {
	defer close(w.quit)
	frames := child.Reader{Protocol: toWorker, R: stdin}
	for {
		_, payload, err := frames.Next()
		if err != nil && !errors.Is(err, io.EOF) {
			w.wrong <- err
		}
		if err != nil {
			return
		}
		if !w.ring.put(payload) {
			w.wrong <- fmt.Errorf("%w: more frames than may be under way", child.ErrGarbage)
			return
		}
		select {
		case w.fed <- struct{}{}:
		default: // there is a token already
		}
	}
}

// run does the work, and reports an error to the parent before it returns it.
func (w *worker) run() error {
	work := w.play
	if w.list {
		work = w.listAll
	}
	err := work()
	if err == nil {
		return w.out.bye()
	}
	f := failure{Message: err.Error()}
	for code, cause := range library.Speakers.Failures() {
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
		devices, err := lib.Devices(library.Speakers, true)
		if err != nil {
			listing.Notes = append(listing.Notes, b.Title+": "+err.Error())
		}
		listing.Devices = append(listing.Devices, devices...)
		listing.Backends = append(listing.Backends, b.Name)
	}
	return w.out.json(kindDevices, listing)
}

// play finds the device, opens it and plays until quit.
func (w *worker) play() error {
	lib, err := library.Open(w.backend, w.log.Line)
	if err != nil {
		return err
	}
	devices, err := lib.Devices(library.Speakers, false)
	if err != nil {
		return err
	}
	d, listed, err := w.selector.Find(library.Speakers, lib.Backend, devices)
	if err != nil {
		return lib.Without(err)
	}
	gone := make(chan error, 2)
	device, err := openDevice(lib, d, w.ring, listed, w.log.Line)
	if err != nil {
		return err
	}
	if err := w.out.json(kindHello, hello{Device: d, Rate: int(device.SampleRate())}); err != nil {
		return err
	}
	if listed {
		go w.look(lib, d, gone)
	}
	memory.Trim() // most of this binary is never needed here
	return w.serve(device, gone)
}

// serve plays what comes. The device runs while there is sound.
func (w *worker) serve(device *malgo.Device, gone <-chan error) error {
	rest := time.NewTimer(time.Hour)
	rest.Stop()
	runs, told := false, uint64(0)
	for {
		select {
		case <-w.fed:
			if !runs {
				if err := device.Start(); err != nil {
					return fmt.Errorf("starting the speaker: %w", err)
				}
				runs = true
			}
			rest.Reset(cmp.Or(w.rest, restAfter))
		case <-w.ring.wake:
			if taken := w.ring.tail.Load(); taken > told { // not told with the one before
				if err := w.out.taken(taken); err != nil {
					return err
				}
				told = taken
			}
		case <-rest.C:
			if !w.ring.empty() {
				rest.Reset(cmp.Or(w.rest, restAfter))
				continue
			}
			if err := device.Stop(); err != nil {
				return fmt.Errorf("stopping the speaker: %w", err)
			}
			runs = false
		case err := <-gone:
			return err // the process ends now, and with it the device
		case err := <-w.wrong:
			return err
		case <-w.quit:
			_ = device.Stop() // an error changes nothing: Uninit follows
			device.Uninit()
			return nil
		}
	}
}

// look watches whether the device is still listed. It may get stuck: then either no frame is taken, too, or all is well.
func (w *worker) look(lib *library.Library, d library.Device, gone chan<- error) {
	tick := time.NewTicker(cmp.Or(w.options.look, lookEvery))
	defer tick.Stop()
	for {
		select {
		case <-w.quit:
			return
		case <-tick.C:
		}
		devices, err := lib.Devices(library.Speakers, false)
		if err != nil {
			gone <- fmt.Errorf("%w: the audio server no longer answers: %w", library.Speakers.Gone, err)
			return
		}
		if _, err := (library.Selector{ID: d.ID}).Pick(library.Speakers, devices); err != nil {
			gone <- fmt.Errorf("%w: the audio server no longer lists it; plug it in again", library.Speakers.Gone)
			return
		}
	}
}

// openDevice opens d, which then takes its sound from r. If it blocks, the worker is killed.
func openDevice(l *library.Library, d library.Device, r *ring, listed bool, log func(string)) (*malgo.Device, error) {
	id, done, err := d.Pointer()
	if err != nil {
		return nil, err
	}
	defer done()
	config := malgo.DefaultDeviceConfig(malgo.Playback)
	config.SampleRate = play.Rate
	config.PeriodSizeInMilliseconds = 40
	config.Periods = 2
	config.Resampling.Linear.LpfOrder = 8 // the steepest there is; PulseAudio converts better, by itself
	config.Playback.DeviceID = id
	config.Playback.Format = malgo.FormatS16
	config.Playback.Channels = 1 // the library, or the server, gives it to all channels of the device
	config.Pulse.StreamNamePlayback = "ORAC"
	device, err := malgo.InitDevice(l.Context.Context, config, malgo.DeviceCallbacks{
		Data: func(out, _ []byte, _ uint32) { r.read(out) },
		Stop: func() { log("the device stopped or was suspended") },
	})
	if err != nil && !listed {
		return nil, fmt.Errorf("ALSA cannot open the PCM %q: %w; aplay -L lists known PCMs, and asound.conf defines more; "+
			"a known one may be busy or unplugged", d.ID, err)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", d, err)
	}
	return device, nil
}
