package generation_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"orac/appliance/generation"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual/virtualtest"
	"orac/runbook/language"
)

// replayed uses every kind of input, in public and in secret places.
const replayed = `
appliance "desk" {}
variable "host" {}
variable "topic" {
  default = "general"
}
variable "pin" {
  sensitive = true
}
model "m" {
  source    = "catalog:m"
  wake_word = file("words.txt")
  topic     = var.topic
}
model "n" {
  source = "catalog:n"
  topic  = try(file("topic.txt"), "none")
}
stt "s" {
  url      = "http://${var.host}:7272"
  language = env("LANGUAGE")
  token    = "${secret("token")}-${file("token.txt")}-${var.pin}"
}
`

// changing is a world of which every part can be changed.
type changing struct{ vars, env, files, secrets map[string]string }

func (c changing) options() language.Options {
	return language.Options{
		HashKey: []byte("key"),
		Vars:    c.vars,
		Env:     func(name string) (string, bool) { v, ok := c.env[name]; return v, ok },
		Secret:  func(name string) (string, error) { return c.secrets[name], nil },
		ReadFile: func(path string) ([]byte, error) {
			if v, ok := c.files[path]; ok {
				return []byte(v), nil
			}
			return nil, fs.ErrNotExist
		},
		Open: func(string) (fs.File, error) { return nil, fs.ErrNotExist },
	}
}

func atFirst() changing {
	return changing{
		vars:    map[string]string{"host": "first", "pin": "1111"},
		env:     map[string]string{"LANGUAGE": "en"},
		files:   map[string]string{"dir/words.txt": "first words", "dir/token.txt": "file-s3cret"},
		secrets: map[string]string{"token": "s3cret"},
	}
}

// TestAGenerationIsEvaluatedAgain, in the world it was made in and in one where everything has changed: what it kept is as
// it was, secrets and the environment are of today.
func TestAGenerationIsEvaluatedAgain(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := newDisk()
		s := open(t, k, d)
		want := evaluated(t, replayed, "start", atFirst().options())
		n, err := s.Commit(k, want)
		if err != nil {
			t.Fatal(err)
		}
		g, err := open(t, k, d).Load(k, n)
		if err != nil {
			t.Fatal(err)
		}

		rb, ds := g.Parse(atFirst().options())
		if rb == nil {
			t.Fatal(ds)
		}
		if rb.Inputs().Hash() != want.Inputs.Hash() {
			t.Error("in the same world it has other inputs")
		}

		today := changing{
			vars:    map[string]string{"host": "today", "pin": "2222", "new": "the file has more variables today"},
			env:     map[string]string{"LANGUAGE": "de", "ORAC_VAR_topic": "today", "ORAC_VAR_host": "today"},
			files:   map[string]string{"dir/words.txt": "words of today", "dir/token.txt": "file-of-today", "dir/topic.txt": "today"},
			secrets: map[string]string{"token": "secret-of-today"},
		}
		rb, ds = g.Parse(today.options())
		if rb == nil {
			t.Fatal(ds)
		}
		stt, _ := rb.STT("stt.s")
		model, _ := rb.Model("model.m")
		other, _ := rb.Model("model.n")
		for what, c := range map[string][2]string{
			"the file that was kept":        {model.WakeWord, "first words"},
			"the default of then":           {model.Topic, "general"},
			"the file that was missing":     {other.Topic, "none"},
			"the variable":                  {stt.URL, "http://first:7272"},
			"the environment":               {stt.Language, "de"},
			"secrets, files of them, a pin": {stt.Token.Reveal(), "secret-of-today-file-of-today-2222"},
		} {
			if c[0] != c[1] {
				t.Errorf("%s: %q, want %q", what, c[0], c[1])
			}
		}

		delete(today.files, "dir/words.txt")
		if rb, ds := g.Parse(today.options()); rb == nil {
			t.Errorf("without a file that was kept: %v", ds)
		}
	})
}

// TestASensitiveVariableFromTheEnvironment is asked for today, for it is not kept.
func TestASensitiveVariableFromTheEnvironment(t *testing.T) {
	then := atFirst()
	delete(then.vars, "pin")
	then.env["ORAC_VAR_pin"] = "1111"
	g := evaluated(t, replayed, "start", then.options())
	then.env = maps.Clone(then.env)
	then.env["ORAC_VAR_pin"] = "3333"
	rb, ds := g.Parse(then.options())
	if rb == nil {
		t.Fatal(ds)
	}
	if stt, _ := rb.STT("stt.s"); stt.Token.Reveal() != "s3cret-file-s3cret-3333" {
		t.Errorf("token is %q", stt.Token.Reveal())
	}
}

// TestNoSecretOnTheDisk looks for secrets in every file of a generation.
func TestNoSecretOnTheDisk(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := newDisk()
		s := open(t, k, d)
		g := evaluated(t, replayed, "start", atFirst().options())
		if _, err := s.Commit(k, g); err != nil {
			t.Fatal(err)
		}
		list, err := s.List(k)
		if err != nil {
			t.Fatal(err)
		}
		listed, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		all := strings.Join(contents(t, k, d), "\n") + string(listed)
		for _, secret := range []string{"s3cret", "1111"} {
			if strings.Contains(all, secret) {
				t.Errorf("%q is on the disk:\n%s", secret, all)
			}
		}
		if !strings.Contains(all, "first words") {
			t.Error("the file that is no secret was not kept")
		}
	})
}

// TestModelsAsTheyWere: copies of files that some generation names stay, and the others go; a generation knows the files that it
// named as they were then.
func TestModelsAsTheyWere(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := newDisk()
		s := open(t, k, d)
		options := world()
		content := "the first network"
		options.Open = func(string) (fs.File, error) {
			return fstest.MapFS{"own.onnx": {Data: []byte(content)}}.Open("own.onnx")
		}
		const source = "appliance \"desk\" {}\nmodel \"own\" {\n  source = \"own.onnx\"\n}\n"
		want := evaluated(t, source, "start", options)
		n, err := s.Commit(k, want)
		if err != nil {
			t.Fatal(err)
		}
		var hash string
		for _, in := range want.Inputs.List {
			hash += in.Hash
		}
		if err := d.MkdirAll(k, generation.FilesDir); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{generation.FileName(hash), generation.FileName("0123"), ".part-1"} {
			f, err := d.Create(k, generation.FilesDir+"/"+name)
			if err == nil {
				err = f.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Sweep(k); err != nil {
			t.Fatal(err)
		}
		left, err := d.ReadDir(k, generation.FilesDir, 10)
		if err != nil || len(left) != 1 || left[0].Name != generation.FileName(hash) {
			t.Errorf("%+v, %v: only what a generation names stays", left, err)
		}

		content = "another network"
		g, err := open(t, k, d).Load(k, n)
		if err != nil {
			t.Fatal(err)
		}
		rb, ds := g.Parse(options)
		if rb == nil {
			t.Fatal(ds)
		}
		if in, ok := rb.NamedFile("model.own", "source"); !ok || in.Hash != hash || rb.Inputs().Hash() != want.Inputs.Hash() {
			t.Errorf("the model is %+v; it was %s", in, hash)
		}
	})
}
