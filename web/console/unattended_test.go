package console

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"orac/web/auth"
)

// TestWhatAPageAsksByItselfIsMarked: what comes again and again without a reader keeps no session from ending.
func TestWhatAPageAsksByItselfIsMarked(t *testing.T) {
	files, err := filepath.Glob("templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob("static/*.js")
	if err != nil {
		t.Fatal(err)
	}
	tag, fetch := regexp.MustCompile(`<[^<>]*hx-trigger="[^"]*(every|orac:)[^<>]*>`), regexp.MustCompile(`fetch\(.*`)
	found := 0
	for _, name := range append(files, scripts...) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var asks []string
		if strings.HasSuffix(name, ".html") {
			asks = tag.FindAllString(string(text), -1)
		} else if strings.Contains(string(text), "setInterval(") {
			asks = fetch.FindAllString(string(text), -1)
		}
		for _, ask := range asks {
			if found++; !strings.Contains(ask, `"`+auth.Unattended+`"`) {
				t.Errorf("%s: not marked: %s", name, ask)
			}
		}
	}
	if found < 6 {
		t.Errorf("only %d are found", found)
	}
}

// TestFilesOfPagesSayTheirCharacters: nobody has to guess what a text is made of.
func TestFilesOfPagesSayTheirCharacters(t *testing.T) {
	r := newRig(t, Options{})
	for name := range assets() {
		w := r.get(auth.Nobody, "/static/"+name)
		if kind := w.Header().Get("Content-Type"); w.Code != http.StatusOK || !strings.HasSuffix(kind, "; charset=utf-8") {
			t.Errorf("%s: %d %q", name, w.Code, kind)
		}
	}
}

// TestScriptsKeepNothing: the browser's storage stays empty, and no key that comes from outside becomes a property of an object.
func TestScriptsKeepNothing(t *testing.T) {
	scripts, err := filepath.Glob("static/*.js")
	if err != nil || len(scripts) < 5 {
		t.Fatal(scripts, err)
	}
	for _, name := range scripts {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"localStorage", "sessionStorage", "indexedDB", "caches.", "document.cookie", "serviceWorker", "addEventListener(\"message\"", "__proto__", "Object.assign(", "] = "} {
			if strings.Contains(string(text), word) {
				t.Errorf("%s: %s", name, word)
			}
		}
	}
}
