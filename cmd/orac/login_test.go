package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// loginHouse are the runbooks of an issuer and of its member. They are on one machine: their names keep their cookies apart.
func loginHouse(t *testing.T) (core, kitchen, coreURL, kitchenURL string) {
	coreAt, kitchenAt := freeAddress(t), freeAddress(t)
	_, port, err := net.SplitHostPort(coreAt)
	if err != nil {
		t.Fatal(err)
	}
	coreURL, kitchenURL = "http://localhost:"+port, "http://"+kitchenAt
	core = fmt.Sprintf(`
appliance "core" {
  state_dir = "state"
}
web {
  listen = %q
}
issuer {
  url = %q
}
member "kitchen" {
  url = %q
}
user "anna" {
  role          = "admin"
  password_hash = secret("anna_password_hash")
}
`, coreAt, coreURL, kitchenURL)
	kitchen = fmt.Sprintf(`
appliance "kitchen" {
  state_dir = "state"
}
web {
  listen = %q
}
auth {
  trust {
    issuer = %q
    role   = "operator"
  }
}
user "anna" {
  role          = "admin"
  password_hash = secret("anna_password_hash")
}
`, kitchenAt, coreURL)
	return core, kitchen, coreURL, kitchenURL
}

// TestOneLoginForTwoConsoles: in a browser, with two running appliances. From a page of the kitchen to a login at the issuer and back to
// that page, and out.
func TestOneLoginForTwoConsoles(t *testing.T) {
	core, kitchen, coreURL, kitchenURL := loginHouse(t)
	issuer := start(t, prepared(t, core), core, nil)
	member := start(t, prepared(t, kitchen), kitchen, nil)
	serves(t, strings.TrimPrefix(coreURL, "http://"))
	serves(t, strings.TrimPrefix(kitchenURL, "http://"))
	b := openBrowser(t, kitchenURL)

	b.open("/history?text=lights")
	b.sees("Log in with localhost")
	b.photograph("login-issuer")
	b.click("a.main")
	b.until(fmt.Sprintf("location.href.startsWith(%q)", coreURL+"/login"))
	b.set("#username", "anna")
	b.set("#password", "correct horse battery")
	b.click("button.main")
	b.sees("Log in at kitchen as anna?")
	b.photograph("authorize")
	b.press("\r") // the button has the focus
	b.until(fmt.Sprintf("location.href === %q", kitchenURL+"/history?text=lights"))
	b.sees("operator")
	b.click("form[action='/logout'] button")
	b.sees("Log in with localhost")

	issuer.stop()
	b.click("a.main")
	b.sees("The issuer does not answer.")
	b.photograph("login-away")
	b.set("#username", "anna")
	b.set("#password", "correct horse battery")
	b.click("button.main")
	b.sees("admin")
	b.silent()
	member.stop()
}
