package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orac/appliance/audio/wav"
	"orac/runbook/testkit"
)

// TestTheGoodChannelOfAnArrayIsFound: the wake word is on the second of four channels, and the others drown it in the mix. Detect
// hears it there, and says how to listen to that channel.
func TestTheGoodChannelOfAnArrayIsFound(t *testing.T) {
	sound, err := wav.Open(filepath.Join(need(t, ".orac/sounds"), "hey_jarvis.wav"))
	testkit.Must(t, err)
	defer sound.Close()
	var speech []int16
	for {
		var hop [1280]int16
		n, err := sound.Read(hop[:])
		speech = append(speech, hop[:n]...)
		if err == io.EOF || n == 0 {
			break
		}
		testkit.Must(t, err)
	}
	const channels = 4
	var pcm bytes.Buffer
	noise := uint32(1)
	for _, s := range speech {
		for c := range channels {
			noise = noise*1664525 + 1013904223
			v := int16(noise >> 16)
			if c == 1 {
				v = s
			}
			testkit.Must(t, binary.Write(&pcm, binary.LittleEndian, v))
		}
	}
	var file bytes.Buffer
	file.WriteString("RIFF")
	testkit.Must(t, binary.Write(&file, binary.LittleEndian, uint32(36+pcm.Len())))
	file.WriteString("WAVEfmt ")
	for _, v := range []any{uint32(16), uint16(1), uint16(channels), uint32(16000), uint32(16000 * 2 * channels), uint16(2 * channels), uint16(16)} {
		testkit.Must(t, binary.Write(&file, binary.LittleEndian, v))
	}
	file.WriteString("data")
	testkit.Must(t, binary.Write(&file, binary.LittleEndian, uint32(pcm.Len())))
	file.Write(pcm.Bytes())
	dir := t.TempDir()
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "array.wav"), file.Bytes(), 0o600))
	out := command(t, dir, "", "detect", "--model", "hey_jarvis", "array.wav")
	for _, want := range []string{"nothing was heard in the mix of its 4 channels", "only in channel 1 (--channel 1; in the runbook, channel = 1)", "wake hey_jarvis"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if strings.Count(out, "wake hey_jarvis") != 1 {
		t.Errorf("it is heard elsewhere, too:\n%s", out)
	}
	if out := command(t, dir, "", "detect", "--model", "hey_jarvis", "--json", "array.wav"); !strings.Contains(out, `"alone":[{"channel":1,`) {
		t.Error(out)
	}
}
