package sim

import (
	"errors"
	"fmt"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/runbook"
)

// voiceDoor is a model of the door of a Wyoming service, without its sockets: clients take one of its places, send sound as fast as it is
// spoken, and are answered when the engine has understood it.
type voiceDoor struct {
	m        *machine
	name     string                    // of the block
	settings func() node.WyomingConfig // nil while it is shut
	told     *rt.Mailbox[event.Body]
	taken    int // places for sound
}

const (
	// doorTime is how long the real one lets a piece of sound wait for the engine and be understood.
	doorTime = time.Minute
	// unreadTime is after how long the real one closes a client that takes nothing.
	unreadTime = 10 * time.Second
)

// door makes the door of a block for one process of the appliance.
func (m *machine) door(block runbook.Address, _ string) (node.Door, error) {
	return &voiceDoor{m: m, name: block.Name(), told: rt.NewMailbox[event.Body]("told", 64)}, nil
}

// Serve implements node.Door.
func (d *voiceDoor) Serve(t *rt.Task, settings func() node.WyomingConfig, opened func(), tell func(event.Body)) error {
	d.settings, d.m.doors[d.name] = settings, d
	defer func() { d.settings = nil }()
	opened()
	for {
		b, err := d.told.Recv(t, rt.Never)
		if err != nil {
			return err
		}
		tell(b)
	}
}

// hear is a client's request for the text of a sound. Its error is what the client is told beside an empty text.
func (d *voiceDoor) hear(t *rt.Task, id string, pcm []int16) (text string, err error) {
	if d == nil || d.settings == nil {
		return "", errors.New("connection refused")
	}
	limits := d.settings().Block
	if d.taken >= limits.MaxStreams {
		return "", fmt.Errorf("%d clients are being served", d.taken)
	}
	d.taken++
	defer func() { d.taken-- }()
	if err := t.Sleep(audio.Time(len(pcm))); err != nil {
		return "", err
	}
	if d.settings == nil {
		return "", errors.New("the connection ended")
	}
	ended, core := t.Now(), d.m.core
	var r stt.Result
	job := t.Go("job", func(t *rt.Task) (err error) {
		r, err = core.Transcribe(t, limits.Engine, stt.Utterance{ID: id}, pcm)
		return err
	})
	if err = t.Wait(job, ended.Add(doorTime)); errors.Is(err, rt.ErrTimeout) {
		job.Stop()
		_ = t.Wait(job, rt.Never) // it ends at once: it only waits for its answer
	}
	if err == nil {
		text = r.Spoken(0)
	}
	said := event.Answered{Address: "192.0.2.2", Text: text, Seconds: audio.Time(len(pcm)).Seconds(), Took: t.Now().Sub(ended).Seconds()}
	if err != nil {
		said.Cause = err.Error()
	}
	d.told.TrySend(t, said)
	return text, err
}

// dictate asks a Wyoming service of this appliance, as a Home Assistant does. It is a person who says the command again where nothing was
// understood.
func (s *remote) dictate(t *rt.Task, c *plea) error {
	text, err := s.m.doors[s.Wyoming].hear(t, c.ID, c.pcm)
	if errors.Is(err, rt.ErrStopped) && t.Stopping() {
		return err
	}
	s.under = false
	switch {
	case s.m.unreached("caller", s.Name) != nil, err != nil: // the answer is lost on its way, or says that there is no text
		s.again(0)
		return nil
	case text != c.Text:
		s.m.judge.Break(s.m.now(), "labels", fmt.Sprintf("%s was answered %q; it said %q", c.ID, text, c.Text))
	}
	c.pcm = nil
	s.waiting, s.failures = s.waiting[1:], 0
	s.served++
	s.m.todo.add(s.m.now(), s.send)
	return nil
}

// mostUnreading is how many clients come: as many as a service has places for sound by default.
const mostUnreading = 4

// unreading makes clients that take all places for sound of a Wyoming service, send one sound after the other, and read no answer. They
// come again when they are sent away, and to a process that is started meanwhile.
func (m *machine) unreading(o *occurrence) func() {
	over := false
	for n := range mostUnreading {
		connected := 0 // the start of the process that it is connected to
		var come func()
		come = func() {
			if over {
				return
			}
			if m.driver != nil && connected != m.boots {
				connected = m.boots
				rt.New(m.driver, fmt.Sprint("callers/unread ", n), func(t *rt.Task) error {
					for until := t.Now().Add(unreadTime); t.Now() < until && !over; {
						if _, err := m.doors[o.Target].hear(t, o.Name, make([]int16, 3*audio.Rate)); err != nil {
							if err := t.Sleep(time.Second); err != nil {
								return err
							}
						}
					}
					connected = 0
					return nil
				})
			}
			m.todo.add(m.now()+time.Second, come)
		}
		m.todo.add(m.now(), come)
	}
	return func() { over = true }
}
