package capture

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"orac/appliance/audio/library"
	"orac/appliance/audio/workers"
	"orac/appliance/memory"
)

const (
	command      = "capture-worker"
	closeGrace   = 150 * time.Millisecond // for the library to close a device, before the process simply ends
	maxChannels  = 32                     // more crash PulseAudio
	channelsHelp = "record this many `channels` and average them"
)

// options are the arguments of a worker.
type options struct {
	workers.Options
	channels int
	channel  []int
}

func parseOptions(args []string, stderr io.Writer) (o options, err error) {
	err = o.Parse(command, "record from", args, stderr, func(f *flag.FlagSet) {
		f.IntVar(&o.channels, "channels", 1, channelsHelp)
		f.Func("channel", "average these `channels` of the device: 0,1", func(text string) (err error) {
			o.channel, err = parseChannels(text)
			return err
		})
	})
	if err == nil && (o.channels < 1 || o.channels > maxChannels) {
		err = fmt.Errorf("%d channels are outside 1 to %d", o.channels, maxChannels)
	}
	return o, err
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
	a := o.Args()
	if len(o.channel) > 0 {
		a = append(a, "--channel="+strings.Trim(strings.ReplaceAll(fmt.Sprint(o.channel), " ", ","), "[]"))
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
		fmt.Fprintln(stderr, command+":", err)
		return workers.UsageError
	}
	out := newFrameWriter(stdout)
	w := &worker{options: o, out: out, Worker: workers.Worker{
		Name: command, Use: library.Microphones, Backend: o.Backend, Out: &out.Writer, Log: library.NewQuietLog(stderr), Quit: make(chan struct{}),
	}}
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		close(w.Quit)
	}()
	return w.Main(o.List, w.record, closeGrace, stderr)
}

// worker is the state of WorkerMain. Only the task that records writes to out.
type worker struct {
	workers.Worker
	options
	out *frameWriter
}

// record finds the device, opens it and sends its sound until quit.
func (w *worker) record() error {
	lib, d, listed, err := w.Find(w.Selector)
	if err != nil {
		return err
	}
	gone := make(chan error, 2)
	r := newRing(w.channels, w.channel)
	device, err := openDevice(lib, d, r, func() {
		w.Log.Line("the device stopped or was suspended")
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
	if err := w.out.JSON(workers.KindHello, hello{Device: d, Rate: int(device.SampleRate()), Channels: r.channels}); err != nil {
		return err
	}
	if listed {
		go func() {
			memory.Trim() // the sound flows, and most of this binary is never needed here
			w.Watch(lib, d, w.Look, gone)
		}()
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
		case <-w.Quit:
			_ = device.Stop() // an error changes nothing: Uninit follows
			device.Uninit()
			return nil
		}
	}
}
