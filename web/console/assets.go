package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"

	"orac/web/npm"
)

//go:embed static
var ownFiles embed.FS

// asset is a file of the pages. Its address contains its hash, so a browser can cache it forever and never shows an old
// one.
type asset struct {
	name, kind string
	plain      []byte
	packed     []byte // by gzip
	hash       string
}

// assets are the files of the pages, by name. They are packed when the first is asked for: this binary is also the worker that hears, and many
// commands, which show no page.
var assets = sync.OnceValue(loadAssets)

func loadAssets() map[string]asset {
	all := map[string]asset{}
	add := func(from fs.FS, name, as string) {
		text, err := fs.ReadFile(from, name)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // this level exists
		_, _ = z.Write(text)                                  // into memory
		_ = z.Close()
		sum := sha256.Sum256(text)
		all[as] = asset{as, kindOf(as), text, b.Bytes(), hex.EncodeToString(sum[:6])}
	}
	list, err := fs.ReadDir(ownFiles, "static")
	if err != nil {
		panic("BUG: " + err.Error())
	}
	for _, f := range list {
		add(ownFiles, "static/"+f.Name(), f.Name())
	}
	add(npm.Files, "node_modules/htmx.org/dist/htmx.min.js", "htmx.js")
	add(npm.Files, "node_modules/uplot/dist/uPlot.iife.min.js", "uplot.js")
	add(npm.Files, "node_modules/uplot/dist/uPlot.min.css", "uplot.css")
	return all
}

// kindOf returns the media type of a file, with the character set for text.
func kindOf(name string) string {
	if path.Ext(name) == ".svg" {
		return "image/svg+xml; charset=utf-8" // mime omits the character set, since XML can declare it itself
	}
	return mime.TypeByExtension(path.Ext(name))
}

// assetURL returns the address of a file of the pages.
func assetURL(name string) (string, error) {
	a, ok := assets()[name]
	if !ok {
		return "", fmt.Errorf("BUG: there is no file %s", name)
	}
	return "/static/" + name + "?v=" + a.hash, nil
}

func serveAsset(w http.ResponseWriter, r *http.Request) {
	a, ok := assets()[strings.TrimPrefix(r.URL.Path, "/static/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("ETag", `"`+a.hash+`"`)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == a.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == `"`+a.hash+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	text := a.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		text = a.packed
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", fmt.Sprint(len(text)))
	_, _ = w.Write(text) // an error means that the browser has gone
}
