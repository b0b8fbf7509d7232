package setup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"orac/appliance/audio"
	"orac/cmd/orac/screen"
	"orac/models"
	"orac/models/detect"
)

// trial listens for the chosen wake words, and shows how well it hears them.
type trial struct {
	term    *terminal
	say     string
	needs   float64 // the threshold
	changed chan struct{}

	mu    sync.Mutex // guards the fields below
	db    float64
	level float64
	score float64
	best  float64
	heard int
	err   error // why listening ended
}

// errEnough ends listening when the person has had enough.
var errEnough = errors.New("enough")

// run listens to a microphone until Enter is pressed. It has closed the detector when it returns.
func (tr *trial) run(ctx context.Context, m Microphone, d *detect.Detector) (err error) {
	defer func() { err = errors.Join(err, d.Close()) }()
	listening, stop := context.WithCancelCause(ctx)
	var worker sync.WaitGroup
	worker.Go(func() {
		err := open(listening, m, func(pcm *[audio.HopSamples]int16) error { return tr.hear(d, pcm) })
		if !errors.Is(context.Cause(listening), errEnough) {
			tr.mu.Lock()
			tr.err = err
			tr.mu.Unlock()
			tr.tell()
		}
	})
	defer worker.Wait()
	defer stop(errEnough)

	tr.term.keys.drain()
	defer tr.term.out.EndLive(false)
	for {
		tr.term.out.Live(tr.drawn())
		k, pressed, err := tr.term.keys.next(ctx, tr.changed)
		if err != nil {
			return err
		}
		if pressed && k == enter {
			return nil
		}
	}
}

func (tr *trial) tell() {
	select {
	case tr.changed <- struct{}{}:
	default:
	}
}

func (tr *trial) hear(d *detect.Detector, pcm *[audio.HopSamples]int16) error {
	r, err := d.Push(pcm)
	if err != nil {
		return err
	}
	best := 0.0
	for i, m := range d.Models() {
		best = max(best, bestOf(r.Scores[i].Values, r.Scores[i].Masked, m.Ignored))
	}
	tr.mu.Lock()
	tr.level, tr.db = levelOf(pcm)
	tr.score, tr.best = best, max(tr.best, best)
	tr.heard += len(r.Detections)
	tr.mu.Unlock()
	tr.tell()
	return nil
}

func (tr *trial) drawn() []string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	out := tr.term.out
	if tr.err != nil {
		return []string{
			out.Bad("The microphone gives no more sound."),
			"  " + screen.Clean(tr.err.Error()), "  " + out.Faint("Enter continues"),
		}
	}
	status := "  " + out.Faint("Enter skips this")
	if tr.heard > 0 {
		status = "  " + out.Good(fmt.Sprintf("Heard it: the best score was %.2f.", tr.best)) + out.Faint(" Say it again, or press Enter to continue.")
	}
	return []string{
		out.Strong(fmt.Sprintf("Say “%s” now, as loud and from as far away as you later will.", tr.say)),
		fmt.Sprintf("  sound  %s  %4.0f dB", tr.term.bar(tr.level), tr.db),
		fmt.Sprintf("  score  %s  %.2f   best %.2f, needed %.2f", tr.term.bar(tr.score), tr.score, tr.best, tr.needs),
		status,
	}
}

// outcome says in a few words how the trial went.
func (tr *trial) outcome() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	switch {
	case tr.heard > 0:
		return fmt.Sprintf("heard “%s” with a score of %.2f", tr.say, tr.best)
	case tr.err != nil:
		return "not tried: the microphone gave no sound"
	case tr.best < tr.needs/3:
		return "not heard; try it with orac run, or see orac detect --help"
	}
	return fmt.Sprintf("not heard: the best score was %.2f, and %.2f is needed. Lower the threshold of the model, or move the microphone closer", tr.best, tr.needs)
}

// saying returns what to say to models of the catalogue.
func saying(names []string) string {
	var words []string
	for _, name := range names {
		if e, err := models.Find(name); err == nil {
			words = append(words, e.WakeWord)
		}
	}
	return strings.Join(words, "” or “")
}

// bestOf returns the best score of a model in one hop, leaving out the ignored classes.
func bestOf(values []float32, masked bool, ignored []int) (best float64) {
	if masked {
		return 0
	}
	for class, v := range values {
		skip := false
		for _, i := range ignored {
			skip = skip || i == class
		}
		if !skip {
			best = max(best, float64(v))
		}
	}
	return best
}
