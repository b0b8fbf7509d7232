// Package oldcore reads what an ORAC Core of before has on its disk (topics.yaml, backends/*.json, stt_cache.json), and says as blocks of a
// runbook what of it can go on.
//
// Guarantees:
//
//   - It writes nothing, asks nobody, and follows no link out of the folder.
//   - Files are hostile: their number, size and depth are bounded, and a name, an address or a sentence that a runbook would not take is
//     left out, with a note.
//   - A token is in no text, note or error. It is a language.Secret from the moment it is read.
package oldcore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"orac/runbook/language"
)

// Limits of what is read.
const (
	maxFile     = 8 << 20 // bytes
	maxBackends = 32
	maxTopics   = 500
	maxAnswers  = 2000
)

// Data is what a Core of before has.
type Data struct {
	Topics   map[string]Topic
	Backends []Backend
	Answers  []Answer
	Found    []string // the files that there were
}

// Topic is an entry of topics.yaml.
type Topic struct {
	Name      string `yaml:"name"`
	Enabled   *bool  `yaml:"enabled"`
	Model     string `yaml:"model"`
	BackendID string `yaml:"backend_id"`
	WakeWord  string `yaml:"wake_word"`
}

// Backend is a file of backends.
type Backend struct {
	ID         string             `json:"id"`
	Name       string             `json:"name"`
	Type       string             `json:"type"`
	Connection Connection         `json:"connection"`
	Mappings   map[string]Mapping `json:"device_mappings"`
}

// Connection is where a backend is, and what proves who asks.
type Connection struct {
	URL    string `json:"url"`
	Port   int    `json:"port"`
	Token  Token  `json:"token"`
	Verify *bool  `json:"verify_ssl"`
}

// Mapping is an entity of a backend.
type Mapping struct {
	Enabled  bool    `json:"enabled"`
	Device   *string `json:"device_type"`
	Location *string `json:"location"`
}

// Token is read as a secret.
type Token struct{ language.Secret }

// UnmarshalJSON implements json.Unmarshaler. Its error does not quote the value.
func (t *Token) UnmarshalJSON(text []byte) error {
	var s string
	if json.Unmarshal(text, &s) != nil {
		return errors.New("the token is no text")
	}
	t.Secret = language.NewSecret(strings.TrimSpace(s))
	return nil
}

// Answer is an entry of stt_cache.json.
type Answer struct {
	Text   string `json:"stt_text"`
	Topic  string `json:"topic_id"`
	JSON   string `json:"json_output"`
	Entity string `json:"entity_id"`
}

// Read reads the folder of a Core of before.
func Read(dir fs.FS) (d Data, err error) {
	if err := d.topics(dir); err != nil {
		return d, err
	}
	if err := d.backends(dir); err != nil {
		return d, err
	}
	if err := d.answers(dir); err != nil {
		return d, err
	}
	if len(d.Found) == 0 {
		return d, errors.New("there is no topics.yaml, no stt_cache.json and no backends/*.json: name the data folder of the Core (DATA_DIR)")
	}
	return d, nil
}

// file returns the content of a file; nil if there is none.
func (d *Data) file(dir fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: it cannot be read", name)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: it is no ordinary file", name)
	}
	f, err := dir.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: it cannot be read", name)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: it cannot be read", name)
	case len(text) > maxFile:
		return nil, fmt.Errorf("%s: it has more than %d MiB", name, maxFile>>20)
	}
	d.Found = append(d.Found, name)
	return text, nil
}

func (d *Data) topics(dir fs.FS) error {
	text, err := d.file(dir, "topics.yaml")
	if text == nil {
		return err
	}
	var in struct {
		Topics map[string]Topic `yaml:"topics"`
	}
	if err := yaml.Unmarshal(text, &in); err != nil {
		return errors.New("topics.yaml: it is not the YAML of a Core") // the library's words quote the file
	}
	if len(in.Topics) > maxTopics {
		return fmt.Errorf("topics.yaml: it has %d topics, more than %d", len(in.Topics), maxTopics)
	}
	d.Topics = in.Topics
	return nil
}

func (d *Data) backends(dir fs.FS) error {
	list, err := fs.ReadDir(dir, "backends")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return errors.New("backends: the folder cannot be read")
	}
	for _, f := range list {
		if path.Ext(f.Name()) != ".json" || strings.HasPrefix(f.Name(), ".") {
			continue
		}
		if len(d.Backends) == maxBackends {
			return fmt.Errorf("backends: there are more than %d", maxBackends)
		}
		name := path.Join("backends", f.Name())
		text, err := d.file(dir, name)
		if err != nil {
			return err
		}
		var b Backend
		if json.Unmarshal(text, &b) != nil {
			return fmt.Errorf("%s: it is not the JSON of a backend", name) // the library's words may quote a token
		}
		d.Backends = append(d.Backends, b)
	}
	return nil
}

func (d *Data) answers(dir fs.FS) error {
	text, err := d.file(dir, "stt_cache.json")
	if text == nil {
		return err
	}
	var in struct {
		Entries []Answer `json:"entries"`
	}
	if json.Unmarshal(text, &in) != nil {
		return errors.New("stt_cache.json: it is not the JSON of a Core's cache")
	}
	if len(in.Entries) > maxAnswers {
		return fmt.Errorf("stt_cache.json: it has %d entries, more than %d", len(in.Entries), maxAnswers)
	}
	d.Answers = in.Entries
	return nil
}
