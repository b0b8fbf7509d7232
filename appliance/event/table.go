package event

import (
	"cmp"
	"strings"

	"orac/appliance/utterance"
)

// Kinds is the table of all kinds of events, in the order of a command's life. A new kind is its Go type and its row.
var Kinds = []Kind{
	kind(row[DeviceOpened]{
		doc:  "A device was opened; sound should come.",
		sign: Renewed, about: itself,
		says: func(b DeviceOpened) Words { return fine("open", usual("%s  ", b.Device), faint("%s", b.Identity)) },
	}),
	kind(row[Listening]{
		doc: "The first sound was heard and scored. From here on a wake word is heard.",
		says: func(b Listening) Words {
			return fine("listening", usual("%s  for ", b.Listener), strong("%s", strings.Join(b.Models, ", ")))
		},
	}),
	kind(row[DeviceLost]{
		doc:   "No sound comes from a device until the next `device_opened`.",
		about: itself,
		says: func(b DeviceLost) Words {
			return failure("deaf", usual("%s: %s; trying again %s", b.Device, b.Cause, b.Retry))
		},
	}),
	kind(row[DeviceEnded]{
		doc:   "A sound file is over.",
		about: itself,
		says:  func(b DeviceEnded) Words { return plain("ended", usual("%s: the sound has ended", b.Device)) },
	}),
	kind(row[Level]{
		doc:  "How loud 80 ms of sound were. There are 12 of these a second.",
		flow: Meter,
		says: func(b Level) Words { return detail("level", usual("%s RMS %.0f", b.Device, b.RMS)) },
	}),
	kind(row[Score]{
		doc:  "What a model said of the last 80 ms.",
		flow: Meter,
		says: func(b Score) Words { return detail("score", usual("%s %.2f", b.Model, b.Score)) },
	}),
	kind(row[Wake]{
		doc:  "A wake word was heard.",
		sign: Heard, kept: true, hooks: []string{"wake"},
		says: Wake.words,
	}),
	kind(row[RecordingStarted]{
		doc:  "The recording of a command has begun.",
		kept: true, hooks: []string{"recording"},
		says: func(b RecordingStarted) Words { return plain("recording", faint("%s", b.Utterance)) },
	}),
	kind(row[RecordingEnded]{
		doc:  "The recording is complete.",
		sign: Taken, kept: true, hooks: []string{"recording"},
		says: func(b RecordingEnded) Words {
			return plain("recorded", usual("%.1f s, %s  ", b.Seconds, cmp.Or(endings[utterance.Why(b.Why)], b.Why)), faint("%s", b.Listener))
		},
	}),
	kind(row[Spooled]{
		doc: "Something changed about how recordings are kept.",
		about: func(e Event) string { // one that is set aside says nothing of the disk
			if where := e.Body.(Spooled).Where; where == "disk" || where == "memory" {
				return e.Node
			}
			return ""
		},
		says: Spooled.words,
	}),
	kind(row[Salvaged]{
		doc:  "A recording of an earlier run was found at the start. It will be delivered.",
		kept: true, hooks: []string{"recording"},
		says: Salvaged.words,
	}),
	kind(row[Dropped]{
		doc:  "A recording was lost.",
		kept: true, hooks: []string{"delivery"},
		says: func(b Dropped) Words { return failure("lost", usual("%s: %s", b.Utterance, b.Cause)) },
	}),
	kind(row[DeliveryStarted]{
		doc:  "A recording is on its way to a service.",
		says: func(b DeliveryStarted) Words { return plain("delivering", usual("to %s by %s", b.STT, b.Way)) },
	}),
	kind(row[DeliveryFailed]{
		doc:   "A try has failed. The recording stays in the spool.",
		about: itself, hooks: []string{"delivery"},
		says: func(b DeliveryFailed) Words {
			return warning("not delivered", usual("%s: %s; again %s", b.STT, b.Cause, b.Retry))
		},
	}),
	kind(row[DeliveryRepeated]{
		doc: "A recording is sent again although the service may have acted on it: it may have had all of it, and its answer did not come, or could not be read.",
		says: func(b DeliveryRepeated) Words {
			return warning("sent again", usual("%s may act on it twice: %s", b.STT, b.Cause))
		},
	}),
	kind(row[Delivered]{
		doc:  "The service has answered. This is the event with the text.",
		sign: Arrived, kept: true, hooks: []string{"delivery", "transcript"},
		says: Delivered.words,
	}),
	kind(row[STTHealth]{
		doc:   "A service has become well, or is not any more.",
		about: func(e Event) string { return "stt." + e.Body.(STTHealth).STT },
		says: func(b STTHealth) Words {
			return either(b.OK, "stt", usual("%s is %s", b.STT, b.Status), usual("%s: %s", b.STT, b.Status))
		},
	}),
	kind(row[Streaming]{
		doc: "A service is streamed to from now on, or is not any more. When it is not, recordings go by HTTP.",
		says: func(b Streaming) Words {
			return either(b.On, "stt", usual("%s accepts streams again", b.STT), usual("%s: %s; recordings go by HTTP", b.STT, b.Why))
		},
	}),
	kind(row[Heartbeat]{
		doc:   "Heartbeats are accepted, or are not any more.",
		about: itself,
		says: func(b Heartbeat) Words {
			return either(b.OK, "heartbeat", usual("%s counts %d active", b.Endpoint, b.Topics), usual("%s: %s", b.Endpoint, b.Cause))
		},
	}),
	kind(row[WebhookFailed]{
		doc:   "A webhook did not accept an event. The event waits.",
		about: itself,
		says:  func(b WebhookFailed) Words { return warning("webhook", usual("%s: %s", b.Webhook, b.Cause)) },
	}),
	kind(row[WebhookTaken]{
		doc: "A webhook has accepted an event.",
		says: func(b WebhookTaken) Words {
			return detail("webhook", usual("%s has accepted a %s event", b.Webhook, b.Type))
		},
	}),
	kind(row[WebhookAside]{
		doc:   "An event was set aside, because the webhook does not accept it.",
		about: itself,
		says: func(b WebhookAside) Words {
			return warning("set aside", usual("%s event of webhook %s: %s", b.Type, b.Webhook, b.Cause))
		},
	}),
	kind(row[WebhookDropped]{
		doc: "An event for a webhook was lost.",
		says: func(b WebhookDropped) Words {
			return failure("lost", usual("%s event of webhook %s: %s", b.Type, b.Webhook, b.Cause))
		},
	}),
	kind(row[Overrun]{
		doc: "The machine is too slow: sound was lost before it could be heard.",
		says: func(b Overrun) Words {
			return warning("overrun", usual("%d hops of %s were lost: the machine is too slow", b.Hops, b.Port))
		},
	}),
	kind(row[NodeFailed]{
		doc:   "A part of ORAC ended by itself. It is started again.",
		about: itself, named: true,
		says: func(b NodeFailed) Words { return failure("failed", usual("%s; again %s", b.Cause, b.Retry)) },
	}),
	kind(row[NodeLeaked]{
		doc:   "A part did not stop in time. ORAC cut it off and goes on without it.",
		about: itself, named: true,
		says: func(b NodeLeaked) Words { return failure("hangs", usual("%s", b)) },
	}),
	kind(row[StoreFailed]{
		doc:   "The history is not being written.",
		about: itself,
		says:  func(b StoreFailed) Words { return warning("history", usual("is not written: %s", b.Cause)) },
	}),
	kind(row[StoreBack]{
		doc:   "The history is written again.",
		about: itself,
		says: func(b StoreBack) Words {
			return fine("history", usual("is written again; %d events are missing", b.Lost))
		},
	}),
	kind(row[ClockJumped]{
		doc:  "The clock of the machine has jumped. ORAC deletes nothing because of it.",
		says: func(b ClockJumped) Words { return warning("clock", usual("%s; nothing is deleted because of it", b)) },
	}),
	kind(row[IncidentTold]{
		doc:  "An incident has begun, or is over.",
		flow: Inside, hooks: []string{"incident"},
		says: IncidentTold.words,
	}),
	kind(row[HealthTold]{
		doc:  "A part has become well, or is not any more.",
		flow: Inside, hooks: []string{"health"},
		says: HealthTold.words,
	}),
}
