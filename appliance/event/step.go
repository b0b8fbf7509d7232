package event

import (
	"strconv"
	"strings"
	"time"

	"orac/appliance/thread"
)

// Step is a part of the way of one command, from the wake word to the answer, as an event tells it. Traces are made of steps: see
// node.Traces. A kind of event tells steps if its type has a method steps. What was said in the room is in none of them.
type Step struct {
	Of    thread.Thread
	Joins string // the ID of a thread that goes on as this one: the wake word of a command
	Name  string // what kind of step: a few words, which never hold what differs from command to command
	Key   string // tells it from others of its name in the thread, in the same appliance; "" if there is one
	Under string // the ID of the step that it is a part of; "" for the one that the thread's Parent names
	Role  StepRole
	From  time.Time // zero: an event before has told the beginning
	To    time.Time // zero: it goes on, and another event tells the end
	Whole bool      // To is only the end so far: it ends when nothing of the thread goes on any more
	Fails string    // why it failed; "" if it did not
	With  []Fact    // more about it
}

// ID tells a step from others of its thread. Whoever makes a call for it passes that on: see thread.Sampling.
func (s Step) ID() string {
	if s.Key == "" {
		return s.Name
	}
	return s.Name + " " + s.Key
}

// StepRole is a step's part in an exchange.
type StepRole int

// The roles.
const (
	Within  StepRole = iota
	Asks             // it asks another program, and waits for the answer
	Answers          // it answers another program
)

// Fact is something about a step: a string, an int, a float64 or a bool.
type Fact struct {
	Name  string
	Value any
}

// Steps returns the parts of commands that the event tells.
func (e Event) Steps() []Step {
	b, ok := e.Unspoken().Body.(interface{ steps(at time.Time) []Step })
	if !ok {
		return nil
	}
	list := b.steps(e.At)
	for i := range list {
		list[i].With = append(list[i].With, Fact{"orac.node", e.Node})
	}
	return list
}

// command is the step that all others of a listener's command are parts of.
const command = "command"

// wholeCommand tells how far the command has come.
func wholeCommand(utterance string, to time.Time, facts ...Fact) Step {
	return Step{Of: thread.Thread{ID: utterance}, Name: command, To: to, Whole: true, With: facts}
}

func (b Wake) steps(at time.Time) []Step {
	of := thread.Thread{ID: b.ID}
	return []Step{
		{Of: of, Name: command, From: at, To: at, Whole: true, With: []Fact{{"orac.listener", b.Listener}, {"orac.topic", b.Topic}}},
		{Of: of, Name: "wake", Under: command, From: at, To: at, Whole: true, With: []Fact{
			{"orac.model", b.Model}, {"orac.score", float64(b.Score)}, {"orac.threshold", float64(b.Threshold)}, {"orac.device", b.Device},
		}},
	}
}

func (b RecordingStarted) steps(at time.Time) []Step {
	of := thread.Thread{ID: b.Utterance}
	return []Step{
		{Of: of, Joins: b.Wake, Name: command, To: at, Whole: true},
		{Of: of, Name: "record", Under: command, From: at, With: []Fact{{"orac.listener", b.Listener}}},
	}
}

func (b RecordingEnded) steps(at time.Time) []Step {
	of := thread.Thread{ID: b.Utterance}
	return []Step{
		{Of: of, Name: "record", To: at, With: []Fact{{"orac.seconds", b.Seconds}, {"orac.ended", b.Why}, {"orac.cut", b.Cut}}},
		{Of: of, Name: "spool", Under: command, From: at, Whole: true}, // until a service has answered
		wholeCommand(b.Utterance, at),
	}
}

func (b Dropped) steps(at time.Time) []Step {
	end := Step{Of: thread.Thread{ID: b.Utterance}, Name: "record", To: at, Fails: b.Cause}
	whole := wholeCommand(b.Utterance, at, Fact{"orac.outcome", "dropped"})
	if !b.Muted {
		whole.Fails = b.Cause
	}
	return []Step{end, {Of: end.Of, Name: "spool", To: at, Whole: true, Fails: b.Cause}, whole}
}

// DeliverStep is the ID of a try to hand an utterance to a service.
func DeliverStep(stt string, attempt int) string {
	return Step{Name: "deliver", Key: deliverKey(stt, attempt)}.ID()
}

func deliverKey(stt string, attempt int) string { return stt + " " + strconv.Itoa(attempt) }

func (b DeliveryStarted) steps(at time.Time) []Step {
	if b.Way == "check" { // a part of the try that goes on
		return nil
	}
	facts := []Fact{{"orac.stt", b.STT}, {"orac.way", b.Way}, {"orac.attempt", b.Attempt}}
	if b.By != "" {
		facts = append(facts, Fact{"orac.stand_in", b.By})
	}
	return []Step{{Of: thread.Thread{ID: b.Utterance}, Name: "deliver", Key: deliverKey(b.STT, b.Attempt), Under: command, Role: Asks, From: at, With: facts}}
}

func (b DeliveryFailed) steps(at time.Time) []Step {
	return []Step{{Of: thread.Thread{ID: b.Utterance}, Name: "deliver", Key: deliverKey(b.STT, b.Attempt), To: at, Fails: b.Cause}}
}

func (b Delivered) steps(at time.Time) []Step {
	end := Step{Of: thread.Thread{ID: b.Utterance}, Name: "deliver", Key: deliverKey(b.STT, b.Attempts), To: at, With: []Fact{{"orac.outcome", b.Outcome}}}
	whole := wholeCommand(b.Utterance, at, Fact{"orac.outcome", b.Outcome})
	if b.Outcome == "failed" {
		end.Fails, whole.Fails = b.Cause, b.Cause
	}
	return []Step{end, {Of: end.Of, Name: "spool", To: at, Whole: true}, whole}
}

// ServeStep is the ID of the step in which an STT server answers another machine with the transcript of that ID.
func ServeStep(transcript string) string { return Step{Name: "serve", Key: transcript}.ID() }

// stamp tells what was tried at different times from each other.
func stamp(at time.Time) string { return strconv.FormatInt(at.UnixNano(), 36) }

func (b Served) steps(at time.Time) []Step {
	if b.Of == (thread.Thread{}) {
		return nil
	}
	done := at
	if !b.Ended.IsZero() {
		done = b.Ended
	}
	began := done.Add(-seconds(b.Took))
	came := began.Add(-seconds(b.Waited))
	key := b.Utterance
	if key == "" { // it was sent away, and comes again
		key = stamp(at)
	}
	step := Step{Of: b.Of, Name: "serve", Key: key, Role: Answers, From: came, To: at, Fails: b.Cause, With: []Fact{
		{"orac.stt_server", b.Server}, {"orac.topic", b.Topic}, {"orac.seconds", b.Seconds}, {"orac.streamed", b.Streamed}, {"orac.peer", b.Peer},
	}}
	list := []Step{step}
	if b.Waited > 0 {
		list = append(list, Step{Of: b.Of, Name: "queue", Key: key, Under: step.ID(), From: came, To: began})
	}
	if !b.Busy {
		list = append(list, Step{Of: b.Of, Name: "engine", Key: key, Under: step.ID(), From: began, To: done, Fails: b.Cause})
	}
	return list
}

// ForwardStep is the ID of a try, which began at that time, to hand a text to a Core or a topic.
func ForwardStep(core string, began time.Time) string {
	return Step{Name: "forward", Key: forwardKey(core, began)}.ID()
}

func forwardKey(core string, began time.Time) string {
	return core + " " + stamp(began)
}

func (b Forwarded) steps(at time.Time) []Step {
	if b.Began.IsZero() {
		return nil
	}
	step := Step{
		Of: b.Of, Name: "forward", Key: forwardKey(b.Core, b.Began), Under: b.Under, Role: Asks, From: b.Began, To: at,
		With: []Fact{{"orac.core", b.Core}, {"orac.outcome", b.Outcome}},
	}
	if b.Outcome != "done" {
		step.Fails = b.Cause
	}
	return []Step{step}
}

// ReadStep is the ID of the step in which a topic finds out what a text means that came at that time. The same text may come again.
func ReadStep(came time.Time) string { return Step{Name: "read", Key: stamp(came)}.ID() }

// CallStep is the ID of a call to a backend, the number-th for the text that came at that time.
func CallStep(came time.Time, number int) string {
	return Step{Name: "call", Key: callKey(came, number)}.ID()
}

func callKey(came time.Time, number int) string { return stamp(came) + " " + strconv.Itoa(number) }

// CommandStep is the ID of the step that all others of a listener's command are parts of.
const CommandStep = command

func (b Acted) steps(at time.Time) []Step {
	of := thread.Thread{ID: b.Trace, Parent: b.Parent}
	if of.ID == "" {
		of.ID = b.Request
	}
	act := Step{Of: of, Name: "act", Key: stamp(b.Came), Role: Answers, From: b.Came, To: at, With: []Fact{
		{"orac.topic", b.Topic}, {"orac.tier", b.Tier}, {"orac.result", b.Result}, {"orac.verified", b.Verified},
	}}
	if b.Result == "failed" || b.Result == "unknown" || b.Result == "refused" {
		act.Fails = b.Reason
	}
	list := []Step{act, wholeCommand(of.ID, at)}
	if !b.ReadAt.IsZero() {
		read := Step{Of: of, Name: "read", Key: act.Key, Under: act.ID(), From: b.Came, To: b.ReadAt, With: []Fact{{"orac.tier", b.Tier}}}
		if b.Model != "" {
			read.With = append(read.With, Fact{"orac.language_model", b.Model})
		}
		list = append(list, read)
	}
	for _, c := range b.Calls {
		list = append(list, c.steps(act, at)...)
	}
	return list
}

// mostTargets bounds how many entities a step names.
const mostTargets = 8

func (c ActedCall) steps(act Step, at time.Time) (list []Step) {
	if c.Number == 0 || c.Sent.IsZero() {
		return nil
	}
	call := Step{Of: act.Of, Name: "call", Key: callKey(act.From, c.Number), Under: act.ID(), Role: Asks, From: c.Sent, To: c.Answered, With: []Fact{
		{"orac.backend", c.Backend}, {"orac.intent", c.Intent}, {"orac.service", c.Service}, {"orac.verdict", c.Verdict},
		{"orac.targets", strings.Join(c.Targets[:min(len(c.Targets), mostTargets)], " ")},
	}}
	if c.Verdict == "failed" || c.Verdict == "unknown" {
		call.Fails = c.Reason
	}
	if call.To.IsZero() {
		call.To = at
	}
	list = append(list, call)
	verify := Step{Of: act.Of, Name: "verify", Key: call.Key, Under: act.ID(), From: call.To, To: c.Proof, With: []Fact{{"orac.verdict", c.Verdict}}}
	switch {
	case c.Answered.IsZero():
		return list
	case c.Verdict == "unproven": // it was waited for in vain
		verify.To, verify.Fails = at, c.Reason
	case c.Proof.Before(c.Answered):
		return list
	}
	return append(list, verify)
}

func (b HomeAsked) steps(at time.Time) []Step {
	if b.Wake == "" { // the conversation goes on, and no command is told of it
		return nil
	}
	return []Step{{Of: thread.Thread{ID: b.Wake}, Name: "home", Key: b.Satellite, Under: command, Role: Asks, From: at, With: []Fact{{"orac.satellite", b.Satellite}}}}
}

func (b HomeOver) steps(at time.Time) []Step {
	if b.Wake == "" {
		return nil
	}
	end := Step{Of: thread.Thread{ID: b.Wake}, Name: "home", Key: b.Satellite, To: at, With: []Fact{{"orac.outcome", b.outcome()}}}
	whole := wholeCommand(b.Wake, at, Fact{"orac.outcome", b.outcome()})
	if b.Lost || b.Handed {
		end.Fails = b.outcome()
	}
	if b.Lost {
		whole.Fails = end.Fails
	}
	return []Step{end, whole}
}

// steps of what answers a command. A chime comes so early that it may not be known yet by which ID the command goes.
func (b SoundPlayed) steps(at time.Time) []Step {
	if b.Command == "" || b.Priority != "answer" {
		return nil
	}
	step := Step{
		Of: thread.Thread{ID: b.Command}, Name: "play", Key: b.ID, Under: command, From: at.Add(-seconds(b.Waited + b.Seconds)), To: at,
		With: []Fact{{"orac.speaker", b.Speaker}, {"orac.waited", b.Waited}, {"orac.seconds", b.Seconds}, {"orac.ended", b.Cause}},
	}
	if b.Cause == "failed" || b.Cause == "late" {
		step.Fails = b.Cause
	}
	return []Step{step, wholeCommand(b.Command, at)}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
