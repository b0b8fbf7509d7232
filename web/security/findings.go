package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// finding is one thing that a scanner says.
type finding struct {
	Tool  string // wapiti, sslscan, callback, orac, gosec, staticcheck
	Role  string // that it was found as
	What  string // category
	Where string // path, with the parameter that was attacked; of the source, the file
	Says  string
}

// explanation says why a finding is harmless. Where and Says are regular expressions for the whole
// text.
type explanation struct {
	Tool   string `json:"tool"`
	What   string `json:"what"`
	Where  string `json:"where"`
	Says   string `json:"says"`
	Reason string `json:"reason"`

	where, says *regexp.Regexp
}

func (e explanation) matches(f finding) bool {
	return e.Tool == f.Tool && e.What == f.What && e.where.MatchString(f.Where) && e.says.MatchString(f.Says)
}

func readExplained(path string) (list []explanation, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for i := range list {
		e := &list[i]
		var err1, err2 error
		e.where, err1 = regexp.Compile(`\A(?:` + e.Where + `)\z`)
		e.says, err2 = regexp.Compile(`(?s)\A(?:` + e.Says + `)\z`)
		if err := errors.Join(err1, err2); err != nil || e.Reason == "" {
			return nil, fmt.Errorf("%s: explanation %d needs a reason and a valid regular expression: %w", path, i+1, err)
		}
	}
	return list, nil
}

// merged is what several findings have in common, which a person reads once.
type merged struct {
	finding
	roles, where string
}

// merge puts together what is said of several roles and of several places.
func merge(found []finding) (list []merged) {
	type key struct{ tool, what, says string }
	by := map[key][]finding{}
	var order []key
	for _, f := range found {
		k := key{f.Tool, f.What, f.Says}
		if by[k] == nil {
			order = append(order, k)
		}
		by[k] = append(by[k], f)
	}
	for _, k := range order {
		// Each place is a line of its own as far as explanations may differ: the path decides.
		places := map[string][]finding{}
		var paths []string
		for _, f := range by[k] {
			if places[f.Where] == nil {
				paths = append(paths, f.Where)
			}
			places[f.Where] = append(places[f.Where], f)
		}
		for _, p := range paths {
			var roles []string
			for _, f := range places[p] {
				if !slices.Contains(roles, f.Role) {
					roles = append(roles, f.Role)
				}
			}
			list = append(list, merged{places[p][0], strings.Join(roles, ","), p})
		}
	}
	return list
}
