package main

import "slices"

// mutation is a defect that is put into a copy of the code: a text that occurs exactly once in a file, and its replacement.
type mutation struct {
	name      string
	does      string // what an appliance with the defect does
	file      string // from the root of the module
	old, new  string
	scenarios []string // names in examples/scenarios that must catch it; the fastest first
	seeds     string   // default: 1
}

// mutations are defects that the promises of this repository forbid.
var mutations = slices.Concat(known, sounds, spoken, acting, trusting, showing, others)

// acting are defects of what becomes of a command.
var acting = []mutation{
	{
		name: "journal", does: "a call is not noted on the disk before it is made", file: "appliance/node/topicact.go",
		old:       "\t\tif err := n.journal.Save(t, &about); err != nil && j.given {\n",
		new:       "\t\tif err := error(nil); err != nil && j.given {\n",
		scenarios: []string{"acts_once"},
	},
	{
		name: "expires", does: "a command is carried out however old it is", file: "appliance/node/topicact.go",
		old:       "age > n.c.Expires ||",
		new:       "age > 1000*n.c.Expires ||",
		scenarios: []string{"home_away"},
	},
	{
		name: "proof", does: "what a backend only accepted is told as done", file: "appliance/node/topicact.go",
		old:       "func verified(list []act.Outcome) bool {\n\treturn len(list) > 0 && !slices.ContainsFunc(list, func(o act.Outcome) bool { return !o.Verdict.Good() })\n",
		new:       "func verified(list []act.Outcome) bool {\n\treturn len(list) > 0 && !slices.ContainsFunc(list, func(o act.Outcome) bool { return !o.Verdict.Good() && o.Verdict != act.Unproven })\n",
		scenarios: []string{"home_away"},
	},
	{
		name: "again", does: "a call is made again when nobody knows what came of it", file: "appliance/node/topicact.go",
		old:       "\treturn got, nil\n}\n\n// callGrace",
		new:       "\tif got.Verdict == act.Unknown {\n\t\treturn n.call(t, j, e, call, until)\n\t}\n\treturn got, nil\n}\n\n// callGrace",
		scenarios: []string{"home_away"},
	},
	{
		name: "for_good", does: "a home that was away is never connected to again", file: "appliance/node/backend.go",
		old:       "again = t.Now().Add(wait)\n\t\t\tn.lost",
		new:       "again = rt.Never\n\t\t\tn.lost",
		scenarios: []string{"home_away"},
	},
}

// showing are defects of what a broker is told, and of what is obeyed there.
var showing = []mutation{
	{
		name: "retained", does: "an order that a broker has kept is carried out", file: "appliance/node/mqttstate.go",
		old:       "\tcase m.Retain:\n\t\terr = errRetained\n",
		new:       "",
		scenarios: []string{"mqtt"},
	},
	{
		name: "silent_return", does: "a broker that comes back is not told that the appliance is there", file: "appliance/node/mqttstate.go",
		old:       "\tn.retained(t, d.StatusTopic(), []byte(discovery.Online))\n",
		new:       "",
		scenarios: []string{"mqtt"},
	},
}

// trusting are defects of what an issuer gives, and of what the centre of a house pushes.
var trusting = []mutation{
	{
		name: "stale_token", does: "a token is sent after its end", file: "appliance/node/login.go",
		old:       "p.ends = asked.Add(life - min(spare, life/10))",
		new:       "p.ends = asked.Add(10*life - min(spare, life/10))",
		scenarios: []string{"issuer_away"},
	},
	{
		name: "void_token", does: "a token that a server refuses is not replaced", file: "appliance/node/logintokens.go",
		old:       "\t\tp.text, p.discarded = \"\", a.Refused\n",
		new:       "\t\tp.discarded = a.Refused\n",
		scenarios: []string{"keys_rotated"},
	},
	{
		name: "canary", does: "a push does not wait until the first member is well", file: "appliance/rollout/rollout.go",
		old:       "if bad := r.healthy(ctx, p, i, m.Remote, before); bad != \"\" {",
		new:       "if bad := \"\"; bad != \"\" {",
		scenarios: []string{"pushed"},
	},
	{
		name: "goes_on", does: "a push goes on after the first member that is not well", file: "appliance/rollout/rollout.go",
		old:       "\t\tif bad() || halted(ctx) {\n",
		new:       "\t\tif bad() && false || halted(ctx) {\n",
		scenarios: []string{"pushed"},
	},
	{
		name: "absent", does: "a member that is away is said to be changed", file: "appliance/rollout/roller.go",
		old:       "\t\t\ts.Stage = Pending\n",
		new:       "\t\t\ts.Stage = Done\n",
		scenarios: []string{"pushed"},
	},
	{
		name: "unsettled", does: "a change whose answer was lost is said not to have been made", file: "appliance/rollout/rollout.go",
		old:       "\t\tif stageOf(err) != Unknown || ctx.Err() != nil {\n\t\t\treturn stageOf(err), err.Error()\n",
		new:       "\t\tif true {\n\t\t\treturn Failed, err.Error()\n",
		scenarios: []string{"pushed"},
	},
}

// known are the defects that one promise each of the first scenarios catches.
var known = []mutation{
	{
		name: "watchdog", does: "a read that blocks is waited for without end", file: "appliance/node/source.go",
		old:       "\t\t\tif errors.Is(err, rt.ErrTimeout) {\n\t\t\t\treturn fmt.Errorf(\"no sound for %v: %w\", config.Stall, errStuck)\n\t\t\t}\n",
		new:       "\t\t\tif errors.Is(err, rt.ErrTimeout) {\n\t\t\t\tcontinue\n\t\t\t}\n",
		scenarios: []string{"blocked_read"},
	},
	{
		name: "fsync", does: "the sound of an utterance is not synced", file: "appliance/spool/spool.go",
		old:       "\terr := e.file.Sync()\n",
		new:       "\tvar err error\n",
		scenarios: []string{"power_loss_outage"},
	},
	{
		name: "cooldown", does: "a model may wake again at once", file: "models/wake/trigger.go",
		old:       "st.until, st.quiet = at+t.rules.Models[d.Index].Cooldown, true",
		new:       "st.until, st.quiet = at, true",
		scenarios: []string{"audio_restart"},
	},
	{
		name: "leak", does: "the capture process of before is not ended when the device is opened again", file: "appliance/node/source.go",
		old:       "\t\t\tstream.Close(t)\n",
		new:       "",
		scenarios: []string{"unplug"},
	},
	{
		name: "fence", does: "what an instance writes that was given up on is taken", file: "appliance/rt/mailbox.go",
		old:       "func (m *Mailbox[T]) refuse(t *Task) bool {\n\tif t.inst.fenced.Load() {\n\t\tm.fenced++\n\t\tm.mu.Unlock()\n\t\treturn true\n\t}\n",
		new:       "func (m *Mailbox[T]) refuse(t *Task) bool {\n",
		scenarios: []string{"stale_source"},
	},
	{
		name: "twice", does: "a delivery that was tried again goes out twice", file: "appliance/node/delivery.go",
		old:       "\t\t\treturn n.done(t, c, n.Whole, result)\n",
		new:       "\t\t\tif c.attempts > 1 {\n\t\t\t\t_, _ = n.Client.Transcribe(t, n.utterance(c), c.pcm)\n\t\t\t}\n\t\t\treturn n.done(t, c, n.Whole, result)\n",
		scenarios: []string{"disk_full"},
	},
	{
		name: "sweep", does: "answered files that the disk keeps are forgotten", file: "appliance/spool/limits.go",
		old:       "\t\ts.remains = append(s.remains, e)\n\t\ts.diskErr = err\n",
		new:       "\t\t_ = err\n",
		scenarios: []string{"regressions/answered_while_read_only"},
	},
	{
		name: "crowded", does: "what cannot be set aside on a full disk is dropped", file: "appliance/spool/limits.go",
		old:       "\t\ts.stays(t, e, err)\n\t\treturn err\n",
		new:       "\t\ts.dropped++\n\t\ts.report(Report{Entry: e, Dropped: true, Cause: err.Error()})\n\t\ts.forget(t, e)\n\t\treturn nil\n",
		scenarios: []string{"regressions/refused_on_a_full_disk"},
	},
	{
		name: "undoubted", does: "what a disk that refuses has kept goes out as if nobody could have answered it", file: "appliance/spool/open.go",
		old:       "e.Meta.Sent = slices.Clone(e.Meta.Deliver)",
		new:       "_ = e",
		scenarios: []string{"regressions/answered_from_memory"},
	},
	{
		name: "acts", does: "a text that another appliance has sent again goes to Core again", file: "appliance/node/forward.go",
		old:       "if !n.courier.box.Holds(t, x.ID) {",
		new:       "if true {",
		scenarios: []string{"server_restarts"}, seeds: "1-4",
	},
	{
		name: "overdue", does: "an answer that does not come is not told", file: "appliance/core/judge.go",
		old:       "now.Sub(d.Asked()) > answerLate",
		new:       "now.Sub(d.Asked()) < 0",
		scenarios: []string{"regressions/answer_overdue"},
	},
	{
		name: "nothing", does: "what a service says of an empty stream is taken for the answer", file: "appliance/node/delivery.go",
		old:       "if err == nil && chunks.Stats().Taken == 0 {",
		new:       "if false {",
		scenarios: []string{"regressions/streamed_too_late"},
	},
	{
		name: "no_end", does: "the end of a recording never reaches the spool", file: "appliance/node/recorder.go",
		old:       "\tif !r.end(t, Piece{Utterance: m.ID, End: &m}) {\n\t\treturn why, rt.ErrStopped\n\t}\n",
		new:       "",
		scenarios: []string{"disk_full"},
	},
	{
		name: "patience", does: "a device that does not open is tried again without a pause", file: "appliance/node/source.go",
		old:       "wait := max(0, s.Config.Get().Retry.wait(failed)-t.Now().Sub(began))",
		new:       "wait := time.Duration(0)",
		scenarios: []string{"unplug"},
	},
	{
		name: "no_way_back", does: "a change that fails is called rolled back, and stays", file: "appliance/core/steward.go",
		old:       "\tif err := s.Runner.Swap(t, back); err != nil {\n\t\treturn a, errors.Join(errors.New(a.Why), err)\n\t}\n",
		new:       "\t_, _ = back, errors.Join\n",
		scenarios: []string{"apply_fails"},
	},
	{
		name: "order", does: "the newest utterance is delivered first", file: "appliance/spool/look.go",
		old:       "\tfor _, e := range s.entries {\n\t\tif e.Seq >= from && e.Awaits(stt) {\n",
		new:       "\tfor i := range s.entries {\n\t\tif e := s.entries[len(s.entries)-1-i]; e.Seq >= from && e.Awaits(stt) {\n",
		scenarios: []string{"disk_full"},
	},
	{
		name: "splice", does: "sound before and after a gap is heard as one", file: "appliance/node/source.go",
		old:       "hop := &audio.Hop{Reset: first}",
		new:       "hop := &audio.Hop{Reset: first && s.opens == 1}",
		scenarios: []string{"worker_dies"},
	},
	{
		name: "silence", does: "digital silence is taken for a stuck microphone", file: "appliance/node/source.go",
		old:       "if hop.PCM == last && hop.PCM != ([audio.HopSamples]int16{}) {",
		new:       "if hop.PCM == last && last != ([audio.HopSamples]int16{1}) {",
		scenarios: []string{"stuck_or_silent"},
	},
	{
		name: "cut", does: "a recording that a kill has cut off is thrown away", file: "appliance/spool/open.go",
		old:       "\t\tif e.bytes == 0 { // nothing had been recorded\n",
		new:       "\t\tif e.Meta.Why == utterance.Cut {\n",
		scenarios: []string{"killed"},
	},
	{
		name: "memory", does: "a process over its memory limit is not replaced", file: "appliance/core/resources.go",
		old:       "\tif v.Restart {\n",
		new:       "\tif false {\n",
		scenarios: []string{"memory_leak"},
	},
	{
		name: "queues", does: "a mailbox that is full takes one more", file: "appliance/rt/mailbox.go",
		old:       "\tif m.n >= m.capacity {\n\t\toldest, dropped = m.take(), true\n",
		new:       "\tif m.n > m.capacity {\n\t\toldest, dropped = m.take(), true\n",
		scenarios: []string{"node_starves"},
	},
	{
		name: "secrets", does: "the whole address of a webhook is told, with the key in it", file: "appliance/stt/wire/client.go",
		old:       "\treturn origin(u)\n",
		new:       "\treturn u.String()\n",
		scenarios: []string{"refused"},
	},
	{
		name: "untold", does: "an event for a webhook is kept in memory alone", file: "appliance/outbox/outbox.go",
		old:       "\t\tb.keep(b.store(t, i))\n",
		new:       "",
		scenarios: []string{"webhooks"},
	},
	{
		name: "retold", does: "an event that a webhook has taken stays on the disk", file: "appliance/outbox/outbox.go",
		old:       "\tif err := b.remove(t, i.file()); err != nil {\n",
		new:       "\tif err := error(nil); err != nil {\n",
		scenarios: []string{"webhooks"},
	},
	{
		name: "stuck", does: "one event that a webhook fails on stops all others", file: "appliance/node/retries.go",
		old:       "if next != nil && r.doubtful(now) {",
		new:       "if next != nil && r.doubtful(now) && false {",
		scenarios: []string{"webhooks"},
	},
	{
		name: "history", does: "what is too old for the history is told by the wall clock", file: "appliance/node/history.go",
		old:       "\tp, known := n.Age.now(t)\n",
		new:       "\tp, known := provenclock.Point{Age: time.Duration(t.Wall().UnixNano()), Born: time.Duration(t.Wall().UnixNano())}, true\n",
		scenarios: []string{"clock_jump"},
	},
	{
		name: "poison", does: "one utterance that a service cannot digest stops all others", file: "appliance/node/blame.go",
		old:       "\treturn took >= need && (s.tries",
		new:       "\treturn false && took >= need && (s.tries",
		scenarios: []string{"stt_poison"},
	},
	{
		name: "hasty", does: "an outage is taken for a fault of the utterance", file: "appliance/node/blame.go",
		old:       "if !well || !aboutUtterance(e) {",
		new:       "if !aboutUtterance(e) {",
		scenarios: []string{"stt_outage"},
	},
	{
		name: "aside", does: "the sound of what is set aside is not kept", file: "appliance/spool/refused.go",
		old:       "\tif err := rt.WriteFile(t, s.fs, RefusedDir, name, b.Bytes()); err != nil {\n\t\treturn \"\", err\n\t}\n",
		new:       "",
		scenarios: []string{"stt_poison"},
	},
	{
		name: "impatient", does: "what a service may be at work on is sent again at once", file: "appliance/node/doubt.go",
		old:       "\tif d.underWay {\n\t\treturn n.outlast(t, c)\n\t}\n",
		new:       "\tif d.underWay {\n\t\treturn nil\n\t}\n",
		scenarios: []string{"stt_late_answer"},
	},
	{
		name: "unsaid", does: "an utterance goes out again without a word that the service may have acted on it", file: "appliance/node/doubt.go",
		old:       "\tsay(t, n.Events, n.Name, event.DeliveryRepeated{\n",
		new:       "\tsay(t, rt.NewOut[event.Event](), n.Name, event.DeliveryRepeated{\n",
		scenarios: []string{"stt_late_answer"},
	},
	{
		name: "unnoted", does: "who is killed before the answer does not know that the service may have the utterance", file: "appliance/node/delivery.go",
		old:       "\tif !n.Pure && slices.Contains(job.Meta.Sent, n.STT) {\n",
		new:       "\tif false {\n",
		scenarios: []string{"stt_late_answer"},
	},
	{
		name: "gullible", does: "an empty text is taken for silence, whatever stands behind it", file: "appliance/node/silence.go",
		old:       "\tif h.verdict == quiet || ",
		new:       "\tif h.verdict != quiet || ",
		scenarios: []string{"stt_engine"},
	},
	{
		name: "engine", does: "an engine that fails behind a healthy server is taken for a fault of the utterance", file: "appliance/node/blame.go",
		old:       "\tif s.slow || s.hides {\n",
		new:       "\tif s.slow {\n",
		scenarios: []string{"stt_engine"},
	},
	{
		name: "quiet", does: "nobody is told that an utterance was set aside", file: "appliance/event/delivery.go",
		old:       "\t\tt.Past = \"utterance \" + b.Utterance + \" was set aside: \" + b.Cause\n",
		new:       "",
		scenarios: []string{"stt_poison"},
	},
}
