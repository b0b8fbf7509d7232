package node

import (
	"orac/appliance/act"
	"orac/appliance/act/sentence"
)

func questionOf(c *sentence.Choices, j *deed) act.Question {
	return act.Question{Text: j.Text, Trace: traceOf(j)}
}
