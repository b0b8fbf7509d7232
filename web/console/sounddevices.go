package console

import (
	"net/http"

	"orac/web/api"
	"orac/web/schema"
)

// soundDevices are the microphones and speakers of the machine.
type soundDevices struct {
	Kinds  []soundKind
	Notes  []string // why there are no more
	Silent string   // why nothing could be listed
}

// soundKind is one of the two lists.
type soundKind struct {
	Title, None string
	Devices     []api.Device
}

func (c *Console) soundDevices(call *api.Call) error {
	found, err := api.OpDevices.Call(call, schema.None{})
	d := soundDevices{Notes: found.Notes, Kinds: []soundKind{
		{"Microphones", "ORAC finds no microphone. Plug one in, then open this page again.", found.Devices},
		{"Speakers", "ORAC finds no speaker. Plug one in, then open this page again.", found.Speakers},
	}}
	if err != nil {
		d.Silent = sayWrong(schema.ProblemOf(err))
	}
	return c.show(call, http.StatusOK, "sounddevices", view{Data: d})
}
