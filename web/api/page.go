package api

import (
	"cmp"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"orac/web/auth"
	"orac/web/edge"
	"orac/web/schema"
)

// Page adds a page for people. Readers who need a login are sent to /login, or to /setup while there is no user; a changing
// request (any method except GET) carries the session's token in the form field csrf. f reads what it shows through operations (Op.Call), which
// checks and records as the API does. ErrorPage shows an error of f.
func (s *Server) Page(method, path string, role auth.Role, f func(*Call) error) {
	if role == auth.Nobody && !safe(method) {
		s.lets[method+" "+path] = true
	}
	s.mux.HandleFunc(method+" "+path, func(w http.ResponseWriter, r *http.Request) {
		c := r.Context().Value(callKey{}).(*Call)
		c.R, c.proof = r, c.Who.Proof()
		if err := s.page(c, role, method+" "+path, f); err != nil {
			s.failPage(c, err)
		}
	})
}

// Handle adds a handler that is open to everybody and needs no Call: the console's files.
func (s *Server) Handle(pattern string, h http.Handler) { s.mux.Handle(pattern, h) }

func (s *Server) page(c *Call, role auth.Role, pattern string, f func(*Call) error) error {
	if c.Denial != nil && auth.Reason(c.Denial) == "" {
		return c.Denial
	}
	says, read := entrant(""), !safe(c.R.Method) && role == auth.Nobody
	if read { // at a login: who the caller claims to be
		if err := readForm(c.R); err != nil {
			return cmp.Or(s.limit(c, says), err)
		}
		says = known(s.o.Guard, auth.User, c.R.PostFormValue("username"), c.From)
	}
	if err := s.limit(c, says); err != nil {
		return err
	}
	switch {
	case role == auth.Nobody:
	case s.o.Guard.NeedsSetup():
		return redirect(c, "/setup")
	case !c.Who.Known():
		if !safe(c.R.Method) {
			return schema.Fail(schema.Unauthenticated, "You are no longer logged in. Nothing was changed. Log in and try again.")
		}
		return redirect(c, "/login?next="+url.QueryEscape(c.R.URL.RequestURI()))
	case !c.Who.Role.Includes(role):
		if !safe(c.R.Method) {
			c.refusePage(pattern, "the role is too low")
		}
		return schema.Fail(schema.Forbidden, "You need the role %s.", role)
	}
	if !safe(c.R.Method) && !read {
		if err := readForm(c.R); err != nil {
			return err
		}
	}
	if !safe(c.R.Method) && c.Who.Known() {
		given := c.R.Header.Get("X-CSRF-Token")
		if given == "" {
			given = c.R.PostFormValue("csrf")
		}
		if !auth.CheckCSRF(c.Who, given) {
			c.refusePage(pattern, "without the token of the session")
			return schema.Fail(schema.NoCSRF, "")
		}
	}
	return f(c)
}

// refusePage records that somebody may not make a page's change, like a refusal by the API.
func (c *Call) refusePage(pattern, why string) {
	inner := *c
	inner.Target(pattern)
	inner.Denied("page.refused", why)
}

// readForm reads a form, completely or not at all: no page accepts files.
func readForm(r *http.Request) error {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // an unreadable type is not a form with files
	if strings.HasPrefix(kind, "multipart/") {
		return schema.Fail(schema.WrongType, "Send application/x-www-form-urlencoded.")
	}
	err := r.ParseForm()
	if long, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return long
	}
	if err != nil {
		return schema.Because(schema.InvalidInput, err, "The form cannot be read.")
	}
	return nil
}

func (s *Server) failPage(c *Call, err error) {
	p := schema.ProblemOf(err)
	if s.ErrorPage == nil || c.Sent {
		c.Fail(err)
		return
	}
	if p.Cause() != nil {
		c.Log().Warn("a page failed", "code", string(p.Code), "cause", schema.Clip(schema.Clean(p.Cause().Error()), 1000))
	}
	q := *p
	q.Request = c.ID
	s.ErrorPage(c, &q)
}

// redirect sends a browser elsewhere on this host.
func redirect(c *Call, to string) error {
	http.Redirect(c.W, c.R, to, http.StatusSeeOther)
	return nil
}

// FormsTo lets the forms of the page that is written now lead to another site: see edge.FormsTo.
func (c *Call) FormsTo(address string) { edge.FormsTo(c.W.Header(), address) }

// Next returns where a login leads: the page that was asked for, if it is on this host.
func (c *Call) Next() string { return localPath(c.R.FormValue("next")) }

// localPath is a path of this host, or "/".
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}
