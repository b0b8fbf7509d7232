package language

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"orac/runbook/pattern"
)

// quotable is a value without its marks, for checks, together with whether errors may quote it. Errors quote values only
// through its methods, so that no error can forget where a value came from; a test enforces that.
type quotable struct {
	cty.Value
	hidden bool
}

// notShown replaces what an error must not quote.
const notShown = "(not shown)"

// part is a value inside of q.
func (q quotable) part(v cty.Value) quotable { return quotable{v, q.hidden} }

// show writes a simple value as a file would, shortened.
func (q quotable) show() string {
	v := q.Value
	switch {
	case q.hidden:
		return notShown
	case v.IsNull() || !v.IsKnown():
		return v.Type().FriendlyName()
	case v.Type() == cty.String:
		return q.quote(v.AsString())
	case v.Type() == cty.Number:
		return v.AsBigFloat().Text('g', 12)
	case v.Type() == cty.Bool:
		return strconv.FormatBool(v.True())
	}
	return v.Type().FriendlyName()
}

// quote writes a text that is part of the value.
func (q quotable) quote(s string) string {
	if q.hidden {
		return notShown
	}
	return strconv.Quote(Clip(s))
}

// describe names the type of the value, and shows a simple one.
func (q quotable) describe() string {
	v, t := q.Value, q.Type()
	switch {
	case q.hidden:
		return "a value that is not shown"
	case v.IsNull():
		return "null"
	case t == cty.String:
		return "the text " + q.show()
	case t.IsPrimitiveType():
		return q.show()
	case t.IsObjectType() && t.HasAttribute("address") && isText(v.GetAttr("address")):
		return "the block " + v.GetAttr("address").AsString()
	case t.IsObjectType() || t.IsMapType():
		return "an object"
	case t.IsTupleType() || t.IsListType() || t.IsSetType():
		return "a list"
	}
	return "a " + t.FriendlyName()
}

// showURL shows a URL without the password that it may carry.
func (q quotable) showURL() string {
	if !q.hidden && strings.Contains(q.AsString(), "@") {
		return "one with a user in it"
	}
	return q.show()
}

// name returns the address of a block that the value refers to.
func (q quotable) name(a Address) string {
	if q.hidden {
		return notShown
	}
	return string(a)
}

// badURL says how to fix a URL that cannot be used; "" for a good one. Only a URL that is kept as a
// secret may contain a user and password. If tcp, it may begin with tcp://.
func (q quotable) badURL(secret, tcp bool) string {
	u, err := url.Parse(q.AsString())
	switch {
	case err == nil && tcp && u.Scheme == "tcp":
		if u.Hostname() == "" || u.Port() == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return `Write "tcp://HOST:PORT".`
		}
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return `Write "http://HOST:PORT" or "https://HOST:PORT".`
	case u.User != nil && !secret:
		return "Leave out the user and password: a URL is printed in logs."
	case u.Fragment != "":
		return "Leave out # and what follows it."
	}
	return undialable(u.Hostname(), u.Port(), strings.HasSuffix(u.Host, ":"))
}

// undialable says how to fix a host or port that no connection can reach; "" for all others. It looks no names up.
func undialable(host, port string, cut bool) string {
	if n, err := strconv.Atoi(port); cut || port != "" && (err != nil || n < 1 || n > 65535) {
		return "A port is a number from 1 to 65535. Leave it out to use the default of the scheme."
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil && numericHost().MatchString(host):
		return "An IPv4 address is four numbers from 0 to 255, like 192.0.2.7."
	case err != nil:
		return ""
	}
	ip = ip.Unmap()
	switch {
	case ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return "This address stands for many machines. Write the address of one."
	case ip.Is6() && ip.IsLinkLocalUnicast() && ip.Zone() == "":
		return "A link-local address needs its interface: write [fe80::1%25eth0]."
	}
	return ""
}

// numericHost matches a host that must be an address: no top-level domain is a number.
var numericHost = pattern.Lazy(`^[0-9.]+$|\.[0-9]+$`)

// meant suggests the word that a text most likely stands for; if there is none, it lists what is
// allowed.
func (q quotable) meant(word string, values []string, all bool) string {
	hint := ""
	if !q.hidden {
		hint = Suggest(word, values)
	}
	if hint != "" && !all {
		return strings.TrimSpace(hint)
	}
	return hint + "It is " + quotedList(values) + "."
}

// scrub removes the texts of attributes that came from the machine from a message about them.
func (b Block) scrub(d *Document, said string) string {
	var texts []string
	for _, a := range b.Attrs {
		if !a.outside {
			continue
		}
		for _, v := range textsIn(a.Value) {
			texts = append(texts, d.Resolve(v), v, Clip(v))
		}
	}
	const shortest = 3 // a shorter text reveals nothing, and occurs in every sentence
	slices.SortFunc(texts, func(a, b string) int { return len(b) - len(a) })
	for _, s := range texts {
		if len(s) >= shortest {
			quoted := strconv.Quote(s)
			said = strings.ReplaceAll(strings.ReplaceAll(said, quoted, notShown), s, notShown)
			said = strings.ReplaceAll(said, quoted[1:len(quoted)-1], notShown)
		}
	}
	return said
}

// textsIn returns the texts in a normal form.
func textsIn(v cty.Value) (out []string) {
	switch t := v.Type(); {
	case v.IsNull():
	case t == cty.String:
		out = append(out, v.AsString())
	case t.IsListType():
		for _, el := range v.AsValueSlice() {
			out = append(out, textsIn(el)...)
		}
	case t.IsMapType():
		for name, el := range v.AsValueMap() {
			out = append(append(out, name), textsIn(el)...)
		}
	}
	return out
}
