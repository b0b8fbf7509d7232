package console

import (
	"net/url"
	"slices"

	"orac/web/auth"
)

// The page that a form leads to says what was done. Its address selects the sentence and names the person or thing: the
// sentences are the ones below, and the name must be one that the page knows, so no link can put words into a page.

// after returns the address of a page that says what was done.
func after(page, what, name string) string {
	q := url.Values{"done": {what}}
	if name != "" {
		q.Set("name", name)
	}
	return page + "?" + q.Encode()
}

// loginDone are the sentences of the login page.
var loginDone = map[string]string{
	"logout":     "You are logged out.",
	"everywhere": "You are logged out everywhere.",
	"password":   "Your password is changed. Log in with the new one.",
	"changed":    "Your account was changed. Log in again.",
}

// spoolDone are the sentences of the page of recordings.
var spoolDone = map[string]string{
	"retry": "ORAC tries to deliver the recording again.",
	"drop":  "The recording is deleted.",
}

// passkeyDone are the sentences of the page of passkeys.
var passkeyDone = map[string]string{
	"added":   "The passkey is added. You can log in with it.",
	"renamed": "The passkey has its new name.",
	"removed": "The passkey is removed. You are logged out everywhere else.",
}

// systemDone are the sentences of the page of the system.
var systemDone = map[string]string{
	"restart": "ORAC restarts: it hears nothing for some seconds. Started, below, is new once that is over.",
}

// peopleDone returns the sentence that an address selects on the page of people, or "" if it does not fit what
// exists.
func (d peopleData) peopleDone(q url.Values) string {
	name := q.Get("name")
	i := slices.IndexFunc(d.People, func(p auth.Person) bool { return p.Name == name })
	k := slices.IndexFunc(d.Keys, func(k keyRow) bool { return k.ID == name })
	what := q.Get("done")
	switch {
	case what == "removed" && i < 0 && auth.UserName().MatchString(name):
		return name + " is removed and can no longer log in."
	case what == "revoked" && k >= 0 && !d.Keys[k].Alive:
		return "The key " + d.Keys[k].Name + " no longer works."
	case i < 0:
		return ""
	}
	switch what {
	case "added":
		return name + " can log in now, as " + string(d.People[i].Role) + "."
	case "role":
		return name + " now has the role " + string(d.People[i].Role) + ", and has to log in again."
	case "password":
		return name + " has a new password, and has to log in again."
	case "logout":
		return name + " is logged out everywhere."
	case "declared":
		return name + " is in the runbook's file now."
	}
	return ""
}
