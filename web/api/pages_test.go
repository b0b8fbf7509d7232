package api

import (
	"bytes"
	"fmt"
	"strings"

	"orac/runbook"
	"orac/runbook/language"
	"orac/web/auth"
	"orac/web/schema"
)

// capabilityPage returns the reference page of who may do what, by origin and role, in Markdown. It is generated from the
// routes and the registry, so it states what is really checked.
func capabilityPage() []byte {
	var b bytes.Buffer
	b.WriteString("# Who may do what\n\nThis page is made from the code: from the routes of the API, and from the registry of the runbook.\n\n" +
		"## What a runbook may put into force\n\n" +
		"Every attribute of the runbook gives one capability to whoever writes it. This machine's user, by the control socket or a start,\n" +
		"has all of them. An admin of the network has what the third column says, or all of them with `web.trust_admins`. Operators and viewers put nothing into force.\n" +
		"Over the network an expression that calls `env()`, `file()` or `secret()`, or refers to one that does, can be kept or removed, not written or changed.\n\n" +
		"| capability | lets its author | an admin of the network | attributes |\n|---|---|---|---|\n")
	attributes := map[language.Capability][]string{}
	var walk func(prefix string, types []*language.BlockType)
	walk = func(prefix string, types []*language.BlockType) {
		for _, t := range types {
			for _, a := range t.Attributes {
				attributes[a.Gives] = append(attributes[a.Gives], "`"+prefix+t.Key()+"."+a.Name+"`")
			}
			walk(prefix+t.Key()+".", t.Nested)
		}
	}
	walk("", runbook.Registry)
	for _, row := range runbook.Capabilities {
		list := attributes[row.Capability]
		names := strings.Join(list, ", ")
		if row.Capability == language.Tunes {
			names = fmt.Sprintf("the other %d", len(list))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", row.Capability, row.Lets, row.Network, names)
	}
	b.WriteString("\n## What each role may call\n\nRoles include each other: a viewer may do what nobody may, an operator what a viewer may, an admin all.\n\n" +
		"| role | reads | changes, each on record before it happens |\n|---|---|---|\n")
	for _, role := range append([]auth.Role{auth.Nobody}, auth.Roles()...) {
		var reads, changes []string
		for _, r := range Routes() {
			switch text := "`" + r.Method + " " + r.Path + "`"; {
			case r.Role != role:
			case r.Change == "":
				reads = append(reads, text)
			default:
				changes = append(changes, text)
			}
		}
		name := string(role)
		if role == auth.Nobody {
			name = "nobody"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, strings.Join(reads, ", "), strings.Join(changes, ", "))
	}
	return b.Bytes()
}

// problemPage returns the reference page of the codes, in Markdown.
func problemPage() []byte {
	var b bytes.Buffer
	b.WriteString("# Problems\n\nAn error of the API is a problem document (RFC 9457, `application/problem+json`): `type`, `title`, `status`, `detail`, and\n" +
		"`code` (never changes), `request_id` (find it in the log and the audit log) and `errors` (what is wrong with each field).\n" +
		"This page is made from the code.\n\n| code | status | title | |\n|---|---|---|---|\n")
	for _, c := range schema.Codes {
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s |\n", c.Code, c.Status, c.Title, c.Doc)
	}
	return b.Bytes()
}
