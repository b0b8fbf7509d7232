package play

import (
	"context"
	"fmt"
	"slices"
	"time"

	"orac/runbook/scenario"
	"orac/sim/trial/schedule"
	"orac/sim/trial/tally"
)

// prepareSounds lists which sounds are played when. A sound that is not available here is unsupported, as a fault would be.
func (r *run) prepareSounds() error {
	v := &voices{dir: r.o.Sounds, words: map[string][]int16{}}
	names := schedule.Devices(r.w.book.rb)
	for _, s := range r.sc.Sounds {
		device := s.Device
		if device == "" && len(names) > 0 {
			device = names[0]
		}
		if r.w.mics[device] == nil {
			r.silent(s, fmt.Errorf("device %q is not a microphone, so no sound can be played into it", device))
			continue
		}
		draw := schedule.Stream(r.o.Seed, "sound "+string(s.Address))
		model := s.Model
		if model == "" && s.Play == "speech" && len(r.w.book.rb.Models) > 0 {
			model = r.w.book.rb.Models[0].Name
		}
		var pcm []int16
		for i, at := range schedule.Times(draw, s.At, s.Every, s.Jitter, s.Times, r.sc.Head.For) {
			if i == 0 || s.Play == "speech" { // spoken commands take turns; everything else repeats
				var err error
				if pcm, err = v.sound(s, r.w.book.rb, r.o.Seed); err != nil {
					r.silent(s, err)
					break
				}
			}
			if at+time.Duration(len(pcm))*time.Second/rate >= r.sc.Head.For {
				break // the run would end before the sound does
			}
			p := &play{due: at, device: device, pcm: pcm, Sound: tally.Sound{Model: model, Wakes: s.Wakes, Speaks: s.Play == "speech" && s.Command > 0}}
			r.account.plays = append(r.account.plays, p)
		}
	}
	slices.SortStableFunc(r.account.plays, func(a, b *play) int { return int(a.due - b.due) })
	for _, p := range r.account.plays {
		r.account.Plays(p.device, &p.Sound)
	}
	return nil
}

func (r *run) silent(s scenario.Sound, err error) {
	r.out.Unsupported = append(r.out.Unsupported, fmt.Sprintf("%s cannot be played: %v", s.Address, err))
}

// playAll plays every sound at its time.
func (r *run) playAll(ctx context.Context) {
	for _, p := range r.account.plays { // the list is complete; the fields of its members are guarded
		if !r.sleep(ctx, p.due) {
			return
		}
		r.mu.Lock()
		begin, end := r.w.mics[p.device].play(p.pcm, time.Now())
		p.At, p.Until = begin.Sub(r.began), end.Sub(r.began)
		r.event("sound", "world", p.device)
		r.mu.Unlock()
	}
}
