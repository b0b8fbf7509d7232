package runbook

import "orac/runbook/language"

// selecting are the attributes that select a microphone or a speaker of the machine. pulse is what PulseAudio calls such a device.
func selecting(pulse, identityExample, idDoc string) []language.Attribute {
	return []language.Attribute{
		{Name: "match", Kind: language.String, Gives: language.Tunes, OnChange: language.Restart, Example: `"USB"`,
			Doc: "A part of the device's name. Upper and lower case are the same."},
		{Name: "identity", Kind: language.String, Gives: language.Tunes, OnChange: language.Restart, Example: identityExample,
			Doc: "The device's stable identity: an ALSA card id or USB path, or the name of a PulseAudio " + pulse + ". It survives unplugging."},
		{Name: "id", Kind: language.String, Gives: language.Tunes, OnChange: language.Restart, Example: `"hw:1,0"`, Doc: idDoc},
		{Name: "backend", Kind: language.Enum, Gives: language.Tunes, OnChange: language.Restart, Default: "auto", Values: []string{"auto", "pulse", "alsa"},
			Doc: "The audio system to use. auto uses PulseAudio if a server answers, otherwise ALSA."},
	}
}
