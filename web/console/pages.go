package console

import (
	"slices"
	"strings"

	"orac/appliance/status"
	"orac/web/api"
	"orac/web/auth"
)

// route is a line of the table of pages: a page that people open, a part of one that a script loads, or a form.
type route struct {
	method string // empty: GET
	path   string // in the form of http.ServeMux
	role   auth.Role
	show   func(*Console, *api.Call) error

	title    string                   // of a page that people open; empty for parts and forms
	template string                   // its file in templates, without .html
	menu     string                   // its name in the menu; empty: it is not there
	when     func(status.Status) bool // whether the menu leads to it now; nil: always
	under    string                   // the line of the menu that is marked; empty: its own, or the one whose path its path begins with
}

// allPages is the table of pages. Routes, menu, titles, PAGES.md, the tests that open, read and photograph each page, and the test
// of what it may ask are all made from it.
func allPages() []route {
	return []route{
		{path: "/login", title: "Log in", template: "login", show: (*Console).loginPage},
		{method: "POST", path: "/login", show: (*Console).login},
		{path: "/login/start", show: (*Console).startLogin},
		{path: "/login/callback", show: (*Console).finishLogin},
		{path: "/setup", title: "Set up", template: "setup", show: (*Console).setupPage},
		{method: "POST", path: "/setup", show: (*Console).setup},
		{path: "/oauth/authorize", title: "Log in at a member", template: "authorize", show: (*Console).authorizePage},
		{method: "POST", path: "/oauth/authorize", role: auth.Viewer, show: (*Console).authorize},
		{method: "POST", path: "/logout", role: auth.Viewer, show: (*Console).logout},
		{method: "POST", path: "/logout-everywhere", role: auth.Viewer, show: (*Console).logoutEverywhere},

		{path: "/{$}", title: "Listen", template: "listen", menu: "Listen", role: auth.Viewer, show: (*Console).listen},
		{path: "/parts/heard", role: auth.Viewer, show: (*Console).heardPart},
		{path: "/parts/mute", role: auth.Viewer, show: (*Console).mutePart},
		{method: "POST", path: "/mute", role: auth.Operator, show: (*Console).mute},
		{method: "POST", path: "/unmute", role: auth.Operator, show: (*Console).unmute},
		{path: "/parts/health", role: auth.Viewer, show: (*Console).healthPart},
		{path: "/history", title: "History", template: "history", menu: "History", role: auth.Viewer, show: (*Console).history},
		{method: "POST", path: "/history/{id}/verdict", role: auth.Operator, show: (*Console).judge},
		{path: "/stt-servers", title: "STT server", template: "sttservers", menu: "STT server", when: servesSTT, role: auth.Viewer, show: (*Console).sttServers},
		{path: "/satellites", title: "Home Assistant", template: "satellites", menu: "Home Assistant", when: hasSatellite, role: auth.Viewer, show: (*Console).satellites},
		{path: "/voice-services", title: "Voice services", template: "voices", menu: "Voice", when: servesVoices, role: auth.Viewer, show: (*Console).voices},
		{path: "/commands", title: "Commands", template: "commands", menu: "Commands", when: actsHere, role: auth.Viewer, show: (*Console).commandsPage},
		{path: "/parts/commands", role: auth.Viewer, show: (*Console).commandsPart},
		{path: "/topics", title: "Topics", template: "topics", menu: "Topics", when: actsHere, role: auth.Viewer, show: (*Console).topicsPage},
		{method: "POST", path: "/topics/try", role: auth.Operator, show: (*Console).tryText},
		{method: "POST", path: "/topics/do", role: auth.Operator, show: (*Console).doText},
		{path: "/topics/learnt", title: "Learnt answers", template: "learnt", under: "/topics", role: auth.Viewer, show: (*Console).learntPage},
		{method: "POST", path: "/topics/learnt/forget", role: auth.Operator, show: (*Console).forget},
		{method: "POST", path: "/topics/learnt/clear", role: auth.Admin, show: (*Console).forgetAll},
		{path: "/backends", title: "Backends", template: "backends", menu: "Backends", when: actsHere, role: auth.Viewer, show: (*Console).backendsPage},
		{method: "POST", path: "/backends/{name}/refresh", role: auth.Operator, show: (*Console).refreshBackend},
		{path: "/graph", title: "Graph", template: "graph", menu: "Graph", role: auth.Viewer, show: (*Console).graph},
		{path: "/incidents", title: "Incidents", template: "incidents", menu: "Incidents", role: auth.Viewer, show: (*Console).incidents},
		{path: "/incidents/{id}", title: "Incident", template: "incident", role: auth.Viewer, show: (*Console).incident},
		{path: "/spool", title: "Recordings that wait", template: "spool", under: "/incidents", role: auth.Viewer, show: (*Console).spool},
		{method: "POST", path: "/spool/{id}/retry", role: auth.Operator, show: (*Console).retrySpooled},
		{method: "POST", path: "/spool/{id}/drop", role: auth.Admin, show: (*Console).dropSpooled},
		{path: "/members", title: "Members", template: "members", menu: "Members", when: isCentre, role: auth.Viewer, show: (*Console).membersPage},
		{path: "/parts/members", role: auth.Viewer, show: (*Console).membersPart},
		{path: "/members/code", title: "Let an appliance join", template: "memberscode", role: auth.Admin, show: (*Console).memberCodes},
		{method: "POST", path: "/members/code", role: auth.Admin, show: (*Console).createMemberCode},
		{method: "POST", path: "/members/code/{name}/end", role: auth.Admin, show: (*Console).cancelMemberCode},
		{method: "POST", path: "/members/plan", role: auth.Admin, show: (*Console).planPush},
		{method: "POST", path: "/members/push", role: auth.Admin, show: (*Console).startPush},
		{method: "POST", path: "/members/push/stop", role: auth.Admin, show: (*Console).stopPush},
		{method: "POST", path: "/members/push/undo", role: auth.Admin, show: (*Console).undoPush},
		{path: "/members/audit", title: "Audit of all", template: "membersaudit", role: auth.Admin, show: (*Console).membersAudit},
		{method: "POST", path: "/members/audit/{name}/accept", role: auth.Admin, show: (*Console).acceptMemberAudit},
		{method: "POST", path: "/restart", role: auth.Admin, show: (*Console).restart},
		{path: "/system", title: "System", template: "system", menu: "System", role: auth.Viewer, show: (*Console).system},
		{path: "/devices", title: "Microphones and speakers", template: "sounddevices", under: "/system", role: auth.Viewer, show: (*Console).soundDevices},

		{path: "/runbook", title: "Runbook", template: "runbook", menu: "Runbook", role: auth.Admin, show: (*Console).runbook},
		{method: "POST", path: "/runbook", role: auth.Admin, show: (*Console).editAgain},
		{method: "POST", path: "/runbook/check", role: auth.Admin, show: (*Console).checkPart},
		{method: "POST", path: "/runbook/plan", role: auth.Admin, show: (*Console).plan},
		{method: "POST", path: "/runbook/merge", role: auth.Admin, show: (*Console).merge},
		{method: "POST", path: "/runbook/apply", role: auth.Admin, show: (*Console).apply},
		{path: "/runbook/blocks", title: "Runbook, block by block", template: "blocks", role: auth.Admin, show: (*Console).blocks},
		{path: "/runbook/blocks/{address}", title: "Block", template: "block", role: auth.Admin, show: (*Console).block},
		{method: "POST", path: "/runbook/blocks/{address}", role: auth.Admin, show: (*Console).saveBlock},
		{method: "POST", path: "/runbook/blocks/{address}/remove", role: auth.Admin, show: (*Console).removeBlock},
		{path: "/runbook/add/{type}", title: "A new block", template: "block", role: auth.Admin, show: (*Console).newBlock},
		{method: "POST", path: "/runbook/add/{type}", role: auth.Admin, show: (*Console).addBlock},
		{path: "/runbook/microphone", title: "Add a microphone", template: "microphone", role: auth.Admin, show: (*Console).newMicrophone},
		{method: "POST", path: "/runbook/microphone", role: auth.Admin, show: (*Console).addMicrophone},
		{path: "/runbook/generations", title: "Generations", template: "generations", role: auth.Viewer, show: (*Console).generations},
		{path: "/runbook/generations/{number}", title: "Generation", template: "generation", role: auth.Admin, show: (*Console).generation},
		{method: "POST", path: "/runbook/rollback", role: auth.Admin, show: (*Console).rollback},

		{path: "/simulations", title: "Simulations", template: "simulations", menu: "Simulations", role: auth.Operator, show: (*Console).simulationsPage},
		{path: "/parts/simulations", role: auth.Operator, show: (*Console).simulationsPart},
		{method: "POST", path: "/simulations/run", role: auth.Admin, show: (*Console).runSimulation},
		{path: "/simulations/{number}", title: "Simulation", template: "simulation", role: auth.Operator, show: (*Console).simulation},
		{path: "/simulations/{number}/report", role: auth.Operator, show: (*Console).simulationReport},
		{method: "POST", path: "/simulations/{number}/stop", role: auth.Admin, show: (*Console).stopSimulation},

		{path: "/people", title: "People", template: "people", menu: "People", role: auth.Admin, show: (*Console).people},
		{method: "POST", path: "/people", role: auth.Admin, show: (*Console).addUser},
		{path: "/people/{name}", title: "Person", template: "person", role: auth.Admin, show: (*Console).person},
		{method: "POST", path: "/people/{name}/declare", role: auth.Admin, show: (*Console).declareUser},
		{method: "POST", path: "/people/{name}/role", role: auth.Admin, show: (*Console).changeRole},
		{method: "POST", path: "/people/{name}/password", role: auth.Admin, show: (*Console).givePassword},
		{method: "POST", path: "/people/{name}/remove", role: auth.Admin, show: (*Console).removeUser},
		{method: "POST", path: "/people/{name}/logout", role: auth.Admin, show: (*Console).logoutUser},
		{path: "/password", title: "Password", template: "password", role: auth.Viewer, show: (*Console).passwordPage},
		{method: "POST", path: "/password", role: auth.Viewer, show: (*Console).changePassword},
		{path: "/passkeys", title: "Passkeys", template: "passkeys", role: auth.Viewer, show: (*Console).passkeysPage},
		{method: "POST", path: "/passkeys/{id}/rename", role: auth.Viewer, show: (*Console).renamePasskey},
		{method: "POST", path: "/passkeys/{id}/remove", role: auth.Viewer, show: (*Console).removePasskey},
		{method: "POST", path: "/keys", role: auth.Admin, show: (*Console).createKey},
		{method: "POST", path: "/keys/{id}/rotate", role: auth.Admin, show: (*Console).rotateKey},
		{method: "POST", path: "/keys/{id}/revoke", role: auth.Admin, show: (*Console).revokeKey},

		{path: "/audit", title: "Audit", template: "audit", menu: "Audit", role: auth.Admin, show: (*Console).audit},
		{method: "POST", path: "/audit/verify", role: auth.Admin, show: (*Console).verifyAudit},

		{path: "/docs", title: "Docs", template: "docs", menu: "Docs and API", role: auth.Viewer, show: (*Console).docs},
		{path: "/docs/{topic}", title: "Docs", template: "doc", role: auth.Viewer, show: (*Console).doc},
	}
}

// Page is a page that people open.
type Page struct {
	Path, Title, Template, Menu string
	Role                        auth.Role

	when func(status.Status) bool // see route
}

// Pages returns the pages whose address is always the same, in the order of the menu.
func Pages() []Page { return opened(allPages()) }

func opened(table []route) (list []Page) {
	for _, r := range table {
		if path := strings.TrimSuffix(r.path, "{$}"); r.title != "" && !strings.Contains(path, "{") {
			list = append(list, Page{path, r.title, r.template, r.menu, r.role, r.when})
		}
	}
	return list
}

// menuOf returns the pages that a reader may open from the menu, while the appliance is so.
func menuOf(table []route, who auth.Identity, s status.Status) []Page {
	return slices.DeleteFunc(opened(table), func(p Page) bool {
		return p.Menu == "" || !who.Role.Includes(p.Role) || p.when != nil && !p.when(s)
	})
}

// place completes a view with what the table says about its template and about the address that was asked.
func (v *view) place(table []route, template, address string) {
	for _, r := range table {
		if r.template == template && v.Title == "" {
			v.Title = r.title
		}
		if r.template == template && r.under != "" {
			v.Nav = r.under
		}
		if path := strings.TrimSuffix(r.path, "{$}"); v.Nav == "" && r.menu != "" && (address == path || path != "/" && strings.HasPrefix(address, path+"/")) {
			v.Nav = path
		}
	}
}
