package event

import "orac/appliance/health"

// webhooks tell what becomes of events that go to webhooks.
var webhooks = []Kind{
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
}

// WebhookFailed: a webhook did not accept an event, which now waits.
type WebhookFailed struct {
	Webhook string `json:"webhook"`
	Event   string `json:"event"` // ID
	Type    string `json:"type"`  // wake, transcript, …
	Attempt int    `json:"attempt"`
	Cause   string `json:"cause"`
	Denied  bool   `json:"denied,omitempty"` // the credentials or the address are wrong: it stays so until a person fixes it
	Gone    bool   `json:"gone,omitempty"`   // the receiver no longer exists: nothing is sent to it
}

func (WebhookFailed) Kind() string { return "webhook_failed" }

func (b WebhookFailed) told() Told {
	t := poor(b.Cause)
	if b.Denied || b.Attempt >= refusals {
		t.Level = health.Unhealthy
	}
	if b.Gone {
		t.Why += "; nothing more is sent to it: change the webhook's url, or remove the webhook"
	}
	return t
}

// WebhookTaken: a webhook has accepted an event.
type WebhookTaken struct {
	Webhook  string `json:"webhook"`
	Event    string `json:"event"`
	Type     string `json:"type"`
	Attempts int    `json:"attempts"`
}

func (WebhookTaken) Kind() string { return "webhook_taken" }

func (b WebhookTaken) told() Told { return well() }

// WebhookAside: an event was set aside because the webhook does not accept it.
type WebhookAside struct {
	Webhook string `json:"webhook"`
	Event   string `json:"event"`
	Type    string `json:"type"`
	Cause   string `json:"cause"`
	InARow  int    `json:"in_a_row"` // how many were set aside since one was accepted
}

func (WebhookAside) Kind() string { return "webhook_aside" }

func (b WebhookAside) told() Told {
	if b.InARow < refusals { // the next event is on its way
		return Told{
			Past:  b.Type + " event " + b.Event + " was set aside: " + b.Cause,
			After: "kept in hooks/" + b.Webhook + "/aside; to see it: orac spool list; to try again: orac spool retry " + b.Event,
		}
	}
	t := down("it accepts no events: " + b.Cause)
	t.Did = "the newest hundred are kept; to see them: orac spool list"
	return t
}

// WebhookDropped: an event was lost: it was too old, there was no room, or a person dropped it.
type WebhookDropped struct {
	Webhook string `json:"webhook"`
	Event   string `json:"event"`
	Type    string `json:"type"`
	Cause   string `json:"cause"`
}

func (WebhookDropped) Kind() string { return "webhook_dropped" }
