package console

import (
	"encoding/json"

	"orac/appliance/event"
)

// group is a name for the kinds of events after which a part of a page is old. A page's scripts pass each event on as
// "orac:KIND" and as "orac:GROUP".
type group struct {
	name string
	fits func(*event.Kind) bool
}

var (
	meters = group{"meter", func(k *event.Kind) bool { return k.Flow == event.Meter }}
	kept   = group{"kept", func(k *event.Kind) bool { return k.Kept }}                           // the history has changed
	live   = group{"live", func(k *event.Kind) bool { return k.Name == event.Partial{}.Kind() }} // what is being said
	did    = group{"did", func(k *event.Kind) bool { return k.Name == event.Acted{}.Kind() }}    // a text was acted on
	judged = group{"judged", func(k *event.Kind) bool { return k.Judges() }}                     // the state of a component may have changed
)

// muting are the kinds after which another listens, or does not.
var muting = group{"muting", func(k *event.Kind) bool { return k.Name == event.Muted{}.Kind() || k.Name == event.Unmuted{}.Kind() }}

// told returns, as JSON, the kinds of events that a page needs, each with its groups.
func told(groups ...group) string {
	kinds := map[string][]string{}
	for _, g := range groups {
		for _, name := range event.Names(g.fits) {
			kinds[name] = append(kinds[name], g.name)
		}
	}
	text, err := json.Marshal(kinds)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return string(text)
}
