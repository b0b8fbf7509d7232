package node

import (
	"bytes"
	"errors"

	"orac/appliance/audio/wav"
	"orac/appliance/rt"
	"orac/appliance/spool"
	"orac/appliance/status"
)

// Manage asks, for a person, what the spool holds, or does something with one utterance.
type Manage struct {
	status.SpoolRequest
	Reply *rt.Mailbox[Managed]
}

// Managed is the answer to a Manage. Err is a *status.Refusal, or the error of the disk.
type Managed struct {
	status.SpoolAnswer
	Err error
}

func (Manage) request() {}

func (n *Spool) manage(t *rt.Task, r Manage) {
	var m Managed
	switch r.Do {
	case status.SpoolList:
		m.Utterances, m.Err = n.list(t)
	case status.SpoolRetry:
		m.Err = n.kept.Again(t, r.ID, n.Config.Get().Services)
	case status.SpoolDrop:
		m.Err = n.kept.Drop(t, r.ID)
	case status.SpoolSound:
		m.WAV, m.Err = n.wav(t, r.ID)
	}
	m.Err = refusal(r, m.Err)
	if m.Err == nil && r.Do != status.SpoolList {
		t.Trace("person: " + r.Do)
	}
	r.Reply.TrySend(t, m)
}

// refusal puts an error of the spool into words for people.
func refusal(r Manage, err error) error {
	switch {
	case errors.Is(err, spool.ErrUnknown):
		return UnknownID(r.ID)
	case errors.Is(err, spool.ErrNoService):
		return &status.Refusal{Code: status.Invalid, Message: "the runbook no longer has the service that refused " + r.ID,
			Hint: "To keep its sound as a file: orac spool export " + r.ID}
	}
	return err
}

// UnknownID is the refusal of a request for something that does not exist.
func UnknownID(id string) error {
	return &status.Refusal{Code: status.Unknown, Message: "nothing called " + id + " waits or was set aside", Hint: "To see what is there: orac spool list"}
}

func (n *Spool) list(t *rt.Task) ([]status.Utterance, error) {
	var list []status.Utterance
	for _, e := range n.kept.Entries() {
		u := status.Utterance{
			ID: e.Meta.ID, Listener: e.Meta.Listener, WakeWord: e.Meta.WakeWord, Wake: e.Meta.WakeAt, Seconds: e.Meta.Duration().Seconds(),
			State: "waiting", Services: e.Pending(), Sent: e.Meta.Sent, Cut: e.Meta.Cut(),
		}
		if e.Recording() {
			u.State = "recording"
		}
		list = append(list, u)
	}
	asides, err := n.kept.Asides(t)
	for _, a := range asides {
		u := status.Utterance{
			ID: a.ID, Listener: a.Listener, WakeWord: a.WakeWord, Wake: a.WakeAt, Seconds: a.Duration().Seconds(), State: "refused", Services: []string{}, Sent: a.Sent, Aside: a.At, Cut: a.Cut(),
		}
		for _, r := range a.Refused {
			u.Services, u.Causes = append(u.Services, r.STT), append(u.Causes, r.Cause)
		}
		list = append(list, u)
	}
	return list, err
}

func (n *Spool) wav(t *rt.Task, id string) ([]byte, error) {
	pcm, err := n.kept.Sound(t, id)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = wav.Encode(&b, pcm)
	return b.Bytes(), err
}
