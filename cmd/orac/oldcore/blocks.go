package oldcore

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"orac/runbook/language"
	"orac/runbook/pattern"
)

// Here is what a runbook has already.
type Here struct {
	Has func(address string) bool // "topic.general"
}

// Import is what can go on.
type Import struct {
	Text    string   // the blocks, as HCL
	Blocks  []string // their addresses, in this order
	Secrets []Secret
	Notes   []string // what is left out, and what a person has to do
}

// Secret is a secret that the blocks name.
type Secret struct {
	Name  string
	Value language.Secret
}

// importing is an import that is being made.
type importing struct {
	Import
	data     Data
	here     Here
	text     bytes.Buffer
	backends map[string]string         // names of blocks by old ID
	intents  map[string][]string       // names of intent blocks by topic
	taken    map[language.Address]bool // names that are used
}

// Blocks makes blocks of what a Core of before has. With answers, what it learnt becomes sentences of intents.
func (d Data) Blocks(here Here, answers bool) Import {
	m := &importing{data: d, here: here, backends: map[string]string{}, intents: map[string][]string{}, taken: map[language.Address]bool{}}
	for _, b := range d.Backends {
		m.backend(b)
	}
	if answers {
		m.answers()
	} else if n := len(d.Answers); n > 0 {
		m.note("stt_cache.json: %d learnt answers are left out. Most are sentences that ORAC understands by itself; with --answers each becomes a sentence of an intent", n)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Topics)) {
		m.topic(name, d.Topics[name])
	}
	m.Text = m.text.String()
	return m.Import
}

func (m *importing) note(format string, args ...any) {
	m.Notes = append(m.Notes, fmt.Sprintf(format, args...))
}

// block adds a block, unless the runbook has it. It tells whether it did.
func (m *importing) block(kind, name string, lines ...string) bool {
	address := kind + "." + name
	if m.here.Has(address) || m.taken[language.Address(address)] {
		m.note("%s: the runbook has this block already; it is left as it is", address)
		return false
	}
	m.taken[language.Address(address)] = true
	fmt.Fprintf(&m.text, "\n%s %s {\n", kind, quote(name))
	for _, line := range lines {
		fmt.Fprintf(&m.text, "  %s\n", line)
	}
	m.text.WriteString("}\n")
	m.Blocks = append(m.Blocks, address)
	return true
}

// quote writes a text as HCL does.
func quote(s string) string {
	return string(hclwrite.TokensForValue(cty.StringVal(s)).Bytes())
}

func quotes(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, quote(s))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// entity is the form of the ID of an entity.
var entity = pattern.Lazy(`^[a-z0-9_]{1,100}\.[a-z0-9_]{1,150}$`)

// backend makes a backend block, and a secret of its token.
func (m *importing) backend(b Backend) {
	shown := shown(cmp.Or(b.Name, b.ID))
	if b.Type != "homeassistant" {
		m.note("backend %s: its type %s is not known; it is left out", shown, quote(clip(b.Type)))
		return
	}
	address, err := addressOf(b.Connection)
	if err != nil {
		m.note("backend %s: its address cannot be used; it is left out", shown)
		return
	}
	name := slug(cmp.Or(b.Name, b.ID, "home"))
	m.backends[b.ID] = name
	lines := []string{`protocol = "home_assistant"`, "url      = " + quote(address)}
	secret := name + "_token"
	if b.Connection.Token.IsSet() {
		lines = append(lines, fmt.Sprintf("token    = secret(%s)", quote(secret)))
	} else {
		m.note("backend %s has no token: add token = secret(%s) and put a long-lived access token of Home Assistant there", shown, quote(secret))
	}
	var named []string
	odd := 0
	for _, id := range slices.Sorted(maps.Keys(b.Mappings)) {
		switch {
		case !b.Mappings[id].Enabled:
		case entity().MatchString(id):
			named = append(named, id)
		default:
			odd++
		}
	}
	if odd > 0 {
		m.note("backend %s: enabled entities whose ID no Home Assistant gives are left out: %d", shown, odd)
	}
	if len(named) > 0 {
		lines = append(lines, "entities = [")
		for _, id := range named {
			lines = append(lines, "  "+quote(id)+",")
		}
		lines = append(lines, "]")
		m.note("backend %s: %d of %d entities were enabled, and sentences may name only these. Their names, aliases and areas come from Home Assistant, not from the mappings", shown, len(named), len(b.Mappings))
	}
	if !m.block("backend", name, lines...) {
		return
	}
	if b.Connection.Token.IsSet() {
		m.Secrets = append(m.Secrets, Secret{secret, b.Connection.Token.Secret})
	}
	if v := b.Connection.Verify; v != nil && !*v {
		m.note("backend %s did not verify the certificate. ORAC always does: name its certificate with ca", shown)
	}
}

// addressOf joins url and port as the existing service does.
func addressOf(c Connection) (string, error) {
	text := strings.TrimSpace(c.URL)
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.ContainsFunc(text, unicode.IsControl) {
		return "", fmt.Errorf("no address")
	}
	port := c.Port
	if port == 0 {
		port = 8123
	}
	if u.Port() == "" {
		if port < 1 || port > 65535 {
			return "", fmt.Errorf("no port")
		}
		u.Host += ":" + strconv.Itoa(port)
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimSuffix(u.Path, "/")}).String(), nil
}

// topicName is the label of a topic block.
var topicName = pattern.Lazy(`^[A-Za-z0-9_]{1,100}$`)

// topic makes a topic block, if the topic did anything.
func (m *importing) topic(name string, t Topic) {
	backend := m.backends[t.BackendID]
	switch {
	case !topicName().MatchString(name):
		m.note("topic %s: a topic is 1 to 100 letters, digits and _; it is left out", shown(name))
		return
	case t.BackendID == "":
		if len(m.data.Backends) > 0 {
			m.note("topic %s has no backend, so nothing was done with it; it is left out", shown(name))
		}
		return
	case backend == "":
		m.note("topic %s: there is no backend %s; it is left out", shown(name), shown(t.BackendID))
		return
	}
	lines := []string{fmt.Sprintf("backends = [backend.%s]", backend)}
	if t.Enabled != nil && !*t.Enabled {
		lines = append(lines, "enabled  = false")
	}
	if list := m.intents[name]; len(list) > 0 {
		slices.Sort(list)
		lines = append(lines, "intents  = [intent."+strings.Join(list, ", intent.")+"]")
	}
	if m.block("topic", name, lines...) && t.Model != "" {
		m.note("topic %s asked the model %s for every text. ORAC understands most without one; for the rest add a language_model block with the address of a server, and language_model to the topic", shown(name), shown(t.Model))
	}
}

// slug makes the name of a block of any text.
func slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' && b.Len() > 0:
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
		if b.Len() == 40 {
			break
		}
	}
	return cmp.Or(strings.Trim(b.String(), "_"), "home")
}

// shown is a text of a file for people.
func shown(s string) string { return strconv.Quote(clip(s)) }

func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
