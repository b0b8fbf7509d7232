package play

import (
	"fmt"
	"slices"
	"time"

	"orac/appliance/audio"
	"orac/chaos/sttserver"
	"orac/runbook"
	"orac/sim/trial/proof"
)

// unproven lists the recordings that a service has answered and whose sound was not checked yet, by their place in the service's
// record. A recording that has only just been answered waits: the report of its end may still be on its way.
func (a *account) unproven(service string, list []sttserver.Heard) (fresh []int) {
	for n, h := range list {
		key := fmt.Sprint(service, " ", n)
		if h.Answered.IsZero() || !h.Whole || h.ID == "" || a.proven[key] || time.Since(h.Answered) < time.Second {
			continue
		}
		if h.Samples == 0 && (time.Since(h.Answered) < emptyTime || slices.ContainsFunc(list, func(x sttserver.Heard) bool { return x.ID == h.ID && x.Samples > 0 })) {
			continue // a stream that began after the end of the recording: it is sent again, whole
		}
		a.proven[key] = true
		fresh = append(fresh, n)
	}
	return fresh
}

// emptyTime is how long a recording may take to be sent whole after a stream that had nothing of it.
const emptyTime = 10 * time.Second

// prove compares a recording that a service has answered with what the microphone has played: the recording must be a part of
// that, without a sample missing, from its pre-roll to its end, and each service must have the same.
func (r *run) prove(service string, h sttserver.Heard, pcm []int16) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.account.Known(h.ID)
	if f == nil || f.Listener == "" {
		return // its process ended before it could report anything
	}
	l, ok := r.w.book.rb.Listener(runbook.Address("listener." + f.Listener))
	mic := r.w.mics[l.Device.Name()]
	if !ok || mic == nil {
		return
	}
	at := h.Answered.Sub(r.began)
	wrong := func(text string) {
		r.judge.Break(at, "sound", fmt.Sprintf("%s, as it was given to %s: %s", h.ID, service, text))
	}
	if first := r.account.sound[h.ID]; first == nil {
		r.account.sound[h.ID] = pcm
	} else if differs := proof.Differs(first, pcm); differs != "" {
		wrong("another service was given another sound: " + differs)
	}
	if f.Samples > 0 && len(pcm) != f.Samples {
		wrong(fmt.Sprintf("it has %d samples, and %d were recorded", len(pcm), f.Samples))
	}
	rules := proof.Rules{Record: l.Record}
	from := mic.gave.Find(pcm)
	if from < 0 {
		// What a fault removes before it reaches the audio server, or prevents the appliance from reading, is missing. The rest
		// must be there.
		holes, differs := mic.gave.Pieces(pcm)
		if differs == "" && holes > 0 && !r.account.Troubled(f.Began-time.Duration(len(pcm))*time.Second/rate, f.Ended) {
			differs = fmt.Sprintf("sound is missing in it in %d places, although nothing disturbed it", holes)
		}
		if differs != "" {
			wrong(differs)
		}
		return
	}
	r.account.exact++
	if f.Began == 0 || r.account.Opened[deviceOf(string(l.Device))]+rules.Record.PreRoll > f.Began || r.account.Troubled(f.Began-2*rules.Record.PreRoll, f.Ended) {
		return
	}
	// A wake is reported after the hop that woke was played: how much later depends on the machine.
	before := mic.gave.By(r.began.Add(f.Began)) - int(rules.PreRoll())*audio.HopSamples
	// A ring keeps whole hops, so what is missing is one at least; by half a hop the clocks of the two processes may differ.
	if late := from - before; late > audio.HopSamples/2 && !r.account.follows[h.ID] {
		wrong(fmt.Sprintf("its pre-roll is %v short", audio.Time(late)))
	}
	for _, p := range r.account.plays {
		end := mic.gave.By(r.began.Add(p.Until))
		if f.Why == "silence" && p.Heard && p.device == l.Device.Name() && p.At < f.Began && f.Began < p.Until && from+len(pcm) < end-2*audio.HopSamples-rate*quietAfter/1000 {
			wrong(fmt.Sprintf("it ends %v before the spoken words end", audio.Time(end-from-len(pcm))))
		}
	}
}

// quietAfter is the silence at the end of a spoken command, in ms; a recording may end within it.
const quietAfter = 1000
