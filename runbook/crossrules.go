package runbook

import (
	"fmt"
	"net/url"
	"slices"

	"orac/runbook/language"
)

var runbookRules = []language.Between{
	{Doc: "Two microphones may not select the same device.", Check: microphonesDiffer},
	{Doc: "Two speakers may not select the same device.", Check: speakersDiffer},
	{Doc: "chimes are only for a listener with a speaker.", Check: chimesAreHeard},
	{Doc: "A heartbeat may only name an stt block with protocol orac.", Check: heartbeatsHaveServers},
	{Doc: "Lists in deliver that begin with the same stt block are the same list.", Check: routesAgree},
	{Doc: "A web block needs listen. If other machines can reach that address, it also needs tls, or plain_http_on_the_network = true.", Check: webIsSafe},
	{Doc: "A traces block needs url.", Check: tracesGoSomewhere},
	{Doc: "origins are scheme and host, as browsers send them, without a path.", Check: originsAreExact},
	{Doc: "hosts are names in lower case, without a port.", Check: hostsAreNames},
	{Doc: "trusted_proxies are addresses or networks; a network of all addresses is refused.", Check: proxiesAreNetworks},
	{Doc: "If other machines can reach a stt_server, it needs tls, or plain_http_on_the_network = true. No two servers listen at the same address.", Check: sttServersAreSafe},
	{Doc: "from of a peer is an address or a network; a network of all addresses is refused.", Check: peersHaveAddresses},
	{Doc: "permissions are SERVICE.ACTION.", Check: permissionsAreNamed},
	{Doc: "The addresses of issuers, of logins and of members have no path, and are https unless they are this machine's own. An issuer needs a web block, and does not trust itself.", Check: issuersAreSafe},
	{Doc: "A certificate of a house needs an auth block with trust, or an issuer block. A server for members needs tls.", Check: housesAreJoined},
	{Doc: "url and body of a webhook may only use fields that its events have.", Check: webhooksNameTheirFields},
}

// microphonesDiffer refuses two blocks that select the same device: a device is opened once, and
// listeners share it.
func microphonesDiffer(value any, d *language.Document) language.Diagnostics {
	var found language.Diagnostics
	type selection struct{ backend, match, identity, id string }
	first := map[selection]Address{}
	for _, m := range value.(*Runbook).Microphones {
		s := selection{m.Backend, m.Match, m.Identity, m.ID}
		other, taken := first[s]
		if !taken {
			first[s] = m.Address
			continue
		}
		found = append(found, d.Problem(m.Address, "", language.Error, fmt.Sprintf("%s selects the same device as %s", m.Address, other),
			"Let several listeners share one device block, or give each block its own match, identity or id."))
	}
	return found
}

// heartbeatsHaveServers refuses a heartbeat to a speech-to-text service that takes none.
func heartbeatsHaveServers(value any, d *language.Document) language.Diagnostics {
	rb := value.(*Runbook)
	var found language.Diagnostics
	for _, h := range rb.Heartbeats {
		s, ok := rb.STT(h.STT)
		if !ok || s.Protocol == "orac" {
			continue
		}
		found = append(found, d.Problem(h.Address, "stt", language.Error, fmt.Sprintf("stt is %s, %s, which cannot receive heartbeats", h.STT, s.Noun()),
			`Name an stt block with protocol = "orac", or give url.`))
	}
	return found
}

// routesAgree refuses two lists that begin with the same service and go on differently: recordings for a service are delivered in
// order, so there is one order of those that stand in for it.
func routesAgree(value any, d *language.Document) (found language.Diagnostics) {
	type first struct {
		route    Route
		listener Address
	}
	firsts := map[Address]first{}
	for _, l := range value.(*Runbook).Listeners {
		for _, r := range l.Routes() {
			was, ok := firsts[r[0]]
			if !ok {
				firsts[r[0]] = first{r, l.Address}
				continue
			}
			if !slices.Equal(was.route, r) {
				found = append(found, d.Problem(l.Address, "deliver", language.Error,
					fmt.Sprintf("%s is followed by %s here, and by %s in %s", r[0], rest(r), rest(was.route), was.listener),
					"Write the same list in both, or begin one of them with another stt block."))
			}
		}
	}
	return found
}

// rest names the services that stand in for the first of a route.
func rest(r Route) string {
	if len(r) == 1 {
		return "nothing"
	}
	var names []string
	for _, a := range r[1:] {
		names = append(names, string(a))
	}
	return language.AndList(names)
}

// webIsSafe refuses passwords in clear text on a network, unless the runbook allows them explicitly.
func webIsSafe(value any, d *language.Document) language.Diagnostics {
	w := value.(*Runbook).Web
	b, _ := d.Block(w.Address)
	switch {
	case !b.Written:
	case w.Listen == "":
		return language.Diagnostics{d.Problem(w.Address, "", language.Error, "listen is missing", `Add listen = "127.0.0.1:7171". Without a web block nothing is served.`)}
	default:
		return encryptedOrLocal(d, place{w.Address, w.Listen}, w.TLS.On() || w.PlainHTTP, "127.0.0.1:7171", "passwords and voices in the clear")
	}
	return nil
}

// originsAreExact refuses values that no browser ever sends as an Origin.
func originsAreExact(value any, d *language.Document) (found language.Diagnostics) {
	w := value.(*Runbook).Web
	for _, o := range w.Origins {
		u, err := url.Parse(o)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != o {
			found = append(found, d.Problem(w.Address, "origins", language.Error, fmt.Sprintf("%q is not an origin", language.Clip(o)),
				`Write only scheme, host and port, like "https://home.example". Patterns are not supported.`))
		}
	}
	return found
}

var hostName = language.Match(`^[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?$`)

// hostsAreNames refuses values that no request can be addressed to. A pattern would admit names
// that must be kept out.
func hostsAreNames(value any, d *language.Document) (found language.Diagnostics) {
	w := value.(*Runbook).Web
	for _, h := range w.Hosts {
		if !hostName.MatchString(h) {
			found = append(found, d.Problem(w.Address, "hosts", language.Error, fmt.Sprintf("%q is not a host name", language.Clip(h)),
				`Write only the name, in lower case, without scheme and port, like "orac.home.example". Patterns are not supported. IP addresses need no entry.`))
		}
	}
	return found
}

// proxiesAreNetworks refuses values that name no proxy.
func proxiesAreNetworks(value any, d *language.Document) (found language.Diagnostics) {
	w := value.(*Runbook).Web
	for _, text := range w.TrustedProxies {
		if _, err := ParseNetwork(text); err != nil {
			found = append(found, d.Problem(w.Address, "trusted_proxies", language.Error, fmt.Sprintf("%q is not the address or network of a proxy: %v", language.Clip(text), err),
				`Write the proxy's address, like "192.0.2.7", or its network, like "192.0.2.0/28". Names are not looked up.`))
		}
	}
	return found
}

var permission = language.Match(`^[a-z][a-z0-9_]{0,31}\.[a-z][a-z0-9_]{0,31}$`)

func permissionsAreNamed(value any, d *language.Document) (found language.Diagnostics) {
	for _, s := range value.(*Runbook).ServiceAccounts {
		for _, name := range s.Permissions {
			if !permission.MatchString(name) {
				found = append(found, d.Problem(s.Address, "permissions", language.Error, fmt.Sprintf("%q is not a permission", language.Clip(name)),
					`Write SERVICE.ACTION in lower case, like "stt.transcribe".`))
			}
		}
	}
	return found
}
