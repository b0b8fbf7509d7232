package stt

import (
	"bytes"

	"orac/appliance/stt/wire"
)

// limited keeps the first max bytes; at one more it calls over and accepts no more. The buffer is not embedded: with
// its ReadFrom, io.Copy would bypass Write.
type limited struct {
	kept bytes.Buffer
	max  int
	over func()
	full bool
}

func (l *limited) Write(p []byte) (int, error) {
	if l.full || l.kept.Len()+len(p) > l.max {
		l.full = true
		l.over()
		return len(p), nil // an error would only hide why the command was killed
	}
	return l.kept.Write(p)
}

// tail keeps the last max bytes.
type tail struct {
	kept []byte
	max  int
}

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p[max(0, len(p)-t.max):]...)
	t.kept = t.kept[max(0, len(t.kept)-t.max):]
	return len(p), nil
}

// said is what was kept, as the end of a sentence.
func (t *tail) said() string {
	if text := wire.CleanText(string(t.kept)); text != "" {
		return "; it said: " + text
	}
	return ""
}
