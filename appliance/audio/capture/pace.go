package capture

import (
	"time"

	"orac/appliance/audio"
)

// pace holds back a PCM that delivers sound faster than real time. A PCM that reads a file, or nothing, does so, and would use a
// whole core and fill every buffer. Hardware is never held back: a clock that runs one per cent fast is still its own pace.
type pace struct {
	ahead time.Duration // how much more sound than time there was
	last  time.Time
	now   func() time.Time
	sleep func(time.Duration)
}

const mayBeAhead = time.Second // a device that was late may catch up

func newPace() *pace { return &pace{now: time.Now, sleep: time.Sleep} }

// took counts samples of each channel, and waits if they came too early.
func (p *pace) took(samples int) {
	now := p.now()
	passed := min(now.Sub(p.last), time.Hour) // at first it is for ever
	p.ahead = max(0, p.ahead-passed-passed/100) + audio.Time(samples)
	p.last = now
	if p.ahead > mayBeAhead {
		p.sleep(p.ahead - mayBeAhead)
	}
}
