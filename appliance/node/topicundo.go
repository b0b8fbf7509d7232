package node

import (
	"slices"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/act/journal"
	"orac/appliance/act/sentence"
	"orac/appliance/rt"
)

// memory is what the next text of a session may refer to.
type memory struct{ sessions []remembered }

type remembered struct {
	session string
	until   rt.Instant
	sentence.Remembered
	last act.Answer // that "that was wrong" takes back
}

// mostSessions bounds how many sessions are remembered.
const mostSessions = 200

// of is what a session may refer to.
func (m *memory) of(session string) sentence.Remembered {
	if r := m.find(session); r != nil {
		return r.Remembered
	}
	return sentence.Remembered{}
}

func (m *memory) find(session string) *remembered {
	if i := slices.IndexFunc(m.sessions, func(r remembered) bool { return r.session == session }); i >= 0 && session != "" {
		return &m.sessions[i]
	}
	return nil
}

// keep remembers what was said and done. A session without a name has no memory.
func (m *memory) keep(now rt.Instant, session string, r sentence.Remembered, a act.Answer) {
	if session == "" {
		return
	}
	m.sessions = slices.DeleteFunc(m.sessions, func(o remembered) bool { return o.session == session })
	m.sessions = append(m.sessions, remembered{session, now.Add(sentence.Memory), r, a})
	m.sessions = m.sessions[max(0, len(m.sessions)-mostSessions):]
}

func (m *memory) forget(now rt.Instant) {
	m.sessions = slices.DeleteFunc(m.sessions, func(r remembered) bool { return r.until <= now })
}

// correct takes back what was done last in the session: it forgets that it was learnt, and restores the states before.
func (n *Topic) correct(t *rt.Task, j *deed, e *journal.Entry, until rt.Instant) error {
	last := n.memory.find(j.Session)
	if last == nil || len(last.last.Outcomes) == 0 {
		e.Answer.Reason = "nothing was done here within the last minute"
		return nil
	}
	was := last.last
	if !j.DryRun {
		n.learnt.forget(t, was.Text)
		last.last = act.Answer{} // it is taken back once
	}
	var cannot []string
	done := map[string]bool{}
	for _, o := range slices.Backward(was.Outcomes) { // the newest first: a change of timers is taken back from what it has made
		if u, ok := n.unown(t, j, o); ok && o.Call.Backend == "" {
			e.Answer.Undone = append(e.Answer.Undone, u)
		}
	}
	for _, o := range was.Outcomes { // the oldest first: what was before it was before all
		if o.Call.Backend == "" {
			continue
		}
		commands, not := act.Undo(o, done)
		cannot = append(cannot, not...)
		if err := n.carry(t, j, e, commands, until); err != nil {
			return err
		}
	}
	e.Answer.Undone, e.Answer.Outcomes = append(e.Answer.Undone, e.Answer.Outcomes...), nil
	if len(cannot) > 0 {
		e.Answer.Reason = strings.Join(cannot, "; ")
	} else if len(e.Answer.Undone) == 0 {
		e.Answer.Reason = "the last thing here was only a question"
	}
	return nil
}

// stamped are the times of something that was done here.
func stamped(call act.Call, at time.Time, reply string) act.Outcome {
	return act.Outcome{Call: call, Verdict: act.Proven, Reply: reply, Sent: at, Answered: at, Proof: at}
}
