// Package guide contains the pages that answer what people ask first: how to install ORAC, which microphone to use, how to make
// their own wake word. The pages are Markdown and can be read on the web as they are; Render shows one in a terminal. A page's
// first heading is its title. topics is the only list of the pages: the help, the completion of the shells and README's table of
// contents follow it.
package guide

import (
	"embed"
	"strings"
)

//go:embed *.md
var pages embed.FS

// Topic is a page.
type Topic struct {
	Name  string // what a person types: orac help NAME
	Title string // the page's first heading
	Text  []byte // the page as Markdown
}

// topics lists the pages in the order in which people need them.
var topics = []string{
	"install", "microphones", "wake-words", "troubleshooting", "update", "backup", "home-assistant", "satellite", "stack", "house", "security", "json", "words",
}

// Topics returns all pages.
func Topics() []Topic {
	all := make([]Topic, 0, len(topics))
	for _, name := range topics {
		text, err := pages.ReadFile(name + ".md")
		if err != nil {
			panic("BUG: a topic without its page: " + err.Error())
		}
		title, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
		all = append(all, Topic{name, title, text})
	}
	return all
}

// Find returns the page with a name.
func Find(name string) (Topic, bool) {
	for _, t := range Topics() {
		if t.Name == name {
			return t, true
		}
	}
	return Topic{}, false
}
