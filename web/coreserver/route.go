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
	Method, Path string // in the form of http.ServeMux
	Name         string // of the operation, for programs
	Right        peers.Right
	Category     Category // empty: System
	Doc          string
	// Change is its name in the audit log, where each use is on record before it happens; "" for none.
	Change string
	Limits string // what holds for it beside what holds for all
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
		taking[GenerateIn, Generated](Route{Method: "POST", Path: "/v1/generate", Name: "generate", Right: acts, Category: Generation, Doc: acting + " The topic is general.", Limits: text, run: (*call).generate, body: maxText}),
		taking[generateAt, Generated](Route{Method: "POST", Path: "/v1/generate/{topic}", Name: "generateFor", Right: acts, Category: Generation, Doc: acting, Limits: text, run: (*call).generate, body: maxText}),
		taking[BeatIn, BeatOut](Route{Method: "POST", Path: "/v1/topics/heartbeat", Name: "heartbeat", Right: beats, Doc: "Says which topics somebody listens for.", Limits: "256 KiB; 100 topics", run: (*call).beat, body: maxBeat}),
		shaped[BeatsOut](Route{Method: "GET", Path: "/v1/topics/heartbeat/status", Name: "heartbeatStatus", Right: sees, Doc: "The topics, and when a heartbeat named each.", run: (*call).beats}),
		shaped[StatusOut](Route{Method: "GET", Path: "/v1/status", Name: "status", Right: known, Doc: "Whether it can act. 503 when it cannot.", run: (*call).status}),
		shaped[ModelsOut](Route{Method: "GET", Path: "/v1/models", Name: "models", Right: sees, Doc: "The language models that topics may ask.", run: (*call).models}),
		shaped[HealthOut](Route{Method: "GET", Path: "/health", Name: "health", Right: known, Doc: "The health of the server, its backends and its language models. 503 when it cannot act.", run: (*call).health}),
		shaped[WordOut](Route{Method: "GET", Path: "/health/live", Name: "live", Right: peers.Right{Open: true}, Doc: "Whether the process is alive.", run: (*call).live}),
		shaped[WordOut](Route{Method: "GET", Path: "/health/ready", Name: "ready", Right: known, Doc: "Whether a text would be acted on now. 503 when it would not.", run: (*call).ready}),
		shaped[LastOut](Route{Method: "GET", Path: "/api/last-command", Name: "lastCommand", Right: reads, Doc: "The last text and what came of it.", run: (*call).last}),
		shaped[TopicsOut](Route{Method: "GET", Path: "/api/topics", Name: "topics", Right: sees, Doc: "The topics.", run: (*call).topics}),
		taking[named, TopicOut](Route{Method: "GET", Path: "/api/topics/{id}", Name: "topic", Right: sees, Doc: "A topic.", run: (*call).topic}),
		shaped[BackendsOut](Route{Method: "GET", Path: "/api/backends", Name: "backends", Right: reads, Doc: "The backends, without their credentials.", run: (*call).backends}),
		taking[named, BackendAnswer](Route{Method: "GET", Path: "/api/backends/{id}", Name: "backend", Right: reads, Doc: "A backend, without its credentials.", run: (*call).backend}),
		taking[named, EntitiesOut](Route{Method: "GET", Path: "/api/backends/{id}/entities", Name: "entities", Right: reads, Doc: "What a backend has: names, rooms, states.", run: (*call).entities}),
		taking[named, MappingsOut](Route{Method: "GET", Path: "/api/backends/{id}/mappings", Name: "mappings", Right: reads, Doc: "The entities that sentences may name.", run: (*call).mappings}),
		taking[named, TestOut](Route{Method: "POST", Path: "/api/backends/{id}/test", Name: "testBackend", Right: works, Category: Backends, Change: "backend.test", Doc: "Tells whether a backend is connected. 503 when it is not.", run: (*call).test, body: maxKnob}),
		taking[named, TestOut](Route{Method: "POST", Path: "/api/backends/{id}/entities/fetch", Name: "fetchEntities", Right: works, Category: Backends, Change: "backend.refresh", Doc: "Fetches the vocabulary of a backend anew.", run: (*call).fetch, body: maxKnob}),
		shaped[LearntStats](Route{Method: "GET", Path: "/v1/cache/stt/stats", Name: "learntStats", Right: reads, Doc: "How many answers were learnt.", run: (*call).learntStats}),
		taking[learntIn, LearntOut](Route{Method: "GET", Path: "/v1/cache/stt/entries", Name: "learnt", Right: reads, Doc: "The learnt answers, those used last first; `limit`, `topic_id` in the query.", run: (*call).learnt}),
		shaped[ClearedOut](Route{Method: "DELETE", Path: "/v1/cache/stt/clear", Name: "forgetAll", Right: admin, Change: "learnt.clear", Doc: "Forgets all learnt answers.", run: (*call).clear}),
		taking[entryIn, RemovedOut](Route{Method: "DELETE", Path: "/v1/cache/stt/entry", Name: "forget", Right: works, Change: "learnt.forget", Doc: "Forgets the learnt answer to a text: `stt_text`, `topic_id` in the query.", run: (*call).forget}),
		taking[correctIn, CorrectedOut](Route{Method: "POST", Path: "/v1/cache/stt/error-correction", Name: "correct", Right: acts, Category: Generation, Doc: "Says that the last command was wrong: what was learnt is forgotten, and the state before is restored.", Limits: "45 s", run: (*call).correct, body: maxKnob}),
		{Method: "GET", Path: "/openapi.json", Name: "openapi", Right: peers.Right{Anybody: true}, Doc: "This API as an OpenAPI document.", Produces: "application/json", run: (*call).document},
		{Method: "GET", Path: "/metrics", Name: "metrics", Right: peers.Right{Role: auth.Viewer}, Doc: "Metrics for Prometheus.", Produces: "text/plain", run: (*call).metrics},
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

func (r Route) pattern() string { return r.Method + " " + r.Path }

// action is the route's name in the audit log.
func (r Route) action() string { return cmp.Or(r.Change, "core.request") }
