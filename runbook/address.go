package runbook

import "orac/runbook/language"

// Address names a block of a runbook: "model.hey_jarvis", "device.microphone.usb". It is the engine's type: what reads and edits any
// language, and the types of this package, speak of the same blocks.
type Address = language.Address
