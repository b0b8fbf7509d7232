package outbox

import (
	"encoding/json"

	"orac/appliance/notify"
)

// CommandBox is the box of a Core.
type CommandBox = Box[notify.Command]

// command is the only kind of what goes to a Core.
const command = "text"

// Commands is the form of the texts for Cores. It remembers more of them than any peer sends again.
var Commands = Form[notify.Command]{
	Dir: "forwards", Of: "the Core", Remember: 500,
	Known: func(kind string) bool { return kind == command },
	Encode: func(c notify.Command, seq uint64) (kind, id string, text []byte) {
		c.Seq = seq
		text, err := json.Marshal(c)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		return command, c.ID, text
	},
	Decode: func(_ string, text []byte) (c notify.Command, id string, seq uint64, err error) {
		err = json.Unmarshal(text, &c)
		return c, c.ID, c.Seq, err
	},
}
