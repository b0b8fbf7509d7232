package wyoming

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"orac/appliance/audio/resample"
	"orac/appliance/event"
	"orac/appliance/stt"
	"orac/appliance/utterance"
	wire "orac/appliance/wyoming"
)

const (
	// answerTime is how long a piece of sound may wait for the engine and be understood.
	answerTime = 60 * time.Second
	// maxOwed is how many answers a client may wait for on one connection.
	maxOwed = 4
)

// dictations are the requests for text of a connection, answered one after the other.
type dictations struct {
	*conn
	sound
	wanted wire.Transcribe // by the next sound
	now    *dictation      // whose sound comes; nil if none does
	before <-chan struct{} // closed when all requests before are answered; nil: there are none
}

// dictation is one request for text.
type dictation struct {
	ctx     context.Context
	cancel  context.CancelFunc
	before  <-chan struct{} // closed when all requests before are answered; nil: there are none
	entered bool            // it has one of the places for sound
	pcm     []int16         // not yet given to the engine
	samples int             // in all
	bytes   int64           // as they came
	pieces  chan []int16    // on their way to the engine; closed at the end of the sound
	why     chan error      // why its sound will not be understood, once
	ended   time.Time       // when the sound was over; set before pieces is closed
	refused bool            // its sound is skipped

	mu    sync.Mutex // guards given, and is held while something is said to the client
	given bool       // it was given up: nothing is said any more
}

// giveUp ends a request that nobody waits for.
func (n *dictation) giveUp() {
	n.mu.Lock()
	n.given = true
	n.mu.Unlock()
	n.cancel()
}

// say writes to the client, unless the request was given up.
func (n *dictation) say(write func() error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.given {
		return nil
	}
	return write()
}

// handle implements talk.
func (d *dictations) handle(e wire.Event) error {
	switch e.Kind {
	case wire.KindTranscribe:
		d.wanted = wire.Transcribe{}
		return e.Decode(&d.wanted)
	case wire.KindAudioStart:
		if d.now != nil { // the client begins anew: nobody waits for what was before
			d.before = d.now.before // what comes waits for the requests before the one that is given up
			d.now.giveUp()
			d.now = nil
		}
		if err := d.sound.start(e); err != nil {
			return err
		}
		d.begin()
	case wire.KindAudioChunk:
		if d.now == nil { // audio-start is not needed: each chunk says its format
			d.sound.conv = nil
			d.begin()
		}
		return d.take(e)
	case wire.KindAudioStop:
		if d.now == nil { // no sound at all
			d.sound.conv = nil
			d.begin()
		}
		return d.finish()
	}
	return nil // an event of another service, or of the future
}

// end implements talk.
func (d *dictations) end() { d.cancel() }

// begin begins a request.
func (d *dictations) begin() {
	most := int(d.settings().Block.MaxSound.Seconds())*resample.Rate/pieceLeast + 2
	n := &dictation{before: d.before, pieces: make(chan []int16, most), why: make(chan error, 1)}
	n.ctx, n.cancel = context.WithCancel(d.ctx)
	language := d.wanted.Language
	d.now, d.wanted = n, wire.Transcribe{}
	d.setLive(true)
	err := d.speaks(language)
	if err == nil {
		err = d.enter()
		n.entered = err == nil
	}
	if err != nil {
		d.refuse(err)
	}
	answered := make(chan struct{})
	d.before = answered
	d.running.Go(func() {
		defer close(answered)
		d.answer(n)
	})
}

// speaks tells why a language cannot be understood. A language stands for its regions, too.
func (d *dictations) speaks(language string) error {
	base := func(s string) string {
		if i := strings.IndexAny(s, "-_"); i >= 0 {
			s = s[:i]
		}
		return strings.ToLower(s)
	}
	ours := d.settings().Language
	if language != "" && base(language) != base(ours) {
		return fmt.Errorf("the language %.20q is not understood here, only %q", language, ours)
	}
	return nil
}

// refuse has the client told why its sound will not be understood, when it is its turn. It gets an empty transcript at its end.
func (d *dictations) refuse(why error) {
	d.now.refused, d.now.pcm = true, nil
	d.now.why <- why // it is refused once
}

// take takes a chunk of sound.
func (d *dictations) take(e wire.Event) error {
	n, limits := d.now, d.settings().Block
	if n.bytes += int64(len(e.Payload)); n.bytes > int64(limits.MaxBytes) {
		err := fmt.Errorf("one request may have %d bytes of sound", int64(limits.MaxBytes))
		d.fail(codeSTT, err)
		return err
	}
	most := int(limits.MaxSound.Seconds() * resample.Rate)
	if n.refused || n.samples >= most { // read, so that the client is answered, and not kept
		return nil
	}
	had := len(n.pcm)
	pcm, _, err := d.chunk(n.pcm, e)
	switch {
	case errors.Is(err, wire.ErrFormat):
		return err
	case err != nil:
		d.refuse(err)
		return nil
	}
	n.pcm = pcm
	n.keep(had, most)
	return nil
}

// keep counts what was added to the sound beyond had samples, and gives whole pieces to the engine.
func (n *dictation) keep(had, most int) {
	n.samples += len(n.pcm) - had
	if over := n.samples - most; over > 0 {
		n.pcm, n.samples = n.pcm[:len(n.pcm)-over], most
	}
	for len(n.pcm) > pieceMost {
		at := cutAt(n.pcm)
		n.give(n.pcm[:at:at])
		n.pcm = append([]int16(nil), n.pcm[at:]...)
	}
}

func (n *dictation) give(pcm []int16) {
	select {
	case n.pieces <- pcm:
	default: // max_sound has grown since this began: the rest is beyond what held then
	}
}

// finish ends the sound. From here on the client waits.
func (d *dictations) finish() error {
	n := d.now
	d.now = nil
	d.setLive(false)
	if d.sound.conv != nil && !n.refused {
		had := len(n.pcm)
		n.pcm = d.sound.conv.Flush(n.pcm)
		n.keep(had, int(d.settings().Block.MaxSound.Seconds()*resample.Rate))
	}
	d.sound.conv = nil
	if len(n.pcm) > 0 {
		n.give(n.pcm)
	}
	n.ended = time.Now()
	close(n.pieces)
	if d.owe(1) > maxOwed {
		err := fmt.Errorf("more than %d requests wait on one connection", maxOwed)
		d.fail(codeSTT, err)
		return err
	}
	return nil
}

// answer has the engine understand the pieces of a request, and answers it when the ones before are answered.
func (d *dictations) answer(n *dictation) {
	defer n.cancel()
	a := &answer{dictations: d, dictation: n}
	err := a.understand()
	if n.entered {
		d.leave()
	}
	if !a.turn() {
		return // the client has gone, or has begun anew
	}
	said := event.Answered{Address: d.address.String(), Seconds: float64(n.samples) / resample.Rate, Took: time.Since(n.ended).Seconds()}
	text := strings.Join(a.texts, " ")
	if err != nil { // a part of a command may mean the opposite of the whole
		a.refused(err)
		text, said.Cause = "", err.Error()
	}
	if said.Text = text; !n.refused {
		d.tell(said)
	}
	if err := d.out.Write(wire.KindTranscript, wire.Transcript{Text: text, Language: d.settings().Language}, nil); err != nil {
		d.Close()
		return
	}
	if a.begun {
		_ = d.out.Write(wire.KindTranscriptStop, nil, nil) // the next write shows whether the client is there
	}
	d.owe(-1)
}

// answer is the answer to a request on its way.
type answer struct {
	*dictations
	*dictation
	texts []string // of the pieces
	begun bool     // transcript-start was sent
}

// turn waits until the requests before are answered; false: nobody waits any more.
func (a *answer) turn() bool {
	if a.dictation.before != nil {
		select {
		case <-a.dictation.before:
		case <-a.dictation.ctx.Done():
		}
	}
	return a.dictation.ctx.Err() == nil
}

// refused tells the client, in its turn, why its sound is not understood.
func (a *answer) refused(why error) {
	if a.turn() {
		_ = a.say(func() error { a.fail(codeSTT, why); return nil })
	}
}

// understand has the engine understand each piece, and sends its text as it comes.
func (a *answer) understand() (failed error) {
	for {
		select {
		case <-a.dictation.ctx.Done():
			return a.dictation.ctx.Err()
		case why := <-a.why:
			a.refused(why)
		case pcm, more := <-a.pieces:
			switch {
			case !more:
				select {
				case why := <-a.why:
					a.refused(why)
				default:
				}
				return failed
			case failed != nil:
				continue
			}
			text, err := a.engine(pcm)
			if failed = err; err != nil || text == "" {
				continue
			}
			a.texts = append(a.texts, text)
			if !a.turn() {
				return a.dictation.ctx.Err()
			}
			a.send(text)
		}
	}
}

// send sends the text of a piece.
func (a *answer) send(text string) {
	if len(a.texts) > 1 {
		text = " " + text
	}
	_ = a.say(func() error { // the transcript follows, and its error counts
		if !a.begun {
			a.begun = true
			_ = a.out.Write(wire.KindTranscriptStart, wire.TranscriptStart{Language: a.settings().Language}, nil)
		}
		return a.out.Write(wire.KindTranscriptChunk, wire.TranscriptChunk{Text: text}, nil)
	})
}

// engine has the engine understand one piece.
func (a *answer) engine(pcm []int16) (string, error) {
	ctx, cancel := context.WithTimeout(a.dictation.ctx, answerTime)
	defer cancel()
	now := time.Now()
	r, err := a.o.Transcribe(ctx, a.settings().Block.Engine, stt.Utterance{ID: utterance.ID(now, rand.Uint32()), End: now}, pcm)
	if err != nil {
		return "", err
	}
	return r.Spoken(0), nil
}
