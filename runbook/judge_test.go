package runbook_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"orac/runbook"
	"orac/runbook/language"
)

// inForce is a runbook with a use of every capability.
const inForce = `appliance "a" {
  log_file = "orac.log"
}
variable "room" { default = "kitchen" }
device "microphone" "usb" {}
device "wav" "demo" { path = "demo.wav" }
model "hey" { source = "own.onnx" }
model "far" {
  source = "https://models.example/x.onnx"
  sha256 = "94a13cfe60075b132f6a472e7e462e8123ee70861bc3fb58434a73712ee0d2cb"
}
listener "l" {
  device  = device.wav.demo
  models  = [model.hey]
  deliver = [stt.run, stt.token, stt.open]
}
stt "run" {
  protocol = "exec"
  command  = ["/bin/say", "x"]
}
stt "token" {
  url   = "http://token.example"
  token = secret("stt_token")
}
stt "open" { url = "http://open.example" }
stt "cert" {
  url         = "https://cert.example"
  client_cert = "client.pem"
  client_key  = "client.key"
  ca          = "cert.pem"
}
stt "other" {
  url = "https://other.example"
  ca  = "other.pem"
}
heartbeat "h" {
  stt  = stt.open
  auth = service_account.me
}
webhook "plain" { url = "http://plain.example/x" }
webhook "key" {
  url     = "http://key.example/x"
  headers = { Authorization = "Bearer ${env("HOOK")}" }
}
locals {
  path = "http://path.example"
  said = "http://said.example"
}
webhook "path" { url = "${local.path}/${secret("path")}" }
webhook "said" {
  url    = "${local.said}/${secret("said")}?text=${event.text}"
  events = ["transcript"]
}
webhook "body" {
  url    = "http://body.example/x"
  events = ["transcript"]
  body   = jsonencode({ text = event.text, token = secret("body") })
}
webhook "fixed" {
  url  = "http://fixed.example/x"
  body = env("FIXED")
}
webhook "told" {
  url    = "http://told.example/x"
  events = ["transcript"]
  body   = event.text
}
service_account "me" { secret = secret("me") }
backend "home" {
  protocol = "home_assistant"
  url      = "http://home.example:8123"
  token    = secret("ha_token")
}
language_model "words" {
  url   = "https://words.example"
  model = "m"
  token = secret("llm")
}
login "house" {
  issuer  = "https://core.example:7171"
  account = "me"
  secret  = secret("login")
}
user "ann" {
  role          = "admin"
  password_hash = secret("ann")
}
web {
  listen = "127.0.0.1:7171"
  origins = ["https://home.example"]
}
`

const hash = "$2a$12$d4N329hnE7Q/EF7VQyFAIOmobQ0CGXNw.CjDZhrtrcjQyh/gRgWAe"

var judged = language.Options{
	Env:    func(name string) (string, bool) { return "value-of-" + name, !strings.HasPrefix(name, "ORAC_VAR_") },
	Secret: func(string) (string, error) { return hash, nil },
}

func parsed(t *testing.T, text string, o language.Options) *runbook.Runbook {
	t.Helper()
	rb, problems := runbook.Parse([]byte(text), "orac.hcl", o)
	if rb == nil {
		t.Fatalf("%v\n%s", problems, text)
	}
	return rb
}

// TestJudge: what an admin of the network may put into force, capability by capability. Each row replaces a text of inForce.
func TestJudge(t *testing.T) {
	now := parsed(t, inForce, judged)
	with := func(block string) [2]string { return [2]string{"web {\n", block + "\nweb {\n"} }
	may := map[string][2]string{
		"nothing":                              {"", ""},
		"a threshold":                          {`model "hey" { source = "own.onnx" }`, "model \"hey\" {\n source = \"own.onnx\"\n threshold = 0.7\n}"},
		"a model of the catalogue":             {`source = "own.onnx"`, `source = "catalog:alexa"`},
		"a model of another public address":    {"https://models.example/x.onnx", "https://other.example/y.onnx"},
		"the same model under another name":    with(`model "two" { source = "own.onnx" }`),
		"the same sound under another name":    with(`device "wav" "two" { path = "demo.wav" }`),
		"the same command under another name":  with("stt \"two\" {\n protocol = \"exec\"\n command = [\"/bin/say\", \"x\"]\n}"),
		"no log":                               {"  log_file = \"orac.log\"\n", ""},
		"no command":                           {"stt.run, ", ""},
		"another address without a credential": {"http://plain.example/x", "http://elsewhere.example/y"},
		"a new service without a credential":   with(`stt "new" { url = "http://new.example" }`),
		"a service without its token":          {"  token = secret(\"stt_token\")\n", ""},
		"another address without the token":    {"  url   = \"http://token.example\"\n  token = secret(\"stt_token\")\n", "  url   = \"http://elsewhere.example\"\n"},
		"another authority of no credential":   {`ca  = "other.pem"`, `ca  = "cert.pem"`},
		"a backend without a credential":       with("backend \"new\" {\n protocol = \"webhook\"\n url = \"http://new.example/x\"\n}"),
		"a user":                               with("user \"bob\" {\n role = \"admin\"\n password_hash = secret(\"bob\")\n}"),
		"another address of a text":            {"http://told.example/x", "http://elsewhere.example/y"},
		"no address with a key":                {`"${local.path}/${secret("path")}"`, `"http://elsewhere.example"`},
		"another port":                         {"127.0.0.1:7171", "127.0.0.1:7272"},
		"a role":                               {`role          = "admin"`, `role          = "viewer"`},
		"a permission":                         {`service_account "me" { secret = secret("me") }`, "service_account \"me\" {\n secret = secret(\"me\")\n permissions = [\"stt.transcribe\"]\n}"},
	}
	mayNot := map[string][2]string{
		"a service of this machine":             {"http://plain.example/x", "http://127.0.0.1:2375/containers/create"},
		"a service of this machine, by name":    {"http://plain.example/x", "http://x.localhost.:2375/"},
		"a service of this machine, over IPv6":  {"http://plain.example/x", "http://[::ffff:127.0.0.1]:6379/"},
		"a service at no address":               {"http://plain.example/x", "http://0.0.0.0:6379/"},
		"the credentials of a cloud":            with(`stt "new" { url = "http://169.254.169.254/latest" }`),
		"a text to this machine":                {`url    = "http://told.example/x`, `url    = "http://127.0.0.1/x`},
		"a backend of this machine":             with("backend \"x\" {\n protocol = \"webhook\"\n url = \"http://localhost:9200/_all\"\n method = \"PUT\"\n}"),
		"a broker of this machine":              with("backend \"x\" {\n protocol = \"mqtt\"\n url = \"tcp://127.0.0.1:1883\"\n}"),
		"a language model of this machine":      with("language_model \"x\" {\n url = \"http://[::1]:11434\"\n model = \"m\"\n}"),
		"a home's token to another address":     {"http://home.example:8123", "http://evil.example:8123"},
		"a home's token to a cloud":             {"http://home.example:8123", "http://169.254.169.254"},
		"a home's token in a webhook":           with("backend \"x\" {\n protocol = \"webhook\"\n url = \"http://evil.example\"\n token = secret(\"ha_token\")\n}"),
		"a model's token to another address":    {"https://words.example", "https://evil.example"},
		"an account to another issuer":          {"https://core.example:7171", "https://evil.example:7171"},
		"a backend at the keys of a cloud":      with("backend \"x\" {\n protocol = \"webhook\"\n url = \"http://[fd00:ec2::254]/latest\"\n}"),
		"another command":                       {`"/bin/say", "x"`, `"/bin/say", "y"`},
		"a command more":                        with("stt \"two\" {\n protocol = \"exec\"\n command = [\"id\"]\n}"),
		"another sound":                         {`path = "demo.wav"`, `path = "other.wav"`},
		"the sound as a log":                    {`log_file = "orac.log"`, `log_file = "demo.wav"`},
		"another log":                           {`log_file = "orac.log"`, `log_file = "audit.log"`},
		"another state directory":               {`  log_file = "orac.log"`, "  log_file = \"orac.log\"\n  state_dir = \"elsewhere\""},
		"a model of another path":               {`source = "own.onnx"`, `source = "/etc/other.onnx"`},
		"private addresses":                     {"  source = \"https://models", "  private_source = true\n  source = \"https://models"},
		"a file":                                {`match`, `match`},
		"the token to another address":          {"http://token.example", "http://elsewhere.example"},
		"the certificate to another address":    {"https://cert.example", "https://elsewhere.example"},
		"another key":                           {`"client.key"`, `"other.key"`},
		"another authority of a credential":     {`ca          = "cert.pem"`, `ca = "other.pem"`},
		"any authority of a credential":         {"  ca          = \"cert.pem\"\n", ""},
		"an authority of an account":            {`stt "open" { url = "http://open.example" }`, "stt \"open\" {\n url = \"http://open.example\"\n ca = \"other.pem\"\n}"},
		"the account to another address":        {"http://open.example", "http://elsewhere.example"},
		"the account to another service":        {"stt  = stt.open", "stt  = stt.cert"},
		"the account in another place":          {`stt "open" { url = "http://open.example" }`, "stt \"open\" {\n url = \"http://open.example\"\n auth = service_account.me\n}"},
		"the header to another address":         {"http://key.example/x", "http://key.example/y"},
		"the key in an address to another host": {"http://path.example", "http://elsewhere.example"},
		"the key in a template to another host": {"http://said.example", "http://elsewhere.example"},
		"the secret in a body elsewhere":        {"http://body.example", "http://elsewhere.example"},
		"a body of the machine elsewhere":       {"http://fixed.example", "http://elsewhere.example"},
		"another secret in the header":          {`env("HOOK")`, `env("OTHER")`},
		"a secret in another place":             with("webhook \"x\" {\n url = \"http://x.example\"\n headers = { X-A = secret(\"ann\") }\n}"),
		"an account of another secret":          {`secret = secret("me")`, `secret = secret("ann")`},
		"the key of tokens":                     with(`auth { jwt_secret = secret("me") }`),
		"a computed hash":                       {`password_hash = secret("ann")`, `password_hash = replace(secret("ann"), "x", "y")`},
		"the environment":                       {`device "microphone" "usb" {}`, `device "microphone" "usb" { match = env("HOME") }`},
		"a bit of a secret":                     {`device "microphone" "usb" {}`, `device "microphone" "usb" { match = can(regex("^a", secret("me"))) ? "a" : "b" }`},
		"what another attribute has read":       {`device "microphone" "usb" {}`, `device "microphone" "usb" { match = webhook.key.headers["Authorization"] }`},
		"another address":                       {"127.0.0.1:7171", "192.0.2.1:7171\"\n tls {\n self_signed = true\n }\n #\""},
		"plain HTTP":                            {`listen = "127.0.0.1:7171"`, "listen = \"127.0.0.1:7171\"\n plain_http_on_the_network = true"},
		"another origin":                        {"https://home.example", "https://evil.example"},
		"metrics for everybody":                 {`listen = "127.0.0.1:7171"`, "listen = \"127.0.0.1:7171\"\n metrics = \"open\""},
		"a name of the host":                    {`listen = "127.0.0.1:7171"`, "listen = \"127.0.0.1:7171\"\n hosts = [\"evil.example\"]"},
		"trust":                                 {`listen = "127.0.0.1:7171"`, "listen = \"127.0.0.1:7171\"\n trust_admins = true"},
		"a certificate of somebody's authority": {`stt "open" { url = "http://open.example" }`, "stt \"open\" {\n url = \"http://open.example\"\n ca = \"evil.pem\"\n}"},
		"a variable of the environment":         {`variable "room" { default = "kitchen" }`, `variable "room" {}`},
	}
	delete(mayNot, "a file")
	bounded := judged
	bounded.Within = &now.Document
	for what, change := range may {
		text := strings.Replace(inForce, change[0], change[1], 1)
		next, problems := runbook.Parse([]byte(text), "orac.hcl", bounded)
		if next == nil {
			t.Errorf("%s: %v", what, problems)
			continue
		}
		if found := runbook.Judge(now, next); len(found) > 0 {
			t.Errorf("%s: %v", what, found)
		}
	}
	for what, change := range mayNot {
		if !strings.Contains(inForce, change[0]) {
			t.Fatalf("%s: there is no %s", what, change[0])
		}
		text := strings.Replace(inForce, change[0], change[1], 1)
		o := judged
		if change[1] == `variable "room" {}` {
			o.Vars = map[string]string{"room": "attic"}
		}
		if next, problems := runbook.Parse([]byte(text), "orac.hcl", o); next != nil { // the judge does not depend on the gate
			found := runbook.Judge(now, next)
			if !found.HasErrors() || !found.Forbidden() || !strings.Contains(found[0].Detail, "on the machine") {
				t.Errorf("%s: it may: %v", what, found)
			}
		} else if !strings.Contains(what, "computed") && !strings.Contains(what, "another attribute") && !strings.Contains(what, "a bit") {
			t.Errorf("%s: %v", what, problems)
		}
		o.Within = &now.Document
		next, problems := runbook.Parse([]byte(text), "orac.hcl", o)
		if next != nil {
			problems = runbook.Judge(now, next)
		}
		if !problems.Forbidden() {
			t.Errorf("%s: through the gate, too: %v", what, problems)
		}
	}
	trusting := parsed(t, strings.Replace(inForce, "web {\n", "web {\n  trust_admins = true\n", 1), judged)
	for what, change := range mayNot {
		if next, _ := runbook.Parse([]byte(strings.Replace(inForce, change[0], change[1], 1)), "orac.hcl", judged); next != nil && len(runbook.Judge(trusting, next)) > 0 {
			t.Errorf("%s: who is trusted may not", what)
		}
	}
}

// TestJudgeGoesByWhatIsNamed: what is written alike in the folder of another runbook is another file there.
func TestJudgeGoesByWhatIsNamed(t *testing.T) {
	const names = `appliance "a" {%s}
device "wav" "w" { path = "/abs.wav" }
stt "x" {
  protocol = "exec"
  command  = ["say", "x/y"]
}
%s`
	file := func(dir, log, more string) *runbook.Runbook {
		rb, problems := runbook.Parse(fmt.Appendf(nil, names, log, more), dir+"/orac.hcl", judged)
		if rb == nil {
			t.Fatal(problems)
		}
		return rb
	}
	if found := runbook.Judge(file("/etc/a", "", ""), file("/etc/b", "", "")); len(found) > 0 {
		t.Errorf("nothing of it goes by the folder: %v", found)
	}
	for what, text := range map[string][2]string{
		"a log":         {"\n log_file = \"orac.log\"\n", ""},
		"a command":     {"", "stt \"y\" {\n protocol = \"exec\"\n command = [\"./run\"]\n}\n"},
		"a sound":       {"", "device \"wav\" \"y\" { path = \"y.wav\" }\n"},
		"a model":       {"", "model \"y\" { source = \"y.onnx\" }\n"},
		"a certificate": {"", "stt \"y\" {\n url = \"https://y.example\"\n client_cert = \"y.pem\"\n client_key = \"y.key\"\n}\n"},
		"an authority":  {"", "stt \"y\" {\n url = \"https://y.example\"\n ca = \"y.pem\"\n token = secret(\"y\")\n}\n"},
	} {
		now := file("/etc/a", text[0], text[1])
		if found := runbook.Judge(now, file("/etc/a", text[0], text[1])); len(found) > 0 {
			t.Errorf("%s: %v", what, found)
		}
		if found := runbook.Judge(now, file("/etc/b", text[0], text[1])); !found.Forbidden() {
			t.Errorf("%s of another folder: it may", what)
		}
	}
}

// TestEveryAttributeHasACapability: none can be added without saying what it gives, and no rule of the table is missing.
func TestEveryAttributeHasACapability(t *testing.T) {
	rows := map[language.Capability]int{}
	for _, r := range runbook.Capabilities {
		rows[r.Capability] = 0
	}
	var walk func([]*language.BlockType)
	walk = func(types []*language.BlockType) {
		for _, b := range types {
			for _, a := range b.Attributes {
				if _, known := rows[a.Gives]; !known {
					t.Errorf("%s.%s gives %q, which is no capability: say in the registry what its author may do by it", b.Key(), a.Name, a.Gives)
				}
				rows[a.Gives]++
				// What the kind of a value says of it, so that a row is not chosen lightly.
				fits := map[language.Kind][]language.Capability{
					language.Path: {language.Reads, language.Writes, language.Proves}, language.URL: {language.Reaches},
				}
				if want, ok := fits[a.Kind]; ok && !slices.Contains(want, a.Gives) {
					t.Errorf("%s.%s is a %v and gives %q", b.Key(), a.Name, a.Kind, a.Gives)
				}
				if a.Secret == language.SecretOnly && a.Gives != language.Proves && !a.Keeps {
					t.Errorf("%s.%s takes secrets and gives %q", b.Key(), a.Name, a.Gives)
				}
				if slices.Contains(a.Refs, "service_account") && a.Gives != language.Proves {
					t.Errorf("%s.%s names an account and gives %q", b.Key(), a.Name, a.Gives)
				}
			}
			walk(b.Nested)
		}
	}
	walk(runbook.Registry)
	for _, c := range slices.Sorted(maps.Keys(rows)) {
		if rows[c] == 0 {
			t.Errorf("no attribute gives %q: the row is not needed", c)
		}
	}
}

// TestPackedAndUnpacked: what was evaluated in another process is the same value, secrets and places included.
func TestPackedAndUnpacked(t *testing.T) {
	texts := map[string]string{"all": inForce, "warned": inForce + "\nstt \"unused\" { url = \"http://x.example\" }\n"}
	for what, text := range texts {
		rb, problems := runbook.Parse([]byte(text), "orac.hcl", judged)
		data, err := runbook.Pack(rb, problems)
		if err != nil {
			t.Fatal(err)
		}
		back, found, err := runbook.Unpack(data, []byte(text), "orac.hcl", judged)
		if err != nil || len(found) != len(problems) {
			t.Fatalf("%s: %v, %v", what, err, found)
		}
		if changes := runbook.Compare(rb, back); len(changes) > 0 {
			t.Errorf("%s: %+v", what, changes)
		}
		if changes := runbook.Compare(back, rb); len(changes) > 0 {
			t.Errorf("%s: %+v", what, changes)
		}
		if back.Inputs().Hash() != rb.Inputs().Hash() || back.STTs[1].Token != rb.STTs[1].Token || back.Webhooks[1].Headers["Authorization"].Reveal() != "Bearer value-of-HOOK" {
			t.Errorf("%s: it is another: %+v", what, back)
		}
		if a, b := fmt.Sprint(rb.Readers()), fmt.Sprint(back.Readers()); a != b || !back.SameText([]byte(text)) {
			t.Errorf("%s: it reads\n%s\nnot\n%s", what, b, a)
		}
		if a, b := fmt.Sprint(rb.Problem("stt.token", "token", language.Error, "x", "y")), fmt.Sprint(back.Problem("stt.token", "token", language.Error, "x", "y")); a != b {
			t.Errorf("%s: a problem of it is %s", what, b)
		}
		if found := runbook.Judge(rb, back); len(found) > 0 {
			t.Errorf("%s: it may not run in its own place: %v", what, found)
		}
	}
	shows := strings.Replace(inForce, `device "microphone" "usb" {}`, `device "microphone" "usb" { match = env("MIC") }`, 1)
	there, problems := runbook.Parse([]byte(shows), "orac.hcl", judged)
	if there == nil {
		t.Fatal(problems)
	}
	packed, err := runbook.Pack(there, nil)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, _, err := runbook.Unpack(packed, []byte(shows), "orac.hcl", judged)
	if err != nil {
		t.Fatal(err)
	}
	if p := unpacked.Problem("device.microphone.usb", "match", language.Error, "there is no value-of-MIC", ""); strings.Contains(p.Summary, "value-of") || p.Summary != there.Problem("device.microphone.usb", "match", language.Error, "there is no value-of-MIC", "").Summary {
		t.Errorf("what came from outside is told: %s", p.Summary)
	}
	_, problems = runbook.Parse([]byte("stt \"a\" {\n  token = \"hunter2hunter2\"\n}\n"), "orac.hcl", judged)
	data, err := runbook.Pack(nil, problems)
	if err != nil {
		t.Fatal(err)
	}
	rb, found, err := runbook.Unpack(data, []byte("stt \"a\" {\n  token = \"hunter2hunter2\"\n}\n"), "orac.hcl", judged)
	var shown strings.Builder
	if rb != nil || err != nil || found.Error() != problems.Error() || found.Render(&shown, language.RenderOptions{}) != nil || strings.Contains(shown.String(), "hunter2") {
		t.Errorf("%v, %v\n%s", found, err, shown.String())
	}
}

// FuzzUnpack: no answer of a child makes this process panic, or gives a runbook of another text.
func FuzzUnpack(f *testing.F) {
	rb, problems := runbook.Parse([]byte(inForce), "orac.hcl", judged)
	data, err := runbook.Pack(rb, problems)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"whole":true}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		rb, _, err := runbook.Unpack(data, []byte(inForce), "orac.hcl", judged)
		if err == nil && rb != nil && !rb.SameText([]byte(inForce)) {
			t.Error("it is another text")
		}
	})
}
