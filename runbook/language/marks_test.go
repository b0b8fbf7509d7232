package language_test

import (
	"fmt"
	"strings"
	"testing"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
)

// TestMarksSurvive tries to carry a secret into an attribute that is printed. Every
// way must be refused for that reason, and the refusal must not quote it.
func TestMarksSurvive(t *testing.T) {
	for _, expr := range []string{
		`secret("token")`,
		`"${secret("token")}"`,
		`"%{ if secret("token") == "x" }a%{ else }b%{ endif }"`,
		`upper(secret("token"))`,
		`split("-", secret("token"))[0]`,
		`[secret("token")][0]`,
		`[for c in split("", secret("token")) : c][0]`,
		`join("", [for c in split("", secret("token")) : c])`,
		`join("", [secret("token"), "x"])`,
		`keys({ (secret("token")) = 1 })[0]`,
		`keys({ for k in [secret("token")] : k => 1 })[0]`,
		`{ a = secret("token") }.a`,
		`values({ a = secret("token") })[0]`,
		`merge({ a = secret("token") }, { b = "x" }).a`,
		`lookup({ a = secret("token") }, "a", "b")`,
		`secret("token") == "x" ? "a" : "b"`,
		`try(secret("nothing"), secret("token"))`,
		`coalesce(secret("token"), "x")`,
		`jsondecode("{\"a\":\"${secret("token")}\"}").a`,
		`jsonencode({ a = secret("token") })`,
		`format("%s", secret("token"))`,
		`format("%d", strlen(secret("token")))`,
		`substr(secret("token"), 0, 1)`,
		`regex("^s", secret("token"))`,
		`replace("x", "x", secret("token"))`,
		`element([secret("token")], 0)`,
		`concat(["x"], [secret("token")])[1]`,
		`flatten([[secret("token")]])[0]`,
		`sort([secret("token"), "a"])[0]`,
		`distinct([secret("token")])[0]`,
		`reverse([secret("token")])[0]`,
		`slice([secret("token")], 0, 1)[0]`,
		`zipmap(["a"], [secret("token")]).a`,
		`zipmap([secret("token")], ["a"])`,
		`{ a = { b = secret("token") } }["a"]["b"]`,
		`([{ a = secret("token") }][*].a)[0]`,
		`[secret("token")].*[0]`,
		`local.kept`,
		`local.object.list[0]`,
		`stt.s.token`,
		`upper(stt.s.token)`,
		`var.pin`,
		`webhook.w.url`,
		`webhook.w.headers.A`,
		`contains([secret("token")], "x") ? "a" : "b"`,
		`compact([secret("token")])[0]`,
		`trimprefix(secret("token"), "s")`,
	} {
		if printed := refused(t, expr); !strings.Contains(printed, "wake_word would show a secret") {
			t.Errorf("%s is refused for another reason:\n%s", expr, printed)
		}
	}
}

// TestFailuresQuoteNoSecret: expressions that fail on a secret do not say on what.
func TestFailuresQuoteNoSecret(t *testing.T) {
	for expr, want := range map[string]string{
		`env(secret("token"))`:                     "env() cannot be called with a secret",
		`file(secret("token"))`:                    "file() cannot be called with a secret",
		`secret(secret("token"))`:                  "secret() cannot be called with a secret",
		`env(env("TOKEN"))`:                        "The name is not shown",
		`file(env("TOKEN"))`:                       "The name is not shown",
		`secret(env("TOKEN"))`:                     "The name is not shown",
		`length(secret("token"))`:                  "The reason is not shown",
		`index([secret("token"), "x"], "y")`:       "The reason is not shown",
		`secret("token") + 1`:                      "The reason is not shown",
		`-env("TOKEN")`:                            "The reason is not shown",
		`parseint(secret("token"), 36)`:            "The reason is not shown",
		`jsondecode(upper(secret("token")))`:       "The reason is not shown",
		`{ a = 1 }[secret("token")]`:               "The reason is not shown",
		`[1][env("TOKEN")]`:                        "The reason is not shown",
		`regex(secret("token"), "x")`:              "The reason is not shown",
		`regex("(", secret("token"))`:              "The reason is not shown",
		`stt.s.token.x`:                            "The reason is not shown",
		`try(secret("token").x, parseint("a", 1))`: "The reason is not shown",
		`nothing(secret("token"))`:                 `there is no function "nothing"`,
		`[env("TOKEN")]`:                           "The value is not shown because it may be a secret",
	} {
		if printed := refused(t, expr); !strings.Contains(printed, want) {
			t.Errorf("%s: want %q:\n%s", expr, want, printed)
		}
	}
}

// refused gives what is said about a runbook with expr in a public attribute.
func refused(t *testing.T, expr string) string {
	t.Helper()
	src := fmt.Sprintf(`
appliance "a" {}
locals {
  kept   = secret("token")
  object = { list = [secret("token")] }
}
variable "pin" {
  sensitive = true
}
stt "s" {
  url   = "http://host"
  token = secret("token")
}
webhook "w" {
  url     = "http://host/${secret("token")}"
  headers = { A = secret("token") }
}
model "m" {
  source    = "catalog:m"
  wake_word = %s
}
`, expr)
	rb, ds := runbook.Parse([]byte(src), "x.hcl", runbooktest.World())
	if rb != nil {
		t.Errorf("%s is accepted as %q", expr, rb.Models[0].WakeWord)
		return ""
	}
	printed := runbooktest.Render(t, ds, language.RenderOptions{}) + ds.Error()
	runbooktest.MustHide(t, printed)
	return printed
}

// TestInputsMayBePublic: what comes from the environment or a file is fine where
// it is printed, whatever was made of it.
func TestInputsMayBePublic(t *testing.T) {
	for expr, want := range map[string]string{
		`env("STT_URL")`:                                "http://stt.test:7272",
		`"${env("STT_URL")}!"`:                          "http://stt.test:7272!",
		`jsondecode(file("prompt.json")).language`:      "en",
		`upper(jsondecode(file("prompt.json")).wait)`:   "20S",
		`try(env("NO_SUCH_VARIABLE"), "x")`:             "x",
		`can(env("NO_SUCH_VARIABLE")) ? "a" : "b"`:      "b",
		`env(env("CHANNELS") == "2" ? "CHANNELS" : "")`: "2",
	} {
		rb, ds := runbook.Parse([]byte("appliance \"a\" {}\nmodel \"m\" {\n source = \"catalog:m\"\n wake_word = "+expr+"\n}\n"), "x.hcl", runbooktest.World())
		if rb == nil {
			t.Errorf("%s is refused:\n%s", expr, runbooktest.Render(t, ds, language.RenderOptions{}))
		} else if got := rb.Models[0].WakeWord; got != want {
			t.Errorf("%s is %q, want %q", expr, got, want)
		}
	}
}

// TestProblemsQuoteNothingFromOutside: checks that know a value only as it was built quote it; Problem takes it out again.
func TestProblemsQuoteNothingFromOutside(t *testing.T) {
	const src = `
appliance "a" {}
model "m" {
  source = "catalog:m"
}
web {
  listen  = env("LISTEN")
  origins = [file("list.txt"), "plain-origin"]
  hosts   = [file("list.txt")]
}
`
	o := runbooktest.World()
	o.Env = func(n string) (string, bool) { return "10.1.2.3:7171", n == "LISTEN" }
	o.ReadFile = func(string) ([]byte, error) { return []byte("root:x:0\n" + strings.Repeat("long ", 40)), nil }
	_, ds := runbook.Parse([]byte(src), "x.hcl", o)
	text := allSaid(ds)
	for _, hidden := range []string{"10.1.2.3", "root:", "long long"} {
		if strings.Contains(text, hidden) {
			t.Errorf("%q is shown in\n%s", hidden, text)
		}
	}
	for _, want := range []string{"plain-origin", language.NotShown + " is not an origin", language.NotShown + " is not a host name", "other machines can reach " + language.NotShown} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not said in\n%s", want, text)
		}
	}
}
