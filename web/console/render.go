package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"time"

	"orac/appliance/status"
	"orac/web/api"
	"orac/web/auth"
	"orac/web/schema"
)

//go:embed templates
var templateFiles embed.FS

// loadTemplates finds templates/*.html: each file is a page, except layout.html and the parts, which all pages share. A page is parsed when it
// is shown first: each holds the shared ones once more, and all together would take 4 MB of an appliance whose console nobody opens.
func loadTemplates() map[string]func() *template.Template {
	shared := sync.OnceValue(func() *template.Template {
		return template.Must(template.New("").Funcs(funcs).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html"))
	})
	list, err := templateFiles.ReadDir("templates")
	if err != nil {
		panic("BUG: " + err.Error())
	}
	var cloning sync.Mutex // held while the shared ones are copied
	pages := map[string]func() *template.Template{}
	for _, f := range list {
		name := strings.TrimSuffix(f.Name(), ".html")
		pages[name] = sync.OnceValue(func() *template.Template {
			cloning.Lock()
			defer cloning.Unlock()
			t := template.Must(shared().Clone())
			if name != "layout" && name != "parts" {
				t = template.Must(t.ParseFS(templateFiles, "templates/"+f.Name()))
			}
			return t
		})
	}
	return pages
}

// view is the data of a page.
type view struct {
	Title   string
	Menu    []Page
	Nav     string // path of the line of the menu that it belongs to
	Who     auth.Identity
	CSRF    string
	Brief   brief
	Scripts []string // in addition to those of every page
	Styles  []string
	Events  string // see told; empty for none
	Wide    bool
	Data    any
}

// brief is the state of the appliance that every page shows.
type brief struct {
	Appliance, Version string
	Generation         int
	Level              string
	Why                string
	LastGood           bool
	Muted              string // who is muted; "" if nobody is
}

func briefOf(s status.Status) brief {
	b := brief{Appliance: s.Appliance, Version: s.Version, Generation: s.Generation, Level: string(s.Health.Level), LastGood: s.LastGood, Muted: status.MuteWords(s.Muted, time.Now())}
	for _, h := range s.Health.Components {
		if h.Level != "healthy" && h.Behind == "" && b.Why == "" {
			b.Why = h.Name + ": " + h.Why
		}
	}
	return b
}

// Operator and Admin tell what the reader may do.
func (v view) Operator() bool { return v.Who.Role.Includes(auth.Operator) }

// Admin: see Operator.
func (v view) Admin() bool { return v.Who.Role.Includes(auth.Admin) }

// show writes a page for a logged-in reader.
func (c *Console) show(call *api.Call, status int, name string, v view) error {
	v.place(c.pages, name, call.R.URL.Path)
	return c.framed(call, status, name, v)
}

// framed writes a page with the menu and the state of the appliance around it.
func (c *Console) framed(call *api.Call, status int, name string, v view) error {
	s, err := api.OpStatus.Call(call, schema.None{})
	if err != nil {
		return err
	}
	v.Brief, v.Menu = briefOf(s), menuOf(c.pages, call.Who, s)
	return c.write(call, status, name, "layout", v)
}

// part writes a part of a page, which a script inserts.
func (c *Console) part(call *api.Call, file, name string, data any) error {
	return c.write(call, http.StatusOK, file, name, view{Data: data})
}

// write runs a template into memory first, so that the answer is a whole page or an error.
func (c *Console) write(call *api.Call, status int, file, name string, v view) error {
	v.Who, v.CSRF = call.Who, call.Who.CSRF
	var b bytes.Buffer
	if err := c.templates[file]().ExecuteTemplate(&b, name, v); err != nil {
		return fmt.Errorf("page %s: %w", file, err)
	}
	w := call.Streaming()
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", fmt.Sprint(b.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // an error means that the browser has gone
	return nil
}

// scripted tells whether the request comes from a page's script, which wants a part of the page.
func scripted(call *api.Call) bool { return call.R.Header.Get("HX-Request") == "true" }

// redirect sends a browser to another page.
func redirect(call *api.Call, to string) error {
	if scripted(call) {
		call.Streaming().Header().Set("HX-Redirect", to)
		call.W.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(call.Streaming(), call.R, to, http.StatusSeeOther)
	return nil
}

// showProblem shows an error to a person.
func (c *Console) showProblem(call *api.Call, p *schema.Problem) {
	if scripted(call) {
		_ = c.write(call, p.Status, "problem", "problem-part", view{Data: p})
		return
	}
	v := view{Title: p.Title, Data: p}
	var err error
	if call.Who.Known() {
		err = c.framed(call, p.Status, "problem", v)
	} else {
		err = c.write(call, p.Status, "problem", "plain", v)
	}
	if err != nil {
		http.Error(call.W, p.Title, p.Status)
	}
}
