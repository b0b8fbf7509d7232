package event

import (
	"cmp"
	"strings"

	"orac/appliance/utterance"
)

// Kinds is the table of all kinds of events, in the order of a command's life. A new kind is its Go type and its row.
var Kinds = []Kind{
	kind("A device was opened; sound should come.", Kind{Sign: Renewed, about: itself},
		func(b DeviceOpened) Words { return fine("open", usual("%s  ", b.Device), faint("%s", b.Identity)) }),
	kind("The first sound was heard and scored. From here on a wake word is heard.", Kind{},
		func(b Listening) Words {
			return fine("listening", usual("%s  for ", b.Listener), strong("%s", strings.Join(b.Models, ", ")))
		}),
	kind("No sound comes from a device until the next `device_opened`.", Kind{about: itself},
		func(b DeviceLost) Words {
			return failure("deaf", usual("%s: %s; trying again %s", b.Device, b.Cause, b.Retry))
		}),
	kind("A sound file is over.", Kind{about: itself},
		func(b DeviceEnded) Words { return plain("ended", usual("%s: the sound has ended", b.Device)) }),
	kind("How loud 80 ms of sound were. There are 12 of these a second.", Kind{Flow: Meter},
		func(b Level) Words { return detail("level", usual("%s RMS %.0f", b.Device, b.RMS)) }),
	kind("What a model said of the last 80 ms.", Kind{Flow: Meter},
		func(b Score) Words { return detail("score", usual("%s %.2f", b.Model, b.Score)) }),
	kind("A wake word was heard.", Kind{Sign: Heard, Kept: true, Hooks: []string{"wake"}},
		Wake.words),
	kind("The recording of a command has begun.", Kind{Kept: true, Hooks: []string{"recording"}},
		func(b RecordingStarted) Words { return plain("recording", faint("%s", b.Utterance)) }),
	kind("The recording is complete.", Kind{Sign: Taken, Kept: true, Hooks: []string{"recording"}},
		func(b RecordingEnded) Words {
			return plain("recorded", usual("%.1f s, %s  ", b.Seconds, cmp.Or(endings[utterance.Why(b.Why)], b.Why)), faint("%s", b.Listener))
		}),
	kind("Something changed about how recordings are kept.", Kind{about: Event.spool},
		Spooled.words),
	kind("A recording of an earlier run was found at the start. It will be delivered.", Kind{Kept: true, Hooks: []string{"recording"}},
		Salvaged.words),
	kind("A recording was lost.", Kind{Kept: true, Hooks: []string{"delivery"}},
		func(b Dropped) Words { return failure("lost", usual("%s: %s", b.Utterance, b.Cause)) }),
	kind("A recording is on its way to a service.", Kind{},
		func(b DeliveryStarted) Words {
			return plain("delivering", usual("to %s by %s", standIn(b.STT, b.By), b.Way))
		}),
	kind("A try has failed. The recording stays in the spool.", Kind{Hooks: []string{"delivery"}, about: itself},
		func(b DeliveryFailed) Words {
			return warning("not delivered", usual("%s: %s; again %s", standIn(b.STT, b.By), b.Cause, b.Retry))
		}),
	kind("A recording is sent again although the service may have acted on it: it may have had all of it, and its answer did not come, or could not be read.", Kind{},
		func(b DeliveryRepeated) Words {
			return warning("sent again", usual("%s may act on it twice: %s", b.STT, b.Cause))
		}),
	kind("The service has answered. This is the event with the text.", Kind{Sign: Arrived, Kept: true, Hooks: []string{"delivery", "transcript"}},
		Delivered.words),
	kind("A service has become well, or is not any more.", Kind{about: func(e Event) string { return "stt." + e.Body.(STTHealth).STT }},
		func(b STTHealth) Words {
			return either(b.OK, "stt", usual("%s is %s", b.STT, b.Status), usual("%s: %s", b.STT, b.Status))
		}),
	kind("A service is streamed to from now on, or is not any more. When it is not, recordings go by HTTP.", Kind{},
		func(b Streaming) Words {
			return either(b.On, "stt", usual("%s accepts streams again", b.STT), usual("%s: %s; recordings go by HTTP", b.STT, b.Why))
		}),
	kind("Another of the services that deliver names together gets the recordings from now on: the first does not answer, or answers again.", Kind{},
		func(b Fallback) Words {
			if b.By == "" {
				return fine("stt", usual("%s answers again", b.STT))
			}
			return warning("stt", usual("%s stands in for %s: %s", b.By, b.STT, b.Cause))
		}),
	kind("An engine has understood a part of what is being said. The text may still change: the one that counts follows when the person has ended.", Kind{},
		func(b Partial) Words {
			return plain("…", speech("“%s”", b.Text), usual("  "), faint("%s", b.STT))
		}),
	kind("The process of an engine loads its model, is ready, was let go because nobody needs it, or failed.", Kind{about: Event.process},
		Engine.words),
	kind("Heartbeats are accepted, or are not any more.", Kind{about: itself},
		func(b Heartbeat) Words {
			return either(b.OK, "heartbeat", usual("%s counts %d active", b.Endpoint, b.Topics), usual("%s: %s", b.Endpoint, b.Cause))
		}),
	kind("A webhook did not accept an event. The event waits.", Kind{about: itself},
		func(b WebhookFailed) Words { return warning("webhook", usual("%s: %s", b.Webhook, b.Cause)) }),
	kind("A webhook has accepted an event.", Kind{},
		func(b WebhookTaken) Words {
			return detail("webhook", usual("%s has accepted a %s event", b.Webhook, b.Type))
		}),
	kind("An event was set aside, because the webhook does not accept it.", Kind{about: itself},
		func(b WebhookAside) Words {
			return warning("set aside", usual("%s event of webhook %s: %s", b.Type, b.Webhook, b.Cause))
		}),
	kind("An event for a webhook was lost.", Kind{},
		func(b WebhookDropped) Words {
			return failure("lost", usual("%s event of webhook %s: %s", b.Type, b.Webhook, b.Cause))
		}),
	kind("An STT server has answered an utterance of another machine, or could not.", Kind{about: Event.engine},
		Served.words),
	kind("Another appliance has begun to send heartbeats to an STT server, or has stopped.", Kind{},
		Instance.words),
	kind("What became of a text that an STT server has for a Core.", Kind{about: Event.forward},
		Forwarded.words),
	kind("A service for other programs is offered on the network.", Kind{about: itself},
		func(b DoorOpened) Words { return fine("serving", usual("%s at %s", b.Serves, b.Listen)) }),
	kind("A client of such a service got its answer.", Kind{},
		Answered.words),
	kind("A service for other programs cannot be offered.", Kind{about: itself},
		func(b DoorFailed) Words {
			return failure("not serving", usual("at %s: %s; trying again %s", b.Listen, b.Cause, b.Retry))
		}),
	kind("The machine is too slow: sound was lost before it could be heard.", Kind{},
		func(b Overrun) Words {
			return warning("overrun", usual("%d hops of %s were lost: the machine is too slow", b.Hops, b.Port))
		}),
	kind("A part of ORAC ended by itself. It is started again.", Kind{about: itself, named: true},
		func(b NodeFailed) Words { return failure("failed", usual("%s; again %s", b.Cause, b.Retry)) }),
	kind("A part did not stop in time. ORAC cut it off and goes on without it.", Kind{about: itself, named: true},
		func(b NodeLeaked) Words { return failure("hangs", usual("%s", b)) }),
	kind("The history is not being written.", Kind{about: itself},
		func(b StoreFailed) Words { return warning("history", usual("is not written: %s", b.Cause)) }),
	kind("The history is written again.", Kind{about: itself},
		func(b StoreBack) Words {
			return fine("history", usual("is written again; %d events are missing", b.Lost))
		}),
	kind("The clock of the machine has jumped. ORAC deletes nothing because of it.", Kind{},
		func(b ClockJumped) Words { return warning("clock", usual("%s; nothing is deleted because of it", b)) }),
	kind("An incident has begun, or is over.", Kind{Flow: Inside, Hooks: []string{"incident"}},
		func(b IncidentTold) Words { return detail("incident", usual("%s: %s", b.Component, b.Cause)) }),
	kind("A part has become well, or is not any more.", Kind{Flow: Inside, Hooks: []string{"health"}},
		func(b HealthTold) Words { return detail("health", usual("%s is %s", b.Component, b.To)) }),
}
