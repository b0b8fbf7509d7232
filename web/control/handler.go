package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"orac/appliance/health"
	"orac/appliance/status"
)

// handler turns requests into calls to a daemon. Each of them sees the part of it that it needs.
type handler struct {
	watched   Watched
	archive   Archive
	changer   Changer
	commanded Commanded
	actor     Actor           // nil: nothing is acted on
	sayer     Sayer           // nil: nothing is said
	inviter   Inviter         // nil: nobody joins
	centre    Centre          // nil: it has no members
	ctx       context.Context // ends with the daemon
	patience  time.Duration   // for one write

	historian Historian // nil: there is no history
}

func newHandler(ctx context.Context, d Daemon, patience time.Duration) *handler {
	actor, _ := d.(Actor)
	sayer, _ := d.(Sayer)
	centre, _ := d.(Centre)
	inviter, _ := d.(Inviter)
	historian, _ := d.(Historian)
	return &handler{watched: d, archive: d, changer: d, commanded: d, actor: actor, sayer: sayer, inviter: inviter, centre: centre, historian: historian, ctx: ctx, patience: patience}
}

// Handler returns only the routes below /v1/, for a server with its own limits and login. ctx ends running requests.
func Handler(ctx context.Context, d Daemon) http.Handler {
	return newHandler(ctx, d, writeTimeout).routes()
}

func (h *handler) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, h.watched.Status()) })
	mux.HandleFunc("GET /v1/health", h.health)
	mux.HandleFunc("GET /v1/generations", h.generations)
	mux.HandleFunc("GET /v1/generations/{number}", h.text)
	mux.HandleFunc("GET /v1/incidents", h.incidents)
	mux.HandleFunc("GET /v1/history", h.history)
	mux.HandleFunc("GET /v1/logs", h.logs)
	mux.HandleFunc("POST /v1/spool", h.spool)
	mux.HandleFunc("POST /v1/ask", h.ask)
	mux.HandleFunc("POST /v1/say", h.say)
	mux.HandleFunc("POST /v1/mute", h.mute)
	mux.HandleFunc("POST /v1/unmute", h.unmute)
	mux.HandleFunc("POST /v1/restart", h.restart)
	mux.HandleFunc("POST /v1/members", h.invite)
	mux.HandleFunc("POST /v1/plan", h.plan)
	mux.HandleFunc("POST /v1/apply", h.apply)
	mux.HandleFunc("POST /v1/rollback", h.rollback)
	h.houseRoutes(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusNotFound, failure{Error: fmt.Sprintf("there is no %s %.100q", r.Method, r.URL.Path), Code: status.Unknown})
	})
	return mux
}

func (h *handler) health(w http.ResponseWriter, _ *http.Request) {
	report, code := h.watched.Status().HealthNow(), http.StatusOK
	if report.Level == health.Unhealthy {
		code = http.StatusServiceUnavailable
	}
	answer(w, code, report)
}

func (h *handler) generations(w http.ResponseWriter, _ *http.Request) {
	list, err := h.archive.Generations()
	respond(w, notNil(list), err)
}

// generationText is the text of a kept generation.
type generationText struct {
	Source string `json:"source"`
}

func (h *handler) text(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil || number < 1 {
		fail(w, invalid("%.40q is not a generation: they are numbered from 1", r.PathValue("number")))
		return
	}
	text, err := h.archive.Text(number)
	respond(w, generationText{text}, err)
}

const (
	fewRows  = 20
	manyRows = 1000
)

func (h *handler) incidents(w http.ResponseWriter, r *http.Request) {
	limit, err := limitOf(r)
	if err != nil {
		fail(w, err)
		return
	}
	list, err := h.watched.Incidents(limit)
	respond(w, notNil(list), err)
}

// limitOf is how many rows a request wants.
func limitOf(r *http.Request) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return fewRows, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > manyRows {
		return 0, invalid("limit is %.40q: it must be a number from 1 to %d", text, manyRows)
	}
	return limit, nil
}

func (h *handler) spool(w http.ResponseWriter, r *http.Request) {
	var ask status.SpoolRequest
	if err := read(w, r, &ask); err != nil {
		fail(w, err)
		return
	}
	a, err := h.archive.Spool(h.by(r), ask)
	respond(w, a, err)
}

func (h *handler) plan(w http.ResponseWriter, r *http.Request) {
	var ask status.PlanRequest
	err := read(w, r, &ask)
	if err == nil {
		err = check(ask)
	}
	if err != nil {
		fail(w, err)
		return
	}
	// A plan loads and compares files, which can take longer than one write may.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	ask.Origin, ask.Gone = origin(r), r.Context().Done()
	p, err := h.changer.Plan(r.Context(), ask)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(h.patience))
	respond(w, p, err)
}

func (h *handler) apply(w http.ResponseWriter, r *http.Request) {
	var ask status.ApplyRequest
	err := read(w, r, &ask)
	if err == nil {
		err = check(ask.PlanRequest)
	}
	switch {
	case err != nil:
	case ask.Hash == "":
		err = invalid("the hash of the plan is missing: make a plan first")
	case ask.Timeout < 0:
		err = invalid("the timeout is negative")
	}
	if err != nil {
		fail(w, err)
		return
	}
	ask.Origin = origin(r)
	h.stepwise(w, func(progress func(string)) (status.Applied, error) { return h.changer.Apply(h.by(r), ask, progress) })
}

func (h *handler) rollback(w http.ResponseWriter, r *http.Request) {
	var ask status.RollbackRequest
	err := read(w, r, &ask)
	if err == nil && ask.Generation < 0 {
		err = invalid("generation %d: generations are numbered from 1", ask.Generation)
	}
	if err != nil {
		fail(w, err)
		return
	}
	ask.Origin = origin(r)
	h.stepwise(w, func(progress func(string)) (status.Applied, error) {
		return h.changer.Rollback(h.by(r), ask, progress)
	})
}

// read decodes the body of a request: one JSON value of limited size, without unknown fields.
func read(w http.ResponseWriter, r *http.Request, into any) error {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		err = errors.New("something follows the JSON value")
	}
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return &tooLong{}
	}
	return invalid("the body is not the expected JSON: %v", err)
}

const (
	maxPath = 4096 // bytes: PATH_MAX of Linux
	maxVars = 1000
)

// check says what is wrong with a plan request.
func check(r status.PlanRequest) error {
	switch {
	case !filepath.IsAbs(r.File) || len(r.File) > maxPath:
		return invalid("the file %.100q is not an absolute path of at most %d bytes", r.File, maxPath)
	case r.Of < 0:
		return invalid("generation %d: generations are numbered from 1", r.Of)
	case len(r.Vars) > maxVars:
		return invalid("there are %d variables; at most %d are allowed", len(r.Vars), maxVars)
	}
	return nil
}

// notNil makes JSON show an empty list as [].
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
