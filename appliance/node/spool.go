package node

import (
	"slices"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/spool"
	"orac/appliance/status"
	"orac/appliance/stt"
	"orac/appliance/utterance"
)

// Spool owns the utterances: it writes them while they are recorded, hands them to the delivery nodes in order, and
// removes them when all services have answered.
type Spool struct {
	Name     string // address of the node
	FS       rt.FS
	Age      Age // for sounds that are kept
	Config   *rt.Cell[SpoolConfig]
	In       *rt.Mailbox[Piece]
	Requests *rt.Mailbox[Request]
	Events   Events

	// The fields below outlive an instance: the next one continues with them.
	kept    *spool.Spool
	tails   map[utterance.Seq][]Tail
	waiting []Next
	sounds  []Sound
	quiet   rt.Cell[bool]
	retry   rt.Instant // when to try the disk again
	prune   rt.Instant // when to look at kept sounds; 0: none are kept
	mark    any
	shown   rt.Cell[status.Spool]
}

// Shown is how full the spool is. It may be called from anywhere.
func (n *Spool) Shown() status.Spool { return n.shown.Get() }

// SpoolConfig are the settings of a spool.
type SpoolConfig struct {
	Limits   spool.Limits
	Services []string // all that exist
}

// Drain implements Drainer: no more utterances are handed out; those that are kept wait for the next
// start.
func (n *Spool) Drain() { n.quiet.Take(rt.NewCell(true)) }

// diskRetry is how often to retry a disk that refuses.
const diskRetry = 2 * time.Second

// Update implements Updater.
func (n *Spool) Update(fresh Node) { n.Config.Take(fresh.(*Spool).Config) }

// Run implements Node. When everything that records has finished, it continues until everything is
// delivered.
func (n *Spool) Run(t *rt.Task) error {
	if n.kept == nil {
		n.open(t)
	} else {
		n.kept.Retry(t) // what the last instance was doing when it failed
	}
	n.show()
	n.mark = nil
	for {
		c, changed := n.Config.Changed(&n.mark)
		if changed {
			n.kept.Limit(c.Limits)
			n.kept.Serve(t, c.Services)
			n.report(t)
		}
		if changed || n.prune != 0 && t.Now() >= n.prune {
			p, known := n.Age.now(t)
			_ = n.kept.Prune(t, p, known) // what cannot be deleted now is deleted next time
			switch n.prune = 0; {
			case !n.kept.Keeps():
			case known:
				n.prune = t.Now().Add(pruneEvery)
			default:
				n.prune = t.Now().Add(ageEvery)
			}
		}
		retry, until := rt.Never, rt.Never
		if n.kept.DiskErr() != nil {
			if n.retry == 0 {
				n.retry = t.Now().Add(diskRetry)
			}
			retry, until = n.retry, n.retry
		}
		if n.prune != 0 {
			until = min(until, n.prune)
		}
		which, err := n.wait(t, until)
		if t.Now() >= retry { // however busy the mailboxes are
			n.retry = 0
			n.kept.Retry(t)
		}
		switch {
		case err == rt.ErrTimeout:
		case err != nil:
			n.takeRest(t)
			return err
		case which == 0:
			if p, ok := n.In.TryRecv(t); ok {
				n.piece(t, p)
			}
		default:
			if r, ok := n.Requests.TryRecv(t); ok {
				n.answer(t, r)
			}
		}
		n.report(t)
		n.handOut(t)
		n.show()
		if n.In.Closed() && n.kept.Stats().Waiting == 0 {
			return nil
		}
	}
}

func (n *Spool) open(t *rt.Task) {
	n.tails = map[utterance.Seq][]Tail{}
	var err error
	if n.kept, err = spool.Open(t, n.FS, n.Config.Get().Limits); err != nil {
		say(t, n.Events, n.Name, event.Spooled{Where: "memory", Cause: err.Error()})
	}
	for _, r := range n.kept.Reports() {
		n.found(t, r)
	}
}

// wait waits for a piece or a request, pieces first. When everything that records has finished, only requests
// remain.
func (n *Spool) wait(t *rt.Task, until rt.Instant) (int, error) {
	if n.In.Closed() && n.In.Stats().Len == 0 {
		_, err := rt.Select(t, until, n.Requests)
		return 1, err
	}
	return rt.Select(t, until, n.In, n.Requests)
}

// takeRest writes what had been recorded, and answered, when the spool was told to stop.
func (n *Spool) takeRest(t *rt.Task) {
	for p, ok := n.In.TryRecv(t); ok; p, ok = n.In.TryRecv(t) {
		n.piece(t, p)
	}
	for r, ok := n.Requests.TryRecv(t); ok; r, ok = n.Requests.TryRecv(t) {
		if a, ok := r.(Answered); ok {
			n.answer(t, a)
		}
	}
}

func (n *Spool) piece(t *rt.Task, p Piece) {
	switch e := n.kept.Recording(p.Utterance); {
	case p.Anew != "":
		n.orphans(t, p.Anew)
	case p.Begin != nil:
		n.kept.Begin(t, *p.Begin)
	case e == nil: // this process never received its beginning
	case p.Hop != nil:
		for _, tail := range n.tails[e.Seq] { // the stream first: the disk may be slow
			tail.To.TrySend(t, chunk(p.Hop.PCM[:]))
		}
		n.kept.Append(t, e, p.Hop.PCM[:])
	case p.End != nil && p.End.Why == utterance.Muted:
		n.cancel(t, e)
	case p.End != nil:
		n.end(t, e, *p.End)
	}
}

// end completes an utterance. A service to which all of it was streamed learns of the end once that is on disk. The same write
// notes that the service may have the utterance, so a stream costs no write of its own.
func (n *Spool) end(t *rt.Task, e *spool.Entry, m utterance.Meta) {
	tails, ended := n.tails[e.Seq], t.Now()
	delete(n.tails, e.Seq)
	for _, tail := range tails {
		if !tail.To.Closed() && !t.Stopping() { // a stop does not end a stream
			m.Sent = append(m.Sent, tail.STT)
		}
	}
	defer func() {
		for _, tail := range tails {
			tail.Ended.TrySend(t, Whole{Meta: m, Ended: ended})
			tail.To.Close(t)
		}
	}()
	n.kept.End(t, e, m)
	t.Trace("spooled", int64(e.Seq), int64(e.Meta.Samples))
}

// cancel drops what was being recorded when its listener was muted. Half a command is worth less than none, and whoever mutes in the
// middle of one wants it unheard. A service to which it was streamed is not told that it is over: the connection ends.
func (n *Spool) cancel(t *rt.Task, e *spool.Entry) {
	tails := n.tails[e.Seq]
	delete(n.tails, e.Seq)
	for _, tail := range tails {
		tail.Ended.TrySend(t, Whole{Gone: true})
		tail.To.Close(t)
	}
	n.kept.Cancel(t, e, "ORAC was muted while it was recorded")
	t.Trace("cancelled", int64(e.Seq))
}

// orphans completes what a failed recorder was recording: nothing else would, and all later utterances would wait.
func (n *Spool) orphans(t *rt.Task, listener string) {
	for _, e := range n.kept.RecordingOf(listener) {
		m := e.Meta
		m.EndAt, m.Why = t.Wall(), utterance.Cut
		seconds := audio.Time(len(n.kept.PCM(e))).Seconds()
		n.end(t, e, m)
		say(t, n.Events, n.Name, event.RecordingEnded{
			Utterance: m.ID, Wake: m.Wake, Listener: listener, Seconds: seconds, Why: string(m.Why), Cut: m.Why.CutOff(), Of: originOf(m),
		})
	}
}

func (n *Spool) answer(t *rt.Task, r Request) {
	switch r := r.(type) {
	case Next:
		if r.Now {
			n.atOnce(t, r)
			return
		}
		n.waiting = append(n.waiting, r)
	case Tail:
		n.tail(t, r)
	case Sound:
		n.sounds = append(n.sounds, r)
	case Sending:
		defer written(t, r.Reply)
		if e := n.kept.Entry(r.Seq); e != nil {
			n.kept.Sent(t, e, r.STT, !r.Not)
		}
	case Manage:
		n.manage(t, r)
	case Answered:
		defer written(t, r.Reply)
		if e := n.kept.Entry(r.Seq); e != nil {
			if r.Refused {
				n.kept.Refused(t, e, r.STT, r.Cause)
			} else {
				n.kept.Answered(t, e, r.STT)
			}
			t.Trace("answered", int64(r.Seq))
		}
	}
}

// written tells who waits that the disk was asked. It is deferred: also after a panic, from which this node starts again, nobody waits
// for ever.
func written(t *rt.Task, reply *rt.Mailbox[struct{}]) {
	if reply != nil {
		reply.TrySend(t, struct{}{})
	}
}

func (n *Spool) tail(t *rt.Task, r Tail) {
	e := n.kept.Entry(r.Seq)
	if e == nil || !e.Recording() {
		r.To.Close(t) // too late: the caller asks for the whole utterance
		return
	}
	pcm := n.kept.PCM(e)
	for len(pcm) > 0 {
		m := min(len(pcm), audio.HopSamples)
		r.To.TrySend(t, chunk(pcm[:m]))
		pcm = pcm[m:]
	}
	n.tails[r.Seq] = append(n.tails[r.Seq], r)
}

// sound answers a request for a whole utterance, and tells whether it could.
func (n *Spool) sound(t *rt.Task, r Sound) bool {
	e := n.kept.Entry(r.Seq)
	switch {
	case e == nil:
		r.Reply.TrySend(t, Whole{Gone: true})
	case e.Recording():
		return false
	default:
		pcm, err := n.kept.Audio(t, e)
		r.Reply.TrySend(t, Whole{Meta: e.Meta, PCM: pcm, Err: err, Ended: e.Ended()})
	}
	return true
}

// atOnce answers a request that does not wait for an utterance.
func (n *Spool) atOnce(t *rt.Task, r Next) {
	var job Job
	if e := n.kept.Next(r.STT, r.After+1); e != nil && !e.Recording() && !n.quiet.Get() {
		job = Job{Seq: e.Seq, Meta: e.Meta}
	}
	r.Reply.TrySend(t, job)
}

// handOut hands utterances to the delivery nodes that wait for one.
func (n *Spool) handOut(t *rt.Task) {
	n.sounds = slices.DeleteFunc(n.sounds, func(r Sound) bool { return n.sound(t, r) })
	if n.quiet.Get() {
		return
	}
	left := n.waiting[:0]
	for _, w := range n.waiting {
		e := n.kept.Next(w.STT, 0)
		if e == nil || e.Recording() && !w.Live {
			left = append(left, w)
			continue
		}
		w.Reply.TrySend(t, Job{Seq: e.Seq, Meta: e.Meta, Recording: e.Recording()})
	}
	clear(n.waiting[len(left):])
	n.waiting = left
}

func (n *Spool) show() {
	s := n.kept.Stats()
	now := status.Spool{Waiting: s.Waiting, DiskBytes: s.DiskBytes, MemoryBytes: s.MemoryBytes, Dropped: s.Dropped, Refused: s.Refused}
	if err := n.kept.DiskErr(); err != nil {
		now.Error = err.Error()
	}
	if now != n.shown.Get() {
		n.shown.Take(rt.NewCell(now))
	}
}

// report reports what happened to utterances.
func (n *Spool) report(t *rt.Task) {
	for _, r := range n.kept.Reports() {
		switch {
		case r.Dropped:
			t.Trace("dropped", int64(r.Entry.Seq))
			say(t, n.Events, n.Name, event.Dropped{Utterance: r.Entry.Meta.ID, Cause: r.Cause, Muted: r.Cancelled, Of: originOf(r.Entry.Meta)})
		default:
			t.Trace("kept in "+r.Where, int64(r.Entry.Seq))
			say(t, n.Events, n.Name, event.Spooled{Utterance: r.Entry.Meta.ID, Where: r.Where, Cause: r.Cause})
		}
	}
}

// found reports what was in the spool at the start.
func (n *Spool) found(t *rt.Task, r spool.Report) {
	if r.Where != "disk" || r.Cause != "" {
		say(t, n.Events, n.Name, event.Spooled{Utterance: r.Entry.Meta.ID, Where: r.Where, Cause: r.Cause})
		return
	}
	t.Trace("found", int64(r.Entry.Seq))
	say(t, n.Events, n.Name, event.Salvaged{
		Utterance: r.Entry.Meta.ID, Seconds: r.Entry.Meta.Duration().Seconds(), Cut: r.Cut, Why: string(r.Entry.Meta.Why), Of: originOf(r.Entry.Meta),
	})
}

func chunk(pcm []int16) stt.Chunk {
	c := stt.Chunk{N: len(pcm)}
	copy(c.PCM[:], pcm)
	return c
}
