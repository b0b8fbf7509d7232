package node

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/appliance/utterance"
)

const (
	// boundedTries is the least number of failures before an utterance is set aside.
	boundedTries = 5
	// slowTries is enough when every try took long, as with a service that hangs.
	slowTries = 3
	slowTime  = time.Minute
	// patience is the shortest time for which an utterance is tried: a service that is still starting
	// gets its chance.
	patience = 30 * time.Second
	// trusted is how many utterances in a row may be set aside after patience only. A service that fails on more, with no
	// success in between, has a fault of its own, whatever its health check says: each further utterance is tried for twice as
	// long as the one before, up to longPatience. So an engine that fails for an hour sets few aside, and no number of bad
	// utterances in a row stops delivery for good.
	trusted      = 3
	longPatience = 10 * time.Minute
)

// HTTP statuses.
const (
	tooManyRequests = 429
	internalError   = 500
)

// suspicion decides, from the failures of one utterance, whether the utterance or its service is to
// blame.
type suspicion struct {
	tries int        // failures that count against the utterance
	since rt.Instant // the first of those failures
	slow  bool       // the service asked for time: it is busy, not broken
	hides bool       // its engine failed, and its health check does not show it

	doubts  int        // such failures, and answers of 500 while its health was not well: either may be to blame
	doubted rt.Instant // the first of them, or when another utterance was last tried
}

// weigh counts a failure. A failure counts against the utterance if the service answered that it failed, or if its health was
// well just before this try. well is what the service said of itself then. Other failures are blamed on the service: they are
// not counted, and the utterance waits until the outage is over. asked tells whether the service has a health check; such a
// check says nothing of the engine behind it.
func (s *suspicion) weigh(now rt.Instant, err error, well, asked bool) {
	e, ok := errors.AsType[*stt.Error](err)
	if !ok {
		return
	}
	switch e.Retry() {
	case stt.RetryBounded:
		if s.hides = s.hides || asked && e.Kind == stt.Engine; s.hides {
			s.question(now)
		}
	case stt.RetryForever:
		if !well || !aboutUtterance(e) {
			if e.Status == internalError { // a proxy answers 502, 503 or 504 for a service that is away: not the service's answer
				s.question(now)
			}
			return
		}
	}
	if s.tries++; s.tries == 1 {
		s.since = now
	}
	s.slow = s.slow || e.Status == tooManyRequests || e.RetryAfter > 0
}

// question counts a failure for which either may be to blame.
func (s *suspicion) question(now rt.Instant) {
	if s.doubts++; s.doubts == 1 {
		s.doubted = now
	}
}

// doubtful tells whether to try a different utterance to find out who is to blame: after as many tries and as long as for a
// healthy service, and then once every patience.
func (s *suspicion) doubtful(now rt.Instant) bool {
	if s.doubts < boundedTries || now.Sub(s.doubted) < patience {
		return false
	}
	s.doubted = now
	return true
}

// aboutUtterance tells whether an utterance can cause a failure that looks like an outage: a 5xx, no answer in time, a
// connection that is reset. Bad credentials and a wrong address are not its fault.
func aboutUtterance(e *stt.Error) bool {
	switch e.Kind {
	case stt.Busy, stt.Timeout:
		return true
	case stt.Unreachable:
		return e.Status == 0
	}
	return false
}

// proven tells whether the utterance has had its tries. aside is how many utterances were set aside before it since the
// service last answered one.
func (s *suspicion) proven(now rt.Instant, aside int) bool {
	need := patience
	for range min(aside, 16) - trusted + 1 {
		need = min(2*need, longPatience)
	}
	if s.slow || s.hides {
		need = longPatience
	}
	took := now.Sub(s.since)
	return took >= need && (s.tries >= boundedTries || s.tries >= slowTries && took >= slowTime)
}

// told is the cause of a failure, with the number of counted tries.
func (s *suspicion) told(now rt.Instant, cause error) error {
	if s.tries < 2 {
		return cause
	}
	return fmt.Errorf("it failed %d times in %v while the service was well: %w", s.tries, now.Sub(s.since).Round(time.Second), cause)
}

// another tries a different waiting utterance, once, and tells whether the service answered it. If so, the service is well,
// whatever its health check says, and the first utterance is to blame. The second try follows the first at once, so a service
// that has just come back is not mistaken for one that was well all the time. If the engine fails on both, that is an outage,
// and ORAC waits until it is over.
func (n *Delivery) another(t *rt.Task, c *course) (bool, error) {
	next, whole, err := n.other(t, c)
	if err != nil || next.Seq == 0 || whole.Err != nil || len(whole.PCM) == 0 {
		return false, err
	}
	o := &course{Job: next, pcm: whole.PCM, attempts: 1}
	o.Meta, o.Ended = whole.Meta, whole.Ended
	if slices.Contains(o.Meta.Sent, n.STT) { // it may be under way: its turn comes later
		return false, nil
	}
	say(t, n.Events, n.Name, event.DeliveryStarted{Utterance: o.Meta.ID, STT: n.STT, By: n.by(), Way: n.Whole, Attempt: 1})
	result, err := n.transcribe(t, o)
	switch {
	case errors.Is(err, rt.ErrStopped):
		return false, err
	case err == nil && n.said(o, result).answers():
		return true, n.done(t, o, n.Whole, result)
	case err == nil: // which proves nothing while the reason is unknown
		err = errNothingHeard
	}
	if e, ok := errors.AsType[*stt.Error](err); (!ok || e.Kind == stt.Engine) && c.hides {
		c.since = t.Now()
	}
	n.note(t, o, err)
	n.failed(t, o, n.Whole, err, "in its turn")
	return false, nil
}

// other is a complete utterance that waits behind another: each time the next one, and after the last the first.
func (n *Delivery) other(t *rt.Task, c *course) (next Job, whole Whole, err error) {
	jobs := rt.NewMailbox[Job]("another", 1)
	for _, after := range []utterance.Seq{max(c.Seq, c.other), c.Seq} {
		if err := n.Spool.Send(t, Next{STT: n.STT, After: after, Now: true, Reply: jobs}); err != nil {
			return Job{}, whole, err
		}
		if next, err = jobs.Recv(t, rt.Never); err != nil || next.Seq != 0 {
			break
		}
	}
	c.other = next.Seq
	if err != nil || next.Seq == 0 {
		return next, whole, err
	}
	reply := rt.NewMailbox[Whole]("sound", 1)
	if err := n.Spool.Send(t, Sound{Seq: next.Seq, Reply: reply}); err != nil {
		return next, whole, err
	}
	whole, err = reply.Recv(t, rt.Never)
	return next, whole, err
}

// health asks the service how it is. A service that has no health check is not asked. The end of the task counts as not asked, and
// is the error then.
func (n *Delivery) health(t *rt.Task) (h stt.Health, asked bool, err error) {
	p, ok := n.Client.(stt.Prober)
	if !ok {
		return h, false, nil
	}
	h, err = p.Health(t)
	return h, !errors.Is(err, rt.ErrStopped), err
}

// well asks the service whether it is there and ready for work, and fails only when the task is told to stop. A service that
// answers that it has no health check is there.
func (n *Delivery) well(t *rt.Task) (bool, error) {
	h, asked, err := n.health(t)
	if !asked {
		return false, err
	}
	n.heed(t, h)
	if h.Status == stt.Degraded {
		return true, nil
	}
	if e, ok := errors.AsType[*stt.Error](err); ok {
		return e.Kind == stt.Protocol || e.Kind == stt.Unreachable && e.Status/100 == 4, nil
	}
	return err == nil && h.Status != stt.Initializing, nil
}
