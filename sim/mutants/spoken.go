package main

// spoken are defects of what the appliance says, and of what it does as a satellite of Home Assistant.
var spoken = []mutation{
	{
		name: "half_heard", does: "what was on its way to a speaker that went is forgotten", file: "appliance/node/playerway.go",
		old:       "\tfor _, u := range w.under {\n\t\tif err := o.out.Write(",
		new:       "\tw.under = nil\n\tfor _, u := range w.under {\n\t\tif err := o.out.Write(",
		scenarios: []string{"spoken"},
	},
	{
		name: "stuck_speaker", does: "a speaker that takes nothing is waited for without end", file: "appliance/node/playerway.go",
		old:       "if w.out != nil && len(w.under) > 0 && t.Now() >= w.moved.Add(c.Stall) {",
		new:       "if false {",
		scenarios: []string{"spoken"},
	},
	{
		name: "own_voice", does: "a wake word counts that the appliance itself has said", file: "appliance/node/trigger.go",
		old:       " || n.Aloud != nil && s.at < n.Aloud.Get() {",
		new:       " {",
		scenarios: []string{"spoken"},
	},
	{
		name: "unsaid_end", does: "nobody is told of a sound that failed", file: "appliance/node/player.go",
		old:       "\tsay(t, n.Events, n.Name, body)\n\ttell(t, s.Play, told)\n",
		new:       "\tif told.Cause != play.Failed {\n\t\tsay(t, n.Events, n.Name, body)\n\t}\n\ttell(t, s.Play, told)\n",
		scenarios: []string{"spoken", "satellite"},
	},
	{
		name: "talks_on", does: "a wake word does not end an answer", file: "appliance/node/responder.go",
		old:       "\t\tn.Out.Push(t, StopPlay{Priority: play.Answer, Cause: play.Barged})\n",
		new:       "",
		scenarios: []string{"barge_in"},
	},
	{
		name: "left_to_nobody", does: "a command that Home Assistant cannot take is said to be left to others, and is not", file: "appliance/satellite/voice.go",
		old:       "\treturn []Do{Over{Wake: wake, Why: why, Handed: true}, Hand{Wake: wake, Why: why}}\n",
		new:       "\treturn []Do{Over{Wake: wake, Why: why, Handed: true}}\n",
		scenarios: []string{"satellite"},
	},
	{
		name: "both_act", does: "a command that Home Assistant has understood is left to another service, too, when Home Assistant goes", file: "appliance/satellite/voice.go",
		old:       "\t\thand := r.open && r.wake != \"\" && !(v.OneWay && r.begun)\n",
		new:       "\t\thand := r.wake != \"\" && !(v.OneWay && r.begun)\n",
		scenarios: []string{"satellite"},
	},
	{
		name: "patient_for_ever", does: "a run that Home Assistant does not end is waited for without end", file: "appliance/satellite/voice.go",
		old:       "\tanswerTime   = 60 * time.Second ",
		new:       "\tanswerTime   = 6000 * time.Second ",
		scenarios: []string{"satellite"},
	},
	{
		name: "answers_twice", does: "an answer that Home Assistant sends twice is heard twice", file: "appliance/satellite/event.go",
		old:       "\tif v.run.spoke || url == \"\" || v.phase == Failed {\n",
		new:       "\tif url == \"\" || v.phase == Failed {\n",
		scenarios: []string{"satellite"},
	},
}
