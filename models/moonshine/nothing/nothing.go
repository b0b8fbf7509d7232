// Package nothing says why a sound gave no text: one list of reasons, as they are stored and sent, and in words for people.
package nothing

// Reason says why a transcript has no text.
type Reason string

// The reasons.
const (
	Silence  Reason = "silence"  // nothing but silence
	Noise    Reason = "noise"    // sound, and no voice in it
	Unclear  Reason = "unclear"  // a voice, perhaps, but the network does not believe any text
	Loop     Reason = "loop"     // the text repeated itself without end
	TooLong  Reason = "too_long" // more text than the sound has time for
	Wordless Reason = "wordless" // the network heard no word
)

// Reasons are all of them.
func Reasons() []Reason { return []Reason{Silence, Noise, Unclear, Loop, TooLong, Wordless} }

// Words says the reason to a person. A reason that is none of these comes back as it is: it may be that of another service.
func (r Reason) Words() string {
	switch r {
	case Silence:
		return "there is only silence"
	case Noise:
		return "there is sound, and no voice in it"
	case Unclear:
		return "it is too unclear"
	case Loop:
		return "the text repeated itself without end"
	case TooLong:
		return "there was more text than the sound has time for"
	case Wordless:
		return "there is no word in it"
	}
	return string(r)
}
