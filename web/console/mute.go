package console

import (
	"net/http"
	"strconv"
	"time"

	"orac/appliance/status"
	"orac/web/api"
	"orac/web/schema"
)

// mutedRow is a mute on the page of listening.
type mutedRow struct {
	Listener string // "" is all of them
	Words    string
}

// mutedRows are the mutes of an appliance in words.
func mutedRows(list []status.Mute) (rows []mutedRow) {
	for _, m := range list {
		rows = append(rows, mutedRow{m.Listener, m.Words(time.Now())})
	}
	return rows
}

// muteTime is a time for which the form mutes.
type muteTime struct {
	Seconds int // 0: until somebody unmutes it
	Words   string
}

// muteTimes are those that the form offers; the first is what it is set to.
var muteTimes = []muteTime{{3600, "for an hour"}, {600, "for ten minutes"}, {4 * 3600, "for four hours"}, {24 * 3600, "for a day"}, {int(status.MostMute / time.Second), "for a week"}, {0, "until somebody unmutes it"}}

// MuteTimes are offered by the form.
func (listenData) MuteTimes() []muteTime { return muteTimes }

// mute is the form that mutes: a listener or all of them, for some seconds or until somebody unmutes them.
func (c *Console) mute(call *api.Call) error {
	seconds, err := strconv.Atoi(call.R.PostFormValue("seconds"))
	if err != nil {
		return schema.Invalid(schema.FieldError{Field: "seconds", Wrong: "is no number"})
	}
	if _, err := api.OpMute.Call(call, api.MuteInput{Seconds: seconds, Listener: call.R.PostFormValue("listener")}); err != nil {
		return err
	}
	return redirect(call, "/")
}

// unmute is the form that ends a mute, or all.
func (c *Console) unmute(call *api.Call) error {
	if _, err := api.OpUnmute.Call(call, api.UnmuteInput{Listener: call.R.PostFormValue("listener")}); err != nil {
		return err
	}
	return redirect(call, "/")
}

// mutePart is the banner and the buttons, which the script of every page keeps current.
func (c *Console) mutePart(call *api.Call) error {
	s, err := api.OpStatus.Call(call, schema.None{})
	if err != nil {
		return err
	}
	return c.write(call, http.StatusOK, "listen", "mute", view{Data: listenData{Muted: mutedRows(s.Muted)}})
}
