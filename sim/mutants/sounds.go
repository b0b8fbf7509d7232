package main

// sounds are defects in the content of a recording: each loses, doubles, moves or changes some of what was said.
var sounds = []mutation{
	{
		name: "pre_roll", does: "the first hop of the pre-roll is missing", file: "appliance/node/recorder.go",
		old:       "from := max(w.Seq-preRoll+1, r.recorded, 0)",
		new:       "from := max(w.Seq-preRoll+2, r.recorded, 0)",
		scenarios: []string{"worker_dies"},
	},
	{
		name: "no_pre_roll", does: "a recording begins after its wake word", file: "appliance/node/ring.go",
		old:       "\t\tif hop.Seq >= f.From {\n",
		new:       "\t\tif hop.Seq > f.From+10 {\n",
		scenarios: []string{"worker_dies"},
	},
	{
		name: "last_hop", does: "the last hop is counted, and not kept", file: "appliance/node/recorder.go",
		old:       "\t\tif err := r.Out.Send(t, Piece{Utterance: m.ID, Hop: hop}); err != nil {\n\t\t\treturn samples, r.told(), err\n\t\t}\n",
		new:       "\t\tover := false\n\t\tif e != nil {\n\t\t\tprobe := *e\n\t\t\t_, over = probe.Hop(&hop.PCM)\n\t\t}\n\t\tif over {\n\t\t} else if err := r.Out.Send(t, Piece{Utterance: m.ID, Hop: hop}); err != nil {\n\t\t\treturn samples, r.told(), err\n\t\t}\n",
		scenarios: []string{"worker_dies"},
	},
	{
		name: "swapped", does: "two hops of a recording change places", file: "appliance/spool/spool.go",
		old:       "\te.pcm = append(e.pcm, pcm...)\n",
		new:       "\te.pcm = append(e.pcm, pcm...)\n\tif n := len(e.pcm) / audio.HopSamples; n == 20 {\n\t\tlast, before := e.pcm[19*audio.HopSamples:], e.pcm[18*audio.HopSamples:19*audio.HopSamples]\n\t\tfor i := range last {\n\t\t\tlast[i], before[i] = before[i], last[i]\n\t\t}\n\t}\n",
		scenarios: []string{"disk_full", "worker_dies"},
	},
	{
		name: "streamed_twice", does: "a chunk is streamed twice", file: "appliance/node/spool.go",
		old:       "\t\t\ttail.To.TrySend(t, chunk(p.Hop.PCM[:]))\n",
		new:       "\t\t\ttail.To.TrySend(t, chunk(p.Hop.PCM[:]))\n\t\t\tif p.Hop.Seq%40 == 0 {\n\t\t\t\ttail.To.TrySend(t, chunk(p.Hop.PCM[:]))\n\t\t\t}\n",
		scenarios: []string{"worker_dies"},
	},
	{
		name: "streamed_short", does: "what was recorded before a stream began is not streamed", file: "appliance/node/spool.go",
		old:       "\tpcm := n.kept.PCM(e)\n\tfor len(pcm) > 0 {\n",
		new:       "\tpcm := n.kept.PCM(e)\n\tfor pcm = pcm[min(len(pcm), audio.HopSamples):]; len(pcm) > 0; {\n",
		scenarios: []string{"worker_dies"},
	},
	{
		name: "fallback", does: "what goes out whole after a stream lacks its first hop", file: "appliance/node/delivery.go",
		old:       "\tif len(c.pcm) == 0 { // there is nothing to send",
		new:       "\tif c.attempts > 0 {\n\t\tc.pcm = c.pcm[audio.HopSamples:]\n\t}\n\tif len(c.pcm) == 0 { // there is nothing to send",
		scenarios: []string{"stt_outage"},
	},
	{
		name: "one_sample", does: "one sample in a recording is off by one", file: "appliance/spool/open.go",
		old:       "\t\tpcm[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))\n",
		new:       "\t\tpcm[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))\n\t\tif i == 30000 {\n\t\t\tpcm[i]++\n\t\t}\n",
		scenarios: []string{"disk_full"},
	},
	{
		name: "byte_order", does: "sound is written with the bytes of its samples in the wrong order", file: "appliance/spool/open.go",
		old:       "\t\tb = binary.LittleEndian.AppendUint64(b, uint64(uint16(p[0]))|uint64(uint16(p[1]))<<16|uint64(uint16(p[2]))<<32|uint64(uint16(p[3]))<<48)\n",
		new:       "\t\tfor _, v := range p {\n\t\t\tb = binary.BigEndian.AppendUint16(b, uint16(v))\n\t\t}\n",
		scenarios: []string{"disk_full"},
	},
	{
		name: "zeroed", does: "a hop that is streamed is silence", file: "appliance/node/spool.go",
		old:       "\tcopy(c.PCM[:], pcm)\n",
		new:       "\tif pcm[0]%16 != 0 {\n\t\tcopy(c.PCM[:], pcm)\n\t}\n",
		scenarios: []string{"worker_dies"},
	},
	{
		name: "wrong_room", does: "a recorder follows the sound of another room", file: "appliance/graph/recorder.go",
		old:       "Ring: follows.inbox(a, At(Ring, device))",
		new:       "Ring: follows.inbox(a, At(Ring, a.graph.Runbook.Listeners[0].Device.Name()))",
		scenarios: []string{"two_services"},
	},
	{
		name: "overlap", does: "the end of a recording is the beginning of the next, too", file: "appliance/node/recorder.go",
		old:       "\t\tr.recorded = hop.Seq + 1\n",
		new:       "",
		scenarios: []string{"breathless"},
	},
	{
		name: "early_end", does: "a recording ends in the pauses of a command", file: "appliance/utterance/endpoint.go",
		old:       "\tcase e.speech && e.quiet >= e.cfg.Silence+e.cfg.Grace:",
		new:       "\tcase e.speech && e.quiet >= e.cfg.Silence:",
		scenarios: []string{"worker_dies"},
	},
	{
		name: "over_the_gap", does: "a recording goes on over a break in the sound", file: "appliance/node/recorder.go",
		old:       "\t\tif hop.Reset && samples > 0 && hop.Seq > wake {\n",
		new:       "\t\tif false {\n",
		scenarios: []string{"deaf"},
	},
	{
		name: "salvaged_short", does: "what a kill leaves of a recording loses its end", file: "appliance/spool/open.go",
		old:       "\te.bytes = int64(len(b)) &^ 1\n",
		new:       "\te.bytes = int64(len(b)) / 2 &^ 1\n",
		scenarios: []string{"killed"},
	},
	{
		name: "aside_short", does: "what is set aside is kept without its beginning", file: "appliance/spool/refused.go",
		old:       "\tif err := wav.Encode(&b, pcm); err != nil {\n",
		new:       "\tif err := wav.Encode(&b, pcm[len(pcm)/2:]); err != nil {\n",
		scenarios: []string{"stt_poison"},
	},
}

// others are defects that belong to no other list.
var others = []mutation{
	{
		name: "label", does: "a service is told a wrong topic", file: "appliance/node/delivery.go",
		old:       "Topic: m.Topic,",
		new:       "Topic: m.Listener,",
		scenarios: []string{"worker_dies"},
	},
	{
		name: "wake_time", does: "an utterance that waited is delivered as one of now", file: "appliance/node/delivery.go",
		old:       "Wake: m.WakeAt,",
		new:       "Wake: m.EndAt,",
		scenarios: []string{"stt_outage"},
	},
	{
		name: "one_is_enough", does: "an utterance leaves the spool when the first of its services has answered", file: "appliance/spool/open.go",
		old:       "\treturn slices.DeleteFunc(slices.Clone(e.Meta.Deliver), func(stt string) bool { return slices.Contains(e.answered, stt) })\n",
		new:       "\tif len(e.answered) > 0 {\n\t\treturn nil\n\t}\n\treturn slices.Clone(e.Meta.Deliver)\n",
		scenarios: []string{"two_services"},
	},
	{
		name: "forgetful", does: "deliveries are missing in the history", file: "appliance/node/history.go",
		old:       "\tcase r.Delivery != nil:\n",
		new:       "\tcase r.Delivery != nil && r.Delivery.Attempts != 1:\n\t\treturn nil\n\tcase r.Delivery != nil:\n",
		scenarios: []string{"stt_outage"},
	},
	{
		name: "open_for_ever", does: "an incident that is over stays open", file: "appliance/core/monitor.go",
		old:       "\tcase f.Level == health.Healthy && open:\n\t\tm.Log.Recover(t, id)\n",
		new:       "\tcase f.Level == health.Healthy && open:\n\t\t_ = id\n",
		scenarios: []string{"blocked_read"},
	},
	{
		name: "rosy", does: "the appliance is called healthy whatever its components are", file: "appliance/health/model.go",
		old:       "\t\tr.Level = worse(r.Level, m.counts(c))\n",
		new:       "\t\t_ = m.counts(c)\n",
		scenarios: []string{"deaf"},
	},
	{
		name: "hammer", does: "a service that fails is tried again without a pause", file: "appliance/node/deliverywait.go",
		old:       "\treturn d/2 + time.Duration(jitter.Int64N(int64(d/2)+1))\n",
		new:       "\treturn 0\n",
		scenarios: []string{"stt_outage"},
	},
	{
		name: "heartless", does: "heartbeats end when one has failed", file: "appliance/node/heartbeat.go",
		old:       "\t\t\twait = min(wait, again)\n",
		new:       "\t\t\twait = 24 * time.Hour\n",
		scenarios: []string{"refused"},
	},
	{
		name: "tasks", does: "each delivery leaves a task behind", file: "appliance/node/deliverytold.go",
		old:       "\tn.aside = 0\n",
		new:       "\tn.aside = 0\n\tt.Go(\"left\", func(t *rt.Task) error { return t.Sleep(24 * time.Hour) })\n",
		scenarios: []string{"worker_dies"},
	},
}
