package play

// Say is a text that is spoken.
type Say struct {
	Voice string // name of the tts block
	Text  string
}

// MostText bounds a text that is spoken, in bytes.
const MostText = 4000
