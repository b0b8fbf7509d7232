package docstest

import (
	"regexp"
	"strings"
)

// placeholder matches a word in capitals, but not a variable, nor a part of a longer name.
var placeholder = regexp.MustCompile(`(^|[^$\w{-])(NAME|ID|SCENARIO|FILE|RUNBOOK|WAV|DIRECTORY|FOLDER|HOST|KEY|GENERATION|NUMBER|N|TOPIC|SHELL)\b(…?)(=?)`)

// filled replaces the words in capitals that a reader fills in.
func (s *Sandbox) filled(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		m := placeholder.FindStringSubmatch(found)
		if m[4] != "" { // an assignment
			return found
		}
		return m[1] + s.fill(m[2], text)
	})
}

func (s *Sandbox) fill(word, text string) string {
	switch word {
	case "NAME":
		return s.named(text)
	case "ID":
		if strings.Contains(text, "key ") {
			return s.keyID
		}
		if strings.Contains(text, "incidents ") { // no particular incident can be produced: show all
			return ""
		}
		return utteranceID
	case "SCENARIO":
		return "examples/scenarios/unplug.hcl"
	case "FILE", "RUNBOOK":
		if strings.Contains(text, "sim report") {
			return "sim.json"
		}
		return "orac.hcl"
	case "WAV":
		return ".orac/sounds/hey_jarvis_lights_on.wav"
	case "DIRECTORY", "FOLDER":
		return "folder"
	case "HOST":
		return "127.0.0.1"
	case "KEY":
		return s.key
	case "GENERATION", "NUMBER", "N":
		return "1"
	case "TOPIC":
		return "run"
	case "SHELL":
		return "bash"
	}
	return word
}

// named is what NAME means in a command.
func (s *Sandbox) named(text string) string {
	if strings.Contains(text, "generate") || strings.Contains(text, "user add") || strings.Contains(text, "key create") {
		s.names++
		return "fresh" + strings.Repeat("x", s.names)
	}
	return "core"
}

// utteranceID is the recording that help shows; the sandbox has set it aside.
const utteranceID = "20260117T120000.000-0a1b2c3d"

// shownKey is the API key that help shows.
const shownKey = "1f2e3d4c5b6a"
