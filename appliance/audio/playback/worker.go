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
	"orac/appliance/audio/workers"
	"orac/appliance/child"
	"orac/appliance/memory"
	"orac/appliance/play"
)

// Command is the word on the command line that makes the program a worker.
const Command = "playback-worker"

const (
	closeGrace = 100 * time.Millisecond // for the library to close a device, before the process simply ends
	restAfter  = 10 * time.Second       // without sound, the device is stopped
)

// options are the arguments of a worker.
type options struct {
	workers.Options
	rest time.Duration // 0: restAfter
}

func parseOptions(args []string, stderr io.Writer) (o options, err error) {
	err = o.Parse(Command, "play at", args, stderr, func(f *flag.FlagSet) {
		f.DurationVar(&o.rest, "rest", 0, "stop the device after so long without sound; 10s if 0")
	})
	if err == nil {
		err = workers.NotShort("rest", o.rest)
	}
	return o, err
}

// args is the inverse of parseOptions.
func (o options) args() []string {
	a := o.Args()
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
		return workers.UsageError
	}
	out := newFrameWriter(fromWorker, stdout)
	w := &worker{
		options: o, out: out, ring: newRing(), fed: make(chan struct{}, 1), wrong: make(chan error, 1),
		Worker: workers.Worker{
			Name: Command, Use: library.Speakers, Backend: o.Backend, Out: &out.Writer, Log: library.NewQuietLog(stderr), Quit: make(chan struct{}),
		},
	}
	go w.feed(stdin)
	return w.Main(o.List, w.play, closeGrace, stderr)
}

// worker is the state of WorkerMain. Only the task that plays writes to out.
type worker struct {
	workers.Worker
	options
	out   *frameWriter
	ring  *ring
	fed   chan struct{} // holds a token after a frame came
	wrong chan error    // why the parent cannot be obeyed
}

// feed takes frames until stdin ends.
func (w *worker) feed(stdin io.Reader) {
	defer close(w.Quit)
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

// play finds the device, opens it and plays until quit.
func (w *worker) play() error {
	lib, d, listed, err := w.Find(w.Selector)
	if err != nil {
		return err
	}
	gone := make(chan error, 2)
	device, err := openDevice(lib, d, w.ring, listed, w.Log.Line)
	if err != nil {
		return err
	}
	if err := w.out.JSON(workers.KindHello, hello{Device: d, Rate: int(device.SampleRate()), Channels: int(device.PlaybackChannels())}); err != nil {
		return err
	}
	if listed {
		go w.Watch(lib, d, w.Look, gone)
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
		case <-w.Quit:
			_ = device.Stop() // an error changes nothing: Uninit follows
			device.Uninit()
			return nil
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
	config.SampleRate = 0 // that of the device: what the library, or the server, makes of another is worse than what form does
	config.PeriodSizeInMilliseconds = 40
	config.Periods = 2
	config.Resampling.Linear.LpfOrder = 8 // the steepest there is
	config.Playback.DeviceID = id
	config.Playback.Format = malgo.FormatS16
	config.Playback.Channels = 0 // those of the device
	config.Pulse.StreamNamePlayback = "ORAC"
	var sound *form // set before the device is started
	open := func() (*malgo.Device, error) {
		return malgo.InitDevice(l.Context.Context, config, malgo.DeviceCallbacks{
			Data: func(out, _ []byte, _ uint32) { sound.fill(out) },
			Stop: func() { log("the device stopped or was suspended") },
		})
	}
	device, err := open()
	if err == nil {
		rate := libraryRate(int(device.SampleRate())) != int(device.SampleRate())
		// The library has another order of more channels than the server's: there the second is not the right one. The server knows its own.
		wide := l.Backend == "pulse" && device.PlaybackChannels() > bothSides
		if rate {
			config.SampleRate = play.Rate
		}
		if wide {
			config.Playback.Channels = bothSides
		}
		if rate || wide {
			device.Uninit()
			device, err = open()
		}
	}
	if err != nil && !listed {
		return nil, fmt.Errorf("ALSA cannot open the PCM %q: %w; aplay -L lists known PCMs, and asound.conf defines more; "+
			"a known one may be busy or unplugged", d.ID, err)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", d, err)
	}
	sound = newForm(r, int(device.SampleRate()), int(device.PlaybackChannels()))
	return device, nil
}
