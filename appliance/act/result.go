package act

import (
	"encoding/json"
	"slices"
)

// Result is what came of a text, in a word.
type Result string

// The results.
const (
	Done     Result = "done"     // all of it is proven, or was so already; a question is answered
	NoProof  Result = "unproven" // accepted, and not proven
	NotDone  Result = "failed"   // some of it was not done
	NotKnown Result = "unknown"  // nobody knows whether some of it was done
	Unclear  Result = "unclear"  // it was not understood
	Refused  Result = "refused"  // it was not acted on: it came too late, or there was no room
)

// Results are all of them, the best first.
var Results = []Result{Done, NoProof, NotKnown, NotDone, Unclear, Refused}

// Result says what came of it.
func (a Answer) Result() Result {
	unknown := func(o Outcome) bool { return o.Verdict == Unknown }
	switch {
	case a.Refused:
		return Refused
	case !a.Understood:
		return Unclear
	case slices.ContainsFunc(a.Outcomes, unknown), slices.ContainsFunc(a.Undone, unknown):
		return NotKnown
	case a.Verified:
		return Done
	case a.Executed:
		return NoProof
	}
	return NotDone
}

// Brief is an answer without the states of entities: they are what is large.
func (a Answer) Brief() Answer {
	for _, list := range []*[]Outcome{&a.Outcomes, &a.Undone} {
		*list = slices.Clone(*list)
		for i := range *list {
			(*list)[i].Entities = nil
		}
	}
	return a
}

// JSON is an answer in at most so many bytes, for a history. Of one that is larger it leaves out what people need least: first the states
// of entities, then the data and targets of calls and commands, at last these themselves.
func (a Answer) JSON(most int) []byte {
	encode := func(a Answer) []byte {
		text, err := json.Marshal(a)
		if err != nil {
			panic("BUG: " + err.Error()) // the data of calls comes from JSON
		}
		return text
	}
	text := encode(a)
	if len(text) > most {
		a = a.Brief()
		text = encode(a)
	}
	if len(text) > most {
		a.Reading.Commands, a.Reading.Near = nil, nil
		for _, list := range [][]Outcome{a.Outcomes, a.Undone} {
			for i := range list {
				list[i].Call.Data, list[i].Call.Payload, list[i].Call.Arguments, list[i].Call.Targets, list[i].Call.Expect = nil, "", nil, nil, nil
			}
		}
		text = encode(a)
	}
	if len(text) > most {
		a.Outcomes, a.Undone, a.Speech = nil, nil, ""
		a.Reason, a.Reading.Why = a.Reason[:min(len(a.Reason), most/100)], a.Reading.Why[:min(len(a.Reading.Why), most/100)]
		text = encode(a)
	}
	return text
}
