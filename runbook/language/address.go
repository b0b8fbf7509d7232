package language

import "strings"

// Address names one block of a file: its type, its variant where the type
// has several, and its name, joined by dots: "device.microphone.usb",
// "model.hey_jarvis", and "watchdog" for a block that exists once without a name.
// The zero value names nothing.
type Address string

// Type is the first word of the address: "device", "model", "watchdog".
func (a Address) Type() string {
	t, _, _ := strings.Cut(string(a), ".")
	return t
}

// Name is the last word of the address, the label that the user chose, or ""
// for a block without a name.
func (a Address) Name() string {
	i := strings.LastIndexByte(string(a), '.')
	if i < 0 {
		return ""
	}
	return string(a[i+1:])
}
