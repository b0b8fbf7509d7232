// Package console is the web console: what people see of an appliance in a browser.
//
// Guarantees:
//
//   - Pages read and change everything through the operations of the API, so everything that the console does is also an API: role, validation
//     and audit are those of the API, and no page can do what the API refuses. A test checks this package's code for it, and
//     PAGES.md lists what each page calls.
//   - Pages are rendered on the appliance and can be read without a script. Scripts add what moves: levels, scores, health.
//   - Nothing is fetched from elsewhere, nothing is inline, and no text from a person, a device or a service is ever treated as
//     HTML.
//   - A page loads less than 100 KB before it is first painted.
package console

import (
	"cmp"
	"html/template"
	"net/http"
	"strings"

	"orac/web/api"
)

// Console is the console of one appliance. It holds only its table and its templates: what it shows comes from the server.
type Console struct {
	pages     []route
	templates map[string]func() *template.Template
}

// New makes a console.
func New() *Console {
	c := &Console{allPages(), loadTemplates()}
	for i := range c.pages {
		c.pages[i].method = cmp.Or(c.pages[i].method, http.MethodGet)
	}
	return c
}

// Pages adds the console to a server: it is api.Options.Pages.
func (c *Console) Pages(s *api.Server) {
	s.ErrorPage = c.showProblem
	s.Handle("GET /static/", http.HandlerFunc(serveAsset))
	s.Handle("GET /chaos", http.HandlerFunc(moved))
	s.Handle("GET /chaos/{rest...}", http.HandlerFunc(moved))
	for _, r := range c.pages {
		s.Page(r.method, r.path, r.role, func(call *api.Call) error { return r.show(c, call) })
	}
}

// moved redirects bookmarks of the page Simulations, once called Chaos, to its present address.
func moved(w http.ResponseWriter, r *http.Request) {
	to := "/simulations" + strings.TrimPrefix(r.URL.EscapedPath(), "/chaos")
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	http.Redirect(w, r, to, http.StatusMovedPermanently)
}
