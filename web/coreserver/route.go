package coreserver

import (
	"cmp"

	"orac/runbook"
	"orac/web/auth"
	"orac/web/peers"
	"orac/web/schema"
)

// The permissions of service accounts that count here. The first two are those of an ORAC STT.
const (
	Results = "core.results" // hand texts over
	Status  = "core.status"  // send heartbeats, and see which topics there are
	Read    = "core.read"    // see what was said and done, and what the backends have
)

// Audience is the one that tokens of accounts must name here.
const Audience = runbook.CoreAudience

// Category is a kind of request with a limit of its own.
type Category string

// The categories.
const (
	System     Category = "system"     // health, heartbeats, lists
	Generation Category = "generation" // texts
	Backends   Category = "backend"    // what makes backends work
)

// Route is one operation of the server.
type Route struct {
	peers.Route
	Name     string   // of the operation, for programs
	Category Category // empty: System
	// Produces is the media type of an answer that is not JSON.
	Produces string

	schema.Shape
	run  func(*call) error
	body int64 // bound of its body in bytes; 0: it has none
}

// Limits of bodies in bytes.
const (
	maxText = 64 << 10  // a text with everything that is said about it
	maxBeat = 256 << 10 // a hundred topics with all that they say
	maxKnob = 4 << 10
)

func shaped[Out any](r Route) Route { return taking[schema.None, Out](r) }

func taking[In, Out any](r Route) Route {
	r.Shape = schema.ShapeOf[In, Out](r.Method)
	return r
}

// Routes lists what is served, in the order of the table in README.md.
func Routes() []Route {
	acts := peers.Right{Permission: Results, Role: auth.Operator, Legacy: true}
	beats := peers.Right{Permission: Status, Role: auth.Operator, Legacy: true}
	sees := peers.Right{Permission: Status, Role: auth.Viewer, Legacy: true}
	reads := peers.Right{Permission: Read, Role: auth.Viewer}
	works := peers.Right{Role: auth.Operator}
	admin := peers.Right{Role: auth.Admin}
	known := peers.Right{Anybody: true, Legacy: true}
	const text = "2000 bytes of text, 64 KiB in all; 45 s"
	const acting = "Acts on a text. `prompt` is the text; `dry_run` says what would be done."
	list := []Route{
		taking[GenerateIn, Generated](Route{Route: peers.Route{Method: "POST", Path: "/v1/generate", Right: acts, Doc: acting + " The topic is general.", Limits: text}, Name: "generate", Category: Generation, run: (*call).generate, body: maxText}),
		taking[generateAt, Generated](Route{Route: peers.Route{Method: "POST", Path: "/v1/generate/{topic}", Right: acts, Doc: acting, Limits: text}, Name: "generateFor", Category: Generation, run: (*call).generate, body: maxText}),
		taking[BeatIn, BeatOut](Route{Route: peers.Route{Method: "POST", Path: "/v1/topics/heartbeat", Right: beats, Doc: "Says which topics somebody listens for.", Limits: "256 KiB; 100 topics"}, Name: "heartbeat", run: (*call).beat, body: maxBeat}),
		shaped[BeatsOut](Route{Route: peers.Route{Method: "GET", Path: "/v1/topics/heartbeat/status", Right: sees, Doc: "The topics, and when a heartbeat named each."}, Name: "heartbeatStatus", run: (*call).beats}),
		shaped[StatusOut](Route{Route: peers.Route{Method: "GET", Path: "/v1/status", Right: known, Doc: "Whether it can act. 503 when it cannot."}, Name: "status", run: (*call).status}),
		shaped[ModelsOut](Route{Route: peers.Route{Method: "GET", Path: "/v1/models", Right: sees, Doc: "The language models that topics may ask."}, Name: "models", run: (*call).models}),
		shaped[HealthOut](Route{Route: peers.Route{Method: "GET", Path: "/health", Right: known, Doc: "The health of the server, its backends and its language models. 503 when it cannot act."}, Name: "health", run: (*call).health}),
		shaped[peers.WordOut](Route{Route: peers.Route{Method: "GET", Path: "/health/live", Right: peers.Right{Open: true}, Doc: "Whether the process is alive."}, Name: "live", run: (*call).Live}),
		shaped[peers.WordOut](Route{Route: peers.Route{Method: "GET", Path: "/health/ready", Right: known, Doc: "Whether a text would be acted on now. 503 when it would not."}, Name: "ready", run: (*call).ready}),
		shaped[LastOut](Route{Route: peers.Route{Method: "GET", Path: "/api/last-command", Right: reads, Doc: "The last text and what came of it."}, Name: "lastCommand", run: (*call).last}),
		shaped[TopicsOut](Route{Route: peers.Route{Method: "GET", Path: "/api/topics", Right: sees, Doc: "The topics."}, Name: "topics", run: (*call).topics}),
		taking[named, TopicOut](Route{Route: peers.Route{Method: "GET", Path: "/api/topics/{id}", Right: sees, Doc: "A topic."}, Name: "topic", run: (*call).topic}),
		shaped[BackendsOut](Route{Route: peers.Route{Method: "GET", Path: "/api/backends", Right: reads, Doc: "The backends, without their credentials."}, Name: "backends", run: (*call).backends}),
		taking[named, BackendAnswer](Route{Route: peers.Route{Method: "GET", Path: "/api/backends/{id}", Right: reads, Doc: "A backend, without its credentials."}, Name: "backend", run: (*call).backend}),
		taking[named, EntitiesOut](Route{Route: peers.Route{Method: "GET", Path: "/api/backends/{id}/entities", Right: reads, Doc: "What a backend has: names, rooms, states."}, Name: "entities", run: (*call).entities}),
		taking[named, MappingsOut](Route{Route: peers.Route{Method: "GET", Path: "/api/backends/{id}/mappings", Right: reads, Doc: "The entities that sentences may name."}, Name: "mappings", run: (*call).mappings}),
		taking[named, TestOut](Route{Route: peers.Route{Method: "POST", Path: "/api/backends/{id}/test", Right: works, Change: "backend.test", Doc: "Tells whether a backend is connected. 503 when it is not."}, Name: "testBackend", Category: Backends, run: (*call).test, body: maxKnob}),
		taking[named, TestOut](Route{Route: peers.Route{Method: "POST", Path: "/api/backends/{id}/entities/fetch", Right: works, Change: "backend.refresh", Doc: "Fetches the vocabulary of a backend anew."}, Name: "fetchEntities", Category: Backends, run: (*call).fetch, body: maxKnob}),
		shaped[LearntStats](Route{Route: peers.Route{Method: "GET", Path: "/v1/cache/stt/stats", Right: reads, Doc: "How many answers were learnt."}, Name: "learntStats", run: (*call).learntStats}),
		taking[learntIn, LearntOut](Route{Route: peers.Route{Method: "GET", Path: "/v1/cache/stt/entries", Right: reads, Doc: "The learnt answers, those used last first; `limit`, `topic_id` in the query."}, Name: "learnt", run: (*call).learnt}),
		shaped[ClearedOut](Route{Route: peers.Route{Method: "DELETE", Path: "/v1/cache/stt/clear", Right: admin, Change: "learnt.clear", Doc: "Forgets all learnt answers."}, Name: "forgetAll", run: (*call).clear}),
		taking[entryIn, RemovedOut](Route{Route: peers.Route{Method: "DELETE", Path: "/v1/cache/stt/entry", Right: works, Change: "learnt.forget", Doc: "Forgets the learnt answer to a text: `stt_text`, `topic_id` in the query."}, Name: "forget", run: (*call).forget}),
		taking[correctIn, CorrectedOut](Route{Route: peers.Route{Method: "POST", Path: "/v1/cache/stt/error-correction", Right: acts, Doc: "Says that the last command was wrong: what was learnt is forgotten, and the state before is restored.", Limits: "45 s"}, Name: "correct", Category: Generation, run: (*call).correct, body: maxKnob}),
		{Route: peers.Route{Method: "GET", Path: "/openapi.json", Right: peers.Right{Anybody: true}, Doc: "This API as an OpenAPI document."}, Name: "openapi", Produces: "application/json", run: (*call).document},
		{Route: peers.Route{Method: "GET", Path: "/metrics", Right: peers.Right{Role: auth.Viewer}, Doc: "Metrics for Prometheus."}, Name: "metrics", Produces: "text/plain", run: (*call).Metrics},
	}
	for _, path := range []string{"POST /api/topics", "PUT /api/topics/{id}", "DELETE /api/topics/{id}", "PUT /api/topics/{id}/backend", "DELETE /api/topics/{id}/backend"} {
		list = append(list, inRunbook(path, "topic"))
	}
	for _, path := range []string{"POST /api/backends", "PUT /api/backends/{id}", "DELETE /api/backends/{id}", "PUT /api/backends/{id}/entities/{entity}", "POST /api/backends/{id}/entities/bulk"} {
		list = append(list, inRunbook(path, "backend"))
	}
	for _, path := range []string{"POST /v1/models/load", "POST /v1/models/unload", "POST /v1/config/favorites", "POST /v1/config/models"} {
		list = append(list, inRunbook(path, "language_model"))
	}
	for i := range list {
		list[i].Category = cmp.Or(list[i].Category, System)
	}
	return list
}
