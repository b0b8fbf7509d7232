// Package console is the web console: what people see of an appliance in a browser.
//
// Guarantees:
//
//   - Pages read and change everything through api.Invoke, so everything that the console does is also an API: role, validation
//     and audit are those of the API, and no page can do what the API refuses. A test checks this package's code for it, and
//     PAGES.md lists what each page calls.
//   - Pages are rendered on the appliance and can be read without a script. Scripts add what moves: levels, scores, health.
//   - Nothing is fetched from elsewhere, nothing is inline, and no text from a person, a device or a service is ever treated as
//     HTML.
//   - A page loads less than 100 KB before it is first painted.
package console

import (
	"net/http"
	"strings"

	"orac/web/api"
	"orac/web/auth"
)

// Console is the console of one appliance. It holds only its templates: what it shows comes from the server.
type Console struct{ pages map[string]*page }

// New makes a console.
func New() *Console { return &Console{pages: loadPages()} }

// Pages adds the console to a server: it is api.Options.Pages.
func (c *Console) Pages(s *api.Server) {
	s.ErrorPage = c.showProblem
	s.Handle("GET /static/", http.HandlerFunc(serveAsset))
	s.Handle("GET /chaos", http.HandlerFunc(moved))
	s.Handle("GET /chaos/{rest...}", http.HandlerFunc(moved))
	for _, p := range c.routes() {
		s.Page(p.method, p.path, p.role, p.show)
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

type pageRoute struct {
	method, path string
	role         auth.Role
	show         func(*api.Call) error
}

// routes returns all pages. Routes that only a script calls return a part of a page.
func (c *Console) routes() []pageRoute {
	const get, post = http.MethodGet, http.MethodPost
	return []pageRoute{
		{get, "/login", auth.Nobody, c.loginPage},
		{post, "/login", auth.Nobody, c.login},
		{get, "/setup", auth.Nobody, c.setupPage},
		{post, "/setup", auth.Nobody, c.setup},
		{post, "/logout", auth.Viewer, c.logout},
		{post, "/logout-everywhere", auth.Viewer, c.logoutEverywhere},

		{get, "/{$}", auth.Viewer, c.listen},
		{get, "/parts/heard", auth.Viewer, c.heardPart},
		{get, "/parts/health", auth.Viewer, c.healthPart},
		{get, "/graph", auth.Viewer, c.graph},
		{get, "/history", auth.Viewer, c.history},
		{post, "/history/{id}/verdict", auth.Operator, c.judge},
		{get, "/incidents", auth.Viewer, c.incidents},
		{get, "/incidents/{id}", auth.Viewer, c.incident},
		{get, "/spool", auth.Viewer, c.spool},
		{post, "/spool/{id}/retry", auth.Operator, c.retrySpooled},
		{post, "/spool/{id}/drop", auth.Admin, c.dropSpooled},
		{get, "/system", auth.Viewer, c.system},

		{get, "/runbook", auth.Admin, c.runbook},
		{post, "/runbook", auth.Admin, c.editAgain},
		{post, "/runbook/check", auth.Admin, c.checkPart},
		{post, "/runbook/plan", auth.Admin, c.plan},
		{post, "/runbook/merge", auth.Admin, c.merge},
		{post, "/runbook/apply", auth.Admin, c.apply},
		{get, "/runbook/blocks", auth.Admin, c.blocks},
		{get, "/runbook/blocks/{address}", auth.Admin, c.block},
		{post, "/runbook/blocks/{address}", auth.Admin, c.saveBlock},
		{post, "/runbook/blocks/{address}/remove", auth.Admin, c.removeBlock},
		{get, "/runbook/add/{type}", auth.Admin, c.newBlock},
		{post, "/runbook/add/{type}", auth.Admin, c.addBlock},
		{get, "/runbook/microphone", auth.Admin, c.newMicrophone},
		{post, "/runbook/microphone", auth.Admin, c.addMicrophone},
		{get, "/runbook/generations", auth.Viewer, c.generations},
		{get, "/runbook/generations/{number}", auth.Admin, c.generation},
		{post, "/runbook/rollback", auth.Admin, c.rollback},

		{get, "/simulations", auth.Operator, c.simulationsPage},
		{get, "/parts/simulations", auth.Operator, c.simulationsPart},
		{post, "/simulations/run", auth.Admin, c.runSimulation},
		{get, "/simulations/{number}", auth.Operator, c.simulation},
		{get, "/simulations/{number}/report", auth.Operator, c.simulationReport},
		{post, "/simulations/{number}/stop", auth.Admin, c.stopSimulation},

		{get, "/docs", auth.Viewer, c.docs},
		{get, "/docs/{topic}", auth.Viewer, c.doc},

		{get, "/people", auth.Admin, c.people},
		{post, "/people", auth.Admin, c.addUser},
		{get, "/people/{name}", auth.Admin, c.person},
		{post, "/people/{name}/declare", auth.Admin, c.declareUser},
		{post, "/people/{name}/role", auth.Admin, c.changeRole},
		{post, "/people/{name}/password", auth.Admin, c.givePassword},
		{post, "/people/{name}/remove", auth.Admin, c.removeUser},
		{post, "/people/{name}/logout", auth.Admin, c.logoutUser},
		{get, "/password", auth.Viewer, c.passwordPage},
		{post, "/password", auth.Viewer, c.changePassword},
		{post, "/keys", auth.Admin, c.createKey},
		{post, "/keys/{id}/rotate", auth.Admin, c.rotateKey},
		{post, "/keys/{id}/revoke", auth.Admin, c.revokeKey},
		{get, "/audit", auth.Admin, c.audit},
		{post, "/audit/verify", auth.Admin, c.verifyAudit},
	}
}
