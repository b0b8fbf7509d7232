package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// modules of wapiti: all but nikto and wapp, which fetch their databases from the network and look for products that ORAC has none
// of; and buster, which guesses at addresses for many minutes: those that there are it is given.
var modules = []string{
	"backup", "blindsql", "cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess", "http_headers", "methods", "permanentxss", "redirect", "shellshock", "sql", "ssrf", "xss", "xxe",
}

// excluded are addresses that would end the login of this scan or of the one beside it, streams, which do not end, and the form of
// the sound that is played: without its "end" the appliance ends with it, as it should.
var excluded = []string{"/logout", "/logout-everywhere", "/people/*", "/api/events", "/api/ws", "/runbook/blocks/device.wav.*"}

// startWapiti is its program. Debian 12's wapiti makes a regular expression of excluded addresses that Debian 12's Python refuses
// ("global flags not at the start"): it is given one that says the same.
const startWapiti = `import re, sys
import wapitiCore.net.crawler as crawler
crawler.wildcard_translate = lambda pattern: re.compile("(?ms)" + ".*".join(map(re.escape, pattern.split("*"))) + r"\Z")
from wapitiCore.main.wapiti import wapiti_main
sys.argv[0] = "wapiti"
wapiti_main()`

// wapiti scans console and API as a role; as a peer, the speech-to-text server with the token of an account.
func wapiti(ctx context.Context, t *target, role string, back *callback, o options) ([]finding, error) {
	report := filepath.Join(o.keep, "wapiti-"+role+".json")
	session := filepath.Join(t.dir, "wapiti-"+role)
	mods := modules
	if role == "nobody" {
		mods = append(mods, "brute_login_form") // who has a session gets no such form
	}
	args := []string{
		"-u", t.urlOf(role) + "/", "--scope", "domain", "-m", strings.Join(mods, ","), "-f", "json", "-o", report, "--store-session", session, "--store-config", session,
		"--flush-session", "--no-bugreport", "--verify-ssl", "0", "-t", "10", "-v", "1", "--max-scan-time", "60", "--max-attack-time", fmt.Sprint(o.each.Seconds()),
		"--external-endpoint", back.url, "--internal-endpoint", back.url,
	}
	for _, x := range excluded {
		args = append(args, "-x", t.url+x)
	}
	list, err := t.addressesOf(ctx, role)
	if err != nil {
		return nil, err
	}
	if role == peer || role == asker {
		token, err := t.token(role)
		if err != nil {
			return nil, err
		}
		args = append(args, "-H", "Authorization: Bearer "+token)
	}
	for _, address := range list {
		args = append(args, "-s", address)
	}
	if c := t.cookies[role]; c != nil {
		path := filepath.Join(t.dir, "cookie-"+role+".json")
		host, _, err := net.SplitHostPort(t.web)
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(map[string]any{host: map[string]any{"/": map[string]any{c.Name: map[string]any{
			"value": c.Value, "expires": nil, "secure": c.Secure, "port": nil, "version": 0,
		}}}})
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return nil, err
		}
		args = append(args, "-c", path)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute+time.Duration(len(mods))*(o.each+10*time.Second))
	defer cancel()
	log, err := os.Create(filepath.Join(o.keep, "wapiti-"+role+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	c := exec.CommandContext(ctx, "/usr/bin/python3", append([]string{"-c", startWapiti}, args...)...)
	c.Stdout, c.Stderr = log, log
	c.Env = append(os.Environ(), "HOME="+t.dir, "NO_PROXY=*", "no_proxy=*") // nothing of the user's, and nothing over a proxy
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("%w: see %s (make deps-security installs it)", err, log.Name())
	}
	if c := t.cookies[role]; c != nil && ctx.Err() == nil { // else it has looked at the login page only
		if code, _, err := t.get(ctx, role, "/api/auth/me"); err != nil || code != http.StatusOK {
			return nil, fmt.Errorf("its login ended meanwhile (%d, %v): it is unknown what it looked at", code, err)
		}
	}
	if err := lookedAtAll(log.Name(), mods, len(list)); err != nil {
		return nil, err
	}
	return readWapiti(report, role)
}

var foundURLs = regexp.MustCompile(`Wapiti found (\d+) URLs and forms`)

// lookedAtAll proves by what wapiti has said that it has run every module, on no fewer addresses than it was given.
func lookedAtAll(path string, modules []string, least int) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	m := foundURLs.FindSubmatch(text)
	if m == nil {
		return errors.New("it does not say how many addresses it found: " + path)
	}
	if n, err := strconv.Atoi(string(m[1])); err != nil || n < least {
		return fmt.Errorf("it saw %d addresses, but was given %d: %s", n, least, path)
	}
	for _, name := range modules {
		if !bytes.Contains(text, []byte("Launching module "+name)) {
			return fmt.Errorf("its module %s did not run: %s", name, path)
		}
	}
	return nil
}

// wapitiReport is what of a report counts.
type wapitiReport struct {
	Vulnerabilities map[string][]wapitiFinding `json:"vulnerabilities"`
	Anomalies       map[string][]wapitiFinding `json:"anomalies"`
}

type wapitiFinding struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Info      string `json:"info"`
	Parameter string `json:"parameter"`
}

// readWapiti reads a report.
func readWapiti(path, role string) (found []finding, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r wapitiReport
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if r.Vulnerabilities == nil {
		return nil, fmt.Errorf("%s is not a report of wapiti", path)
	}
	for _, kind := range []map[string][]wapitiFinding{r.Vulnerabilities, r.Anomalies} {
		for what, list := range kind {
			for _, f := range list {
				where := f.Method + " " + f.Path
				if f.Parameter != "" {
					where += " " + f.Parameter
				}
				found = append(found, finding{"wapiti", role, what, where, f.Info})
			}
		}
	}
	return found, nil
}

// callback is a server that nothing is to ask: where it is asked, ORAC was made to (SSRF, XXE). Wapiti asks it for what it has heard.
type callback struct {
	url  string
	http *http.Server

	mu    sync.Mutex // guards asked
	asked []string
}

func listenForCallbacks() (*callback, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &callback{url: "http://" + l.Addr().String() + "/"}
	c.http = &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(c.answer)}
	go func() { _ = c.http.Serve(l) }() // it ends with close
	return c, nil
}

func (c *callback) answer(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/get_") || r.URL.Path == "/" { // wapiti itself: what it sends has a path of its own
		_, _ = w.Write([]byte("{}"))
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.asked) < 100 {
		c.asked = append(c.asked, r.Method+" "+r.URL.Path)
	}
}

func (c *callback) findings() (found []finding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.asked {
		found = append(found, finding{"callback", "", "it connected to the attacker's address", a, ""})
	}
	return found
}

func (c *callback) close() { _ = c.http.Close() }
