package api

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"orac/web/auth"
	"orac/web/schema"
)

// barePages adds the pages that are needed to get in: set-up, login, logout. The console has better ones at the same
// addresses, using the same routes.
func barePages(s *Server) {
	s.Page(http.MethodGet, "/setup", auth.Nobody, func(c *Call) error {
		return c.setupPage(200, "", nil)
	})
	s.Page(http.MethodPost, "/setup", auth.Nobody, func(c *Call) error {
		first, err := OpSetup.Call(c, SetupInput{Code: c.R.PostFormValue("code"), Name: c.R.PostFormValue("name"), Password: c.R.PostFormValue("password"), Session: true})
		var p *schema.Problem
		if errors.As(err, &p) && p.Status < 500 {
			return c.setupPage(p.Status, p.Title+". "+p.Detail, nil)
		}
		if err != nil {
			return err
		}
		return c.setupPage(200, "", &first)
	})
	s.Page(http.MethodGet, "/login", auth.Nobody, func(c *Call) error { return c.bare(200, "login", map[string]any{"Next": c.Next()}) })
	s.Page(http.MethodPost, "/login", auth.Nobody, func(c *Call) error {
		_, err := OpLogin.Call(c, LoginInput{Username: c.R.PostFormValue("username"), Password: c.R.PostFormValue("password"), Session: true})
		p := schema.ProblemOf(err)
		switch {
		case err == nil:
			return redirect(c, c.Next())
		case p.Status >= 500:
			return err
		}
		if p.RetryAfter() > 0 {
			c.W.Header().Set("Retry-After", fmt.Sprint(int(p.RetryAfter()/time.Second)+1))
		}
		return c.bare(p.Status, "login", map[string]any{"Next": c.Next(), "Wrong": p.Title, "Wait": p.RetryAfter().Round(time.Second)})
	})
	s.Page(http.MethodPost, "/logout", auth.Viewer, func(c *Call) error {
		if _, err := OpLogout.Call(c, schema.None{}); err != nil {
			return err
		}
		return redirect(c, "/login")
	})
	s.Page(http.MethodGet, "/{$}", auth.Viewer, func(c *Call) error {
		return c.bare(200, "home", map[string]any{"Who": c.Who, "Status": c.Server.o.App.Running.Status()})
	})
}

func (c *Call) setupPage(status int, wrong string, first *SetupOut) error {
	state, err := OpSetupState.Call(c, schema.None{})
	if err != nil {
		return err
	}
	if first == nil && !state.Needed {
		return redirect(c, "/login")
	}
	return c.bare(status, "setup", map[string]any{"Wrong": wrong, "First": first})
}

func (c *Call) bare(status int, name string, data map[string]any) error {
	data["CSRF"] = c.Who.CSRF
	w := c.Streaming()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	return bareTemplates.ExecuteTemplate(w, name, data)
}

var bareTemplates = template.Must(template.New("").Parse(`
{{define "head"}}<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>ORAC</title></head><body><main><h1>ORAC</h1>{{end}}
{{define "foot"}}</main></body></html>{{end}}
{{define "setup"}}{{template "head"}}
{{with .First}}<p>{{.Name}} is the first admin, and logged in. The password's hash is the secret {{.Secret}} of the state directory.
These lines belong into orac.hcl:</p><pre>{{.Lines}}</pre><p><a href="/">Go on</a></p>
{{else}}<p>There is no user yet. The code is printed on the terminal that ORAC runs in.</p>
{{with .Wrong}}<p role="alert">{{.}}</p>{{end}}
<form method="post" action="/setup">
<p><label>Code <input name="code" autocomplete="one-time-code" required maxlength="20"></label></p>
<p><label>Name <input name="name" autocomplete="username" required pattern="[a-z][a-z0-9_\-]*" maxlength="63"></label></p>
<p><label>Password, 10 characters at least <input name="password" type="password" autocomplete="new-password" required minlength="10" maxlength="72"></label></p>
<p><button>Make the first admin</button></p></form>{{end}}{{template "foot"}}{{end}}
{{define "login"}}{{template "head"}}
{{with .Wrong}}<p role="alert">{{.}}</p>{{end}}{{with .Wait}}<p>Try again in {{.}}.</p>{{end}}
<form method="post" action="/login"><input type="hidden" name="next" value="{{.Next}}">
<p><label>Name <input name="username" autocomplete="username" required maxlength="64"></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required maxlength="256"></label></p>
<p><button>Log in</button></p></form>{{template "foot"}}{{end}}
{{define "home"}}{{template "head"}}
<p>{{.Who.Name}}, {{.Who.Role}}. {{.Status.Appliance}} is {{.Status.Health.Level}}, generation {{.Status.Generation}}.</p>
<form method="post" action="/logout"><input type="hidden" name="csrf" value="{{.CSRF}}"><button>Log out</button></form>{{template "foot"}}{{end}}
`))
