package infer

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write numbers.txt anew, with ONNX Runtime")

// catalogue is what numbers.txt has numbers of.
var catalogue = []string{"hey_jarvis", "alexa", "hey_mycroft", "hey_rhasspy", "timer", "weather"}

// theirNumbers returns what ONNX Runtime computes of each network on the built-in sound: names, keys and numbers.
func theirNumbers(t *testing.T) (lines []string, all map[string][]float32, extractor []*network) {
	t.Helper()
	r := open(t)
	all = map[string][]float32{}
	add := func(name string, v []float32, err error, networks ...*network) {
		if err != nil {
			t.Fatal(name, err)
		}
		key := keyOf(networks)
		all[key] = v
		lines = append(lines, fmt.Sprintf("%s %s %s\n", name, key, strings.Trim(fmt.Sprintf("%.7g", v), "[]")))
	}
	read := func(name string) *network {
		n, err := load(data(t, name))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	mel, emb := read("melspectrogram"), read("embedding_model")
	x := openExtractor(t, Config{Full: true, OnnxMel: true})
	v, err := x.numbersOf()
	add(extractorName, v, err, emb, mel)
	for _, name := range catalogue {
		v, err := openHead(t, name).numbersOf()
		add(name, v, err, read(name))
	}
	vad, err := r.OpenVAD(data(t, "silero_vad"))
	if err != nil {
		t.Fatal(err)
	}
	defer vad.Close()
	v, err = vad.numbersOf()
	add("silero_vad", v, err, read("silero_vad"))
	return lines, all, []*network{emb, mel}
}

// TestNumbersOfTheCatalogue: numbers.txt has what ONNX Runtime computes of each network of the catalogue on the built-in sound.
func TestNumbersOfTheCatalogue(t *testing.T) {
	lines, all, extractor := theirNumbers(t)
	if *update {
		text := "# What ONNX Runtime computes of the networks of the catalogue on the built-in sound: go test ./models/infer -run Numbers -update\n" +
			strings.Join(lines, "")
		if err := os.WriteFile("numbers.txt", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Skip("numbers.txt is written; run the test again")
	}
	for key, theirs := range all {
		kept, ok := numbers()[key]
		if !ok {
			t.Errorf("numbers.txt lacks %s", key)
			continue
		}
		limit := 2e-6 // of seven digits
		for _, v := range theirs {
			limit = max(limit, 2e-6*float64(max(v, -v)))
		}
		if err := differ(kept, theirs, limit); err != nil {
			t.Errorf("%s: %v", key, err)
		}
		if unsure := between(theirs); unsure < 4 && key != keyOf(extractor) {
			t.Errorf("%s: only %d of its %d scores are uncertain: they hide what differs", key, unsure, len(theirs))
		}
	}
	if len(numbers()) != 2*len(all) { // each by its key and by its name
		t.Errorf("numbers.txt has %d networks, the catalogue %d", len(numbers())/2, len(all))
	}
}

// between counts scores that are neither almost 0 nor almost 1.
func between(v []float32) (n int) {
	for _, x := range v {
		if x > 0.01 && x < 0.99 {
			n++
		}
	}
	return n
}
