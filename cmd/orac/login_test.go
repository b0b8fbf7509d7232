package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"orac/runbook/testkit"
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
stt "words" {
  protocol = "exec"
  command  = ["/bin/echo", "words"]
}
stt_server "house" {
  engine = stt.words
  listen = %q
}
user "anna" {
  role          = "admin"
  password_hash = secret("anna_password_hash")
}
`, kitchenAt, coreURL, freeAddress(t))
	return core, kitchen, coreURL, kitchenURL
}

// securityKey gives a browser a device for passkeys, which says that it has verified its owner.
func (b *browser) securityKey() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	_, err := chromedp.Call(ctx, webauthn.Enable, webauthn.EnableParams{})
	testkit.Must(b.t, err)
	_, err = chromedp.Call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true, HasUserVerification: true, IsUserVerified: true,
		AutomaticPresenceSimulation: true,
	}})
	testkit.Must(b.t, err)
}

// TestOneLoginForTwoConsoles: in a browser, with two running appliances. From a page of the kitchen to a login at the issuer, by password
// and then by passkey, and back to that page; and out.
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
	b.until("document.querySelector('.rail .me').textContent.includes('operator')")
	b.click(".rail form[action='/logout'] button")
	b.sees("Log in with localhost")

	b.securityKey()
	b.do("open the issuer", chromedp.Navigate(coreURL+"/passkeys"))
	b.sees("You have none yet.")
	b.photograph("passkeys-none")
	b.set("#name", "phone")
	b.set("#current", "wrong")
	b.click("#add-passkey button")
	b.sees("The password is wrong.")
	b.set("#current", "correct horse battery")
	b.click("#add-passkey button")
	b.sees("The passkey is added.")
	b.photograph("passkeys")
	b.click(".rail form[action='/logout'] button")
	b.sees("You are logged out.")
	b.photograph("login-passkey")
	b.open("/history?text=lights")
	b.click("a.main")
	b.sees("Log in with a passkey")
	b.do("go to the button", chromedp.Focus(css("#passkey button")))
	b.press("\r")
	b.sees("Log in at kitchen as anna?")
	b.click("button.main")
	b.until(fmt.Sprintf("location.href === %q", kitchenURL+"/history?text=lights"))
	b.click(".rail form[action='/logout'] button")
	b.sees("Log in with localhost")

	issuer.stop()
	b.click("a.main")
	b.sees("The issuer does not answer.")
	b.photograph("login-away")
	b.set("#username", "anna")
	b.set("#password", "correct horse battery")
	b.click("form[action='/login'] button")
	b.until("document.querySelector('.rail .me').textContent.includes('admin')")
	b.silent()
	member.stop()
}
