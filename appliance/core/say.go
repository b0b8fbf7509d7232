package core

import (
	"fmt"
	"strings"

	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/play"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/runbook"
)

// Players are the states of all speakers. It may be called from anywhere.
func (c *Core) Players() (list []node.PlayerShown) {
	for _, v := range c.runner.Views() {
		if p, ok := v.code.(*node.Player); ok {
			list = append(list, p.Shown())
		}
	}
	return list
}

// Say has a text spoken as an announcement, and returns when it was heard, or why it was not. An error is a refusal.
func (c *Core) Say(t *rt.Task, r status.SayRequest) (said status.Said, err error) {
	rb := c.runner.Graph().Runbook
	if said.Speaker, err = one("speaker", r.Speaker, rb.Speakers, func(s runbook.Speaker) string { return s.Name }); err != nil {
		return said, err
	}
	if r.Voice == "" {
		for _, l := range rb.Listeners {
			if l.Speaker.Name() == said.Speaker && l.TTS != "" {
				r.Voice = l.TTS.Name()
				break
			}
		}
	}
	if said.Voice, err = one("tts", r.Voice, rb.TTSs, func(s runbook.TTS) string { return s.Name }); err != nil {
		return said, err
	}
	if len(r.Text) > play.MostText {
		return said, &status.Refusal{Code: status.Invalid, Message: fmt.Sprintf("the text has more than %d bytes", play.MostText)}
	}
	to := graph.PlaysAt(*c.runner.boxes.Load(), said.Speaker)
	if to == nil {
		return said, &status.Refusal{Code: status.Busy, Message: "the speaker does not run yet", Hint: "orac status shows what the appliance does."}
	}
	told := rt.NewMailbox[play.Told]("said", 2)
	ask := node.Play{Request: play.Request{Priority: play.Announcement, What: "an announcement", Source: play.Source{Say: &play.Say{Voice: said.Voice, Text: r.Text}}}, Told: told}
	if !to.TrySend(t, ask) {
		return said, &status.Refusal{Code: status.Busy, Message: "too much waits to be played", Hint: "Say it again."}
	}
	for { // a player tells of the end of each sound
		x, err := told.Recv(t, rt.Never)
		if err != nil {
			return said, err
		}
		if x.Ended {
			said.Heard, said.Seconds, said.Cause = x.Cause == play.Done, x.Played.Seconds(), string(x.Cause)
			if x.Err != nil {
				said.Error = x.Err.Error()
			}
			return said, nil
		}
	}
}

// one finds a block by its name, or the only one.
func one[B any](what, name string, blocks []B, nameOf func(B) string) (string, error) {
	var names []string
	for _, b := range blocks {
		if nameOf(b) == name {
			return name, nil
		}
		names = append(names, nameOf(b))
	}
	switch {
	case len(names) == 0:
		return "", &status.Refusal{Code: status.Unknown, Message: "the runbook in force has no " + what, Hint: "Declare one: orac schema --markdown shows how."}
	case name == "" && len(names) == 1:
		return names[0], nil
	case name == "":
		return "", &status.Refusal{Code: status.Unknown, Message: fmt.Sprintf("there are several %ss: say which", what), Hint: "There are " + strings.Join(names, ", ") + "."}
	}
	return "", &status.Refusal{Code: status.Unknown, Message: fmt.Sprintf("there is no %s %q", what, name), Hint: "There are " + strings.Join(names, ", ") + "."}
}
