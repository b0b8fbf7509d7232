package node

import (
	"errors"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/utterance"
)

// Recorder records what is said after a wake word, together with the sound just before it, and hands it to the spool
// as it comes in.
type Recorder struct {
	Name     string // address of the node
	Listener string
	Device   string
	Config   *rt.Cell[RecorderConfig]

	In     *rt.Mailbox[Wake]
	Ring   *rt.Mailbox[Follow]
	Out    *rt.Out[Piece]
	Events Events
	Mutes  *rt.Cell[Mutes]

	recorded int64 // hops before this one already belong to an utterance
	draining rt.Cell[bool]
}

// RecorderConfig are the settings of a recorder. A recording that has begun keeps the settings that
// it began with.
type RecorderConfig struct {
	Patient bool     // the sound comes from a file, which waits
	Deliver []string // names of the services that receive the utterance
	PreRoll time.Duration
	End     utterance.EndpointConfig
	Stall   time.Duration // a recording ends after this time without a hop
}

// Update implements Updater.
func (r *Recorder) Update(fresh Node) {
	f := fresh.(*Recorder)
	r.Config.Take(f.Config)
	r.Out.To(f.Out)
}

// Piece is part of an utterance on its way to the spool. One of Begin, Hop, End and Anew is set.
type Piece struct {
	Anew      string // a listener whose recorder begins anew: this ends what the recorder before it was recording
	Utterance string // ID
	Begin     *utterance.Meta
	Hop       *audio.Hop
	End       *utterance.Meta
}

// Run implements Node.
func (r *Recorder) Run(t *rt.Task) error {
	if err := r.Out.Send(t, Piece{Anew: r.Listener}); err != nil {
		return over(err)
	}
	for {
		w, err := r.In.Recv(t, rt.Never)
		if err != nil {
			return over(err)
		}
		for again := true; again; {
			why, err := r.record(t, w)
			if err != nil {
				return err
			}
			// Wakes within a recording belong to it, unless it was cut off before the command that follows the last of them.
			again = false
			for r.In.Stats().Len > 0 {
				next, ok := r.In.TryRecv(t)
				if !ok {
					break
				}
				w, again = next, why != utterance.Silence || next.Seq >= r.recorded
			}
		}
	}
}

// Drain implements Drainer: the sound ends because the appliance stops.
func (r *Recorder) Drain() { r.draining.Take(rt.NewCell(true)) }

// record records one utterance from its pre-roll to its end, and returns why it ended.
func (r *Recorder) record(t *rt.Task, w Wake) (utterance.Why, error) {
	config := r.Config.Get()
	preRoll := int64(config.PreRoll / audio.HopTime)
	hops := rt.NewMailbox[*audio.Hop]("recording", int(config.End.Max/audio.HopTime)+int(preRoll)+1)
	if config.Patient {
		hops = rt.NewPatientMailbox[*audio.Hop]("recording", 4)
	}
	defer hops.Close(t)
	from := max(w.Seq-preRoll+1, r.recorded, 0)
	if err := r.Ring.Send(t, Follow{From: from, To: hops}); err != nil {
		return "", over(err)
	}
	m := utterance.Meta{
		ID: w.ID, Wake: w.ID, Device: r.Device, Listener: r.Listener, Model: w.Model, WakeWord: w.WakeWord,
		Topic: w.Topic, Score: w.Score, WakeAt: w.At, Deliver: config.Deliver,
	}
	samples, why, stop := r.follow(t, config, m, w.Seq, hops)
	if samples == 0 { // the sound ended, or the device was lost, before there was any
		t.Trace("nothing recorded", w.Seq)
		return why, stop
	}
	m.EndAt, m.Why, m.Samples = t.Wall(), why, samples
	t.Trace("recorded", int64(samples))
	say(t, r.Events, r.Name, event.RecordingEnded{
		Utterance: m.ID, Wake: w.ID, Listener: r.Listener, Seconds: m.Duration().Seconds(), Why: string(why), Cut: why.CutOff(), Of: originOf(m),
	})
	if !r.end(t, Piece{Utterance: m.ID, End: &m}) {
		return why, rt.ErrStopped
	}
	return why, stop
}

// follow passes hops on until the recording ends, and returns how it ended. stop is rt.ErrStopped if the recorder was
// told to stop.
func (r *Recorder) follow(t *rt.Task, config RecorderConfig, m utterance.Meta, wake int64, hops *rt.Mailbox[*audio.Hop]) (samples int, why utterance.Why, stop error) {
	var e *utterance.Endpointer
	since := r.Mutes.Get().Heard(r.Listener, t.Now())
	for {
		hop, err := hops.Recv(t, t.Now().Add(config.Stall))
		switch {
		case err == nil:
		case !errors.Is(err, rt.ErrStopped) && r.Mutes.Get().Deaf(r.Listener, t.Now()):
			return samples, utterance.Muted, nil
		case errors.Is(err, rt.ErrClosed) && r.draining.Get():
			return samples, utterance.Stopped, nil
		case errors.Is(err, rt.ErrClosed):
			return samples, utterance.SoundOver, nil
		case errors.Is(err, rt.ErrTimeout):
			return samples, utterance.DeviceLost, nil
		default:
			return samples, r.told(), err
		}
		switch {
		case hop.At < since: // another listener hears the device, so the ring still holds it
			continue
		case r.Mutes.Get().Deaf(r.Listener, hop.At):
			return samples, utterance.Muted, nil
		}
		if hop.Reset && samples > 0 && hop.Seq > wake {
			return samples, utterance.DeviceLost, nil
		}
		if samples == 0 {
			m.PreRoll = int(max(0, wake-hop.Seq+1)) * audio.HopSamples
			if err := r.Out.Send(t, Piece{Utterance: m.ID, Begin: &m}); err != nil {
				return 0, r.told(), over(err)
			}
			t.Trace("recording", wake)
			say(t, r.Events, r.Name, event.RecordingStarted{Utterance: m.ID, Wake: m.Wake, Listener: r.Listener, Of: originOf(m)})
		}
		if err := r.Out.Send(t, Piece{Utterance: m.ID, Hop: hop}); err != nil {
			return samples, r.told(), err
		}
		samples += audio.HopSamples
		r.recorded = hop.Seq + 1
		if hop.Seq <= wake {
			continue
		}
		if e == nil {
			e = utterance.NewEndpointer(config.End, audio.Time(samples-audio.HopSamples))
		}
		if why, over := e.Hop(&hop.PCM); over {
			return samples, why, nil
		}
	}
}

// told is why a recorder was told to stop in the middle of a recording.
func (r *Recorder) told() utterance.Why {
	if r.draining.Get() {
		return utterance.Stopped
	}
	return utterance.Restarted
}

// end hands over the last piece even if the recorder was told to stop: otherwise the spool would hold an utterance that
// never ends. It does not wait in that case, and the spool completes the utterance when it is next opened.
func (r *Recorder) end(t *rt.Task, p Piece) bool {
	if t.Stopping() {
		for _, m := range r.Out.Boxes() {
			m.TrySend(t, p)
		}
		return false
	}
	return r.Out.Send(t, p) == nil
}
