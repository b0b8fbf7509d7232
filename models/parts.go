package models

import (
	"slices"

	"orac/models/onnx"
)

// Part is one file of an entry.
type Part struct {
	Package string `json:"package"` // npm package, version in the lock file
	Path    string `json:"path"`    // inside the package
	File    string `json:"file"`    // inside the store
	SHA256  string `json:"sha256"`
}

// parts are all files of an entry, the first one included.
func (e Entry) parts() []Part {
	return append([]Part{{e.Package, e.Path, e.File, e.SHA256}}, e.Parts...)
}

// LoadParts reads all files of a catalogue entry, in the order of the catalogue, and compares each. Errors wrap ErrMissing or ErrChecksum.
func (s Store) LoadParts(name string) ([]onnx.Data, error) {
	e, err := Find(name)
	if err != nil {
		return nil, err
	}
	var list []onnx.Data
	for _, p := range e.parts() {
		d, err := s.readPart(e, p)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

func (s Store) readPart(e Entry, p Part) (onnx.Data, error) {
	d, err := s.hooks.readFile(s.path(p))
	if err == nil {
		err = s.compare(e, p, sumOfBytes(d.Bytes))
	}
	if err != nil {
		return onnx.Data{}, s.explain(e, err)
	}
	return d, nil
}

// whole reports an entry as installed when the last of its files is.
func whole(files map[string][]wanted, progress func(Progress)) func(Progress) {
	left := map[string]int{}
	for _, list := range files {
		for _, w := range list {
			left[w.name]++
		}
	}
	return func(p Progress) {
		if p.Step == "installed" {
			left[p.Name]--
		}
		if p.Step != "installed" || left[p.Name] == 0 {
			progress(p)
		}
	}
}

// wanted is a file that a pull is to install, and the entry that it is for.
type wanted struct {
	Part
	name string
}

// lacking are the files of entries that are missing or damaged, by package in the order in which they are first needed, each once.
// present is called for each entry that lacks nothing.
func (s Store) lacking(entries []Entry, present func(Entry)) (packages []string, files map[string][]wanted) {
	files = map[string][]wanted{}
	for _, e := range entries {
		whole := true
		for _, p := range e.parts() {
			if f, err := s.open(e, p); err == nil {
				f.Close()
				continue
			}
			whole = false
			if files[p.Package] == nil {
				packages = append(packages, p.Package)
			}
			if !slices.ContainsFunc(files[p.Package], func(w wanted) bool { return w.File == p.File }) {
				files[p.Package] = append(files[p.Package], wanted{p, e.Name})
			}
		}
		if whole {
			present(e)
		}
	}
	return packages, files
}
