package console

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"orac/appliance/status"
	"orac/web/api"
	"orac/web/auth"
	"orac/web/schema"
)

// isCentre tells whether the appliance is the centre of a house: only then the menu leads to its members.
func isCentre(s status.Status) bool { return s.Issuer }

// memberRow is a member on its page.
type memberRow struct{ api.MemberState }

// Level is how it is, in the colours of the health; "" if nobody knows.
func (r memberRow) Level() string {
	if p := string(r.Presence); p == "unasked" || p == "no url" {
		return ""
	}
	level, _ := r.MemberState.Level()
	return string(level)
}

// presences are the words of a member that does not answer.
var presences = map[string]string{
	"unasked": "not asked yet", "no url": "without an address", "away": "away", "refuses": "does not let this centre in", "nonsense": "answers nonsense",
}

// Words say how it is.
func (r memberRow) Words() string {
	if words, ok := presences[string(r.Presence)]; ok {
		return words
	}
	return string(r.Seen.Health)
}

// Here tells whether it answers.
func (r memberRow) Here() bool {
	_, absent := presences[string(r.Presence)]
	return !absent
}

// What is wrong with it, or what to know about it, beside its Words.
func (r memberRow) What() string {
	_, why := r.MemberState.Level()
	switch {
	case why == "":
		return firstOf(r.Audit.Odd, r.Audit.Closed)
	case !r.Here() && r.Audit.Problem == "":
		return r.Why
	}
	return why
}

// membersData is the data of the page of members.
type membersData struct {
	Rows  []memberRow
	Push  *pushCard // the last one; nil: there was none
	Done  string
	Wrong string
	CSRF  string
	Admin bool
}

// pushCard is a push with what can be done about it.
type pushCard struct{ *api.Push }

// Tag is the colour of a stage.
func (p pushCard) Tag(s api.PushStage) string {
	switch s.Sense() {
	case api.StageGood:
		return "done"
	case api.StageMoving, api.StageWaits:
		return "restart"
	case api.StageBad:
		return "failed"
	}
	return ""
}

var membersDone = map[string]string{
	"begun":    "The push has begun. It goes on if you leave this page.",
	"stopped":  "No further member is changed.",
	"undoing":  "The members return to what they ran before.",
	"accepted": "The audit log of that member is copied anew.",
}

func (c *Console) membersPage(call *api.Call) error { return c.showMembers(call, http.StatusOK, "") }

func (c *Console) showMembers(call *api.Call, status int, wrong string) error {
	d, err := membersOf(call)
	if err != nil {
		return err
	}
	d.Done, d.Wrong = membersDone[call.R.URL.Query().Get("done")], wrong
	return c.show(call, status, "members", view{Data: d, Wide: true})
}

func (c *Console) membersPart(call *api.Call) error {
	d, err := membersOf(call)
	if err != nil {
		return err
	}
	return c.part(call, "members", "members", d)
}

func membersOf(call *api.Call) (d membersData, err error) {
	d.CSRF, d.Admin = call.Who.CSRF, call.Who.Role.Includes(auth.Admin)
	out, err := api.OpMembers.Call(call, schema.None{})
	if err != nil {
		return d, err
	}
	for _, s := range out.Members {
		d.Rows = append(d.Rows, memberRow{s})
	}
	last, err := api.OpPushState.Call(call, schema.None{})
	if err == nil && last.Push != nil {
		d.Push = &pushCard{last.Push}
	}
	return d, err
}

// planPush shows what a push would do. Nothing is changed before somebody has read that.
func (c *Console) planPush(call *api.Call) error {
	in, wrong := pushInput(call)
	if wrong != "" {
		return c.showMembers(call, http.StatusBadRequest, wrong)
	}
	p, err := api.OpPlanPush.Call(call, in)
	if err != nil {
		return c.pushFailed(call, err)
	}
	return c.show(call, http.StatusOK, "push", view{Data: pushCard{p}})
}

// pushFailed shows why a push is not made, above the members.
func (c *Console) pushFailed(call *api.Call, err error) error {
	return refused(err, func(status int, wrong string) error { return c.showMembers(call, status, wrong) })
}

// refused has a page show why what somebody asked for is not done. What the page cannot help with it returns.
func refused(err error, show func(status int, wrong string) error) error {
	p := schema.ProblemOf(err)
	if p.Status >= 500 || p.Status == http.StatusForbidden {
		return err
	}
	return show(p.Status, sayWrong(p))
}

// pushInput reads the form. The names of the fields are those of the input.
func pushInput(call *api.Call) (in api.PushInput, wrong string) {
	form := call.R.PostFormValue
	if form("csrf") != "" { // which has parsed the form
		in.Members = call.R.PostForm["member"]
	}
	in.Canary = form("canary")
	switch do := form("do"); do {
	case "set":
		address := strings.TrimSpace(form("setting"))
		at := strings.LastIndex(address, ".")
		if at < 1 {
			return in, "Setting: write the block and the attribute, like model.hey_jarvis.threshold."
		}
		in.Set = []api.PushSetting{{Block: address[:at], Attribute: address[at+1:], Expression: strings.TrimSpace(form("value"))}}
	case "source":
		in.Source = strings.ReplaceAll(form("source"), "\r\n", "\n")
		if strings.TrimSpace(in.Source) == "" {
			return in, "Runbook: the text is empty."
		}
	case "mute":
		minutes, err := strconv.Atoi(form("minutes"))
		if err != nil {
			return in, "Minutes: write a number."
		}
		in.Command = &api.PushCommand{Do: do, Seconds: minutes * 60}
	case "unmute", "restart":
		in.Command = &api.PushCommand{Do: do}
	default:
		return in, "Choose what to push."
	}
	return in, ""
}

// MostMute is the longest mute that can be pushed, in minutes.
func (membersData) MostMute() int { return int(status.MostMute / time.Minute) }

func (c *Console) startPush(call *api.Call) error {
	if _, err := api.OpPush.Call(call, api.PushIDInput{ID: call.R.PostFormValue("id")}); err != nil {
		return c.pushFailed(call, err)
	}
	return redirect(call, after("/members", "begun", ""))
}

func (c *Console) stopPush(call *api.Call) error {
	if _, err := api.OpStopPush.Call(call, schema.None{}); err != nil {
		return c.pushFailed(call, err)
	}
	return redirect(call, after("/members", "stopped", ""))
}

func (c *Console) undoPush(call *api.Call) error {
	if _, err := api.OpUndoPush.Call(call, api.PushIDInput{ID: call.R.PostFormValue("id")}); err != nil {
		return c.pushFailed(call, err)
	}
	return redirect(call, after("/members", "undoing", ""))
}
