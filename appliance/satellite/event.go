package satellite

import (
	"fmt"
	"strings"

	"orac/appliance/rt"
)

// duplicate is the error of a satellite whose wake word another one has heard, too.
const duplicate = "duplicate_wake_up_detected"

// event takes what Home Assistant tells of a run.
func (v *Voice) event(now rt.Instant, e Event) []Do {
	r := &v.run
	switch v.Phase() {
	case Asking, Listening, Thinking, Speaking, Failed:
	default:
		return nil // of a run that is over here
	}
	if e.Type == EventRunStart {
		return v.begun(now, e)
	}
	if !r.begun && !(e.Type == EventError && len(v.owed) == 0) {
		return nil // of the run before, which was cancelled
	}
	switch e.Type {
	case EventVADEnd:
		return v.close()
	case EventSTTEnd:
		if r.heard {
			return nil
		}
		r.heard = true
		do := append(v.close(), Heard{r.wake, clip(e.Data["text"])})
		if v.phase == Listening || v.phase == Asking {
			v.to(Thinking, now.Add(answerTime))
		}
		return do
	case EventIntentProgress:
		if isOn(e.Data["tts_start_streaming"]) && r.url != "" {
			return v.speak(now, r.url)
		}
	case EventIntentEnd:
		r.conversation, r.goesOn = e.Data["conversation_id"], isOn(e.Data["continue_conversation"])
	case EventTTSStart:
		return []Do{Said{r.wake, clip(e.Data["text"])}}
	case EventTTSEnd:
		return v.speak(now, e.Data["url"])
	case EventRunEnd:
		r.over = true
		if v.phase == Failed {
			v.rest()
			return nil
		}
		if v.show.playing == "" {
			return v.finish(now)
		}
	case EventError:
		return v.failed(now, e)
	}
	return nil
}

// begun: Home Assistant has begun a run. It is this one if no other is owed an answer.
func (v *Voice) begun(now rt.Instant, e Event) []Do {
	if v.run.begun || len(v.owed) > 1 {
		return nil
	}
	switch v.phase {
	case Asking: // its answer may come later than this
		v.run.begun, v.run.url = true, e.Data["url"]
		v.to(Listening, now.Add(sttTime))
		return []Do{Stream{}}
	case Listening:
		v.run.begun, v.run.url = true, e.Data["url"]
	}
	return nil
}

// speak plays the answer, once.
func (v *Voice) speak(now rt.Instant, url string) (do []Do) {
	if v.run.spoke || url == "" || v.phase == Failed {
		return nil
	}
	do = v.close()
	v.run.spoke = true
	v.show = show{playing: v.id(), ok: true}
	v.to(Speaking, now.Add(soundTime))
	return append(do, Play{ID: v.show.playing, URL: url})
}

// failed: the run failed at Home Assistant's.
func (v *Voice) failed(now rt.Instant, e Event) (do []Do) {
	if v.phase == Failed {
		return nil
	}
	r := v.run
	do = append(v.close(), v.silence()...)
	if r.spoke {
		do = append(do, Finished{})
	}
	v.run.goesOn = false
	v.to(Failed, now.Add(endTime))
	if e.Data["code"] == duplicate { // that is how it should be
		return append(do, Over{Wake: r.wake, Why: "another satellite was faster"})
	}
	why := strings.Trim(fmt.Sprintf("%s: %s", e.Data["code"], e.Data["message"]), ": ")
	if why == "" {
		why = "no reason was given"
	}
	return append(do, Over{Wake: r.wake, Why: clip("Home Assistant failed: " + why), Lost: true})
}

// finish ends a run that went well.
func (v *Voice) finish(now rt.Instant) (do []Do) {
	r := v.run
	do = v.close()
	if !r.spoke {
		do = append(do, Finished{OK: true})
	}
	do = append(do, Over{Wake: r.wake})
	v.rest()
	if r.goesOn && !r.unheard && v.here { // whoever has not heard the question does not answer it
		v.run.conversation = r.conversation
		v.to(Pausing, now.Add(pauseTime))
	}
	return do
}

// announce plays what Home Assistant wants to be heard. Home Assistant has cancelled whatever was under way.
func (v *Voice) announce(now rt.Instant, a Announce) (do []Do) {
	switch v.Phase() {
	case Announcing: // the one before is over, as far as Home Assistant is concerned
		do = v.silence()
	default:
		do = v.dropped("Home Assistant announces something")
	}
	v.rest()
	v.run, v.show = run{}, show{ask: a.Converse, ok: true}
	for _, url := range []string{a.Before, a.Media} {
		if url != "" {
			v.show.rest = append(v.show.rest, url)
		}
	}
	if a.Text != "" {
		do = append(do, Said{Text: clip(a.Text)})
	}
	v.to(Announcing, now.Add(soundTime))
	return append(do, v.next(now)...)
}

// next plays the next sound of an announcement, or of an answer.
func (v *Voice) next(now rt.Instant) []Do {
	s := &v.show
	if len(s.rest) > 0 {
		url := s.rest[0]
		s.playing, s.rest = v.id(), s.rest[1:]
		return []Do{Play{ID: s.playing, URL: url, Aloud: v.phase == Announcing}}
	}
	do := []Do{Finished{OK: s.ok}}
	ask := s.ask && v.here
	v.rest()
	if ask {
		return append(do, v.start(now, "", "")...)
	}
	return do
}

// mostParts bounds the sounds that wait for the one before them.
const mostParts = 16

// sounding: Home Assistant sends a sound, and does not say what it is: the answer, if one is due, or an announcement. What follows a
// sound is heard after it.
func (v *Voice) sounding(now rt.Instant, s Sounding) []Do {
	switch v.Phase() {
	case Asking, Failed: // of the run before, which was cancelled
		return nil
	case Thinking:
		return v.speak(now, s.URL)
	case Speaking, Announcing:
		if v.show.playing != "" {
			if len(v.show.rest) < mostParts {
				v.show.rest = append(v.show.rest, s.URL)
			}
			return nil
		}
		v.show.playing = v.id()
		v.to(v.phase, now.Add(soundTime))
		return []Do{Play{ID: v.show.playing, URL: s.URL}}
	}
	return v.announce(now, Announce{Media: s.URL})
}

// ended: a sound is over.
func (v *Voice) ended(now rt.Instant, e Ended) []Do {
	if e.ID == "" || e.ID != v.show.playing {
		return nil
	}
	v.show.playing = ""
	switch v.phase {
	case Announcing:
		v.show.ok = e.OK // what counts is the last one: a sound in front of it is an ornament
		return v.next(now)
	case Speaking:
		if len(v.show.rest) > 0 {
			return v.next(now)
		}
		do := []Do{Finished{OK: e.OK}}
		if v.run.unheard = !e.OK; v.run.over {
			return append(do, v.finish(now)...)
		}
		v.due = now.Add(endTime)
		return do
	}
	return nil
}

// isOn reads a flag. Home Assistant has written it in both ways.
func isOn(text string) bool { return text == "1" || strings.EqualFold(text, "true") }

// clip bounds a text that goes into logs and states.
func clip(text string) string {
	if len(text) <= longestWords {
		return text
	}
	return strings.ToValidUTF8(text[:longestWords], "")
}
