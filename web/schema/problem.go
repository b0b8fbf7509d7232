package schema

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"orac/appliance/status"
	"orac/web/auth"
)

// Code is the stable name of a problem.
type Code string

// The codes.
const (
	Unauthenticated Code = "unauthenticated"
	Forbidden       Code = "forbidden"
	CrossOrigin     Code = "cross-origin"
	WrongHost       Code = "wrong-host"
	NoCSRF          Code = "csrf"
	Slower          Code = "rate-limited"
	InvalidInput    Code = "invalid-input"
	BadJSON         Code = "bad-json"
	WrongType       Code = "unsupported-media-type"
	TooLarge        Code = "too-large"
	NotFound        Code = "not-found"
	WrongMethod     Code = "method-not-allowed"
	Conflict        Code = "conflict"
	OutOfStep       Code = "out-of-step"
	InvalidRunbook  Code = "invalid-runbook"
	PlanChanged     Code = "plan-changed"
	PlanBlocked     Code = "plan-blocked"
	Busy            Code = "busy"
	Stopping        Code = "stopping"
	TooLate         Code = "timeout"
	NotAudited      Code = "not-audited"
	Unavailable     Code = "unavailable"
	NeedsSetup      Code = "needs-setup"
	Unusable        Code = "unusable"
	QueueFull       Code = "queue-full"
	EngineFailed    Code = "engine-failed"
	NoTopic         Code = "no-topic"
	Expired         Code = "expired"
	InRunbook       Code = "in-runbook"
	Internal        Code = "internal"
)

// CodeDoc documents a code.
type CodeDoc struct {
	Code   Code
	Status int
	Title  string
	Doc    string
}

// Codes lists all codes, in the order of the reference page.
var Codes = []CodeDoc{
	{Unauthenticated, 401, "Not authenticated", "The request needs a login: a session, `Authorization: Bearer` with a token, or an API key. If you sent one, it is wrong, expired or revoked: the log says which, under the request's ID."},
	{Forbidden, 403, "Not allowed", "You are logged in, but the route needs another role, or the change would grant more of the machine than an admin of the network has."},
	{CrossOrigin, 403, "From another origin", "A browser sent the request from a page of another origin. Name that origin in web.origins to allow it."},
	{WrongHost, 421, "For another host", "The request names a host that this server does not answer to. It answers to addresses, localhost, the machine's own name and the names in its certificate. Declare further names as web.hosts in the runbook."},
	{NoCSRF, 403, "Without the form's token", "A change from a browser's session must carry the session's token: as the header X-CSRF-Token, or as the field csrf of a form."},
	{Slower, 429, "Too many requests", "More requests than the web block allows, too many slow requests at once, or too many wrong logins. Retry-After says when to try again, RateLimit-* how much is left."},
	{InvalidInput, 400, "Invalid input", "A parameter or a field does not match the OpenAPI document. errors names each one."},
	{BadJSON, 400, "Bad JSON", "The body must be one JSON value in UTF-8, at most 16 levels deep, with no name twice in an object."},
	{WrongType, 415, "Unsupported media type", "The body must be application/json."},
	{TooLarge, 413, "Too large", "The body is larger than web.max_body."},
	{NotFound, 404, "Not found", "There is no such route, or it has nothing under this name."},
	{WrongMethod, 405, "Method not allowed", "The route does not accept this method. Allow lists those that it accepts."},
	{Conflict, 409, "Changed by somebody else", "The runbook's file has changed since the edit began. Read it again and redo the edit, or combine both with `POST /api/runbook/merge`."},
	{OutOfStep, 409, "The file is not what runs", "The runbook's file was changed and not applied, or the appliance returned to an older generation. Changing one thing now would apply those differences too, unseen. First apply the file, or make it match what runs."},
	{InvalidRunbook, 422, "The runbook has problems", "The runbook cannot be used. detail shows each problem with its place. Nothing was changed."},
	{PlanChanged, 409, "The plan has changed", "The runbook, a file, a variable or a secret has changed since the plan was made. Plan again. Nothing was changed."},
	{PlanBlocked, 409, "The plan is blocked", "A component of the plan cannot be built. Nothing was changed."},
	{Busy, 409, "Another change is under way", "An apply, a rollback or a simulation is running. Nothing was changed."},
	{Stopping, 503, "Stopping", "The appliance is stopping, or not ready yet."},
	{TooLate, 504, "Timeout", "The request took longer than web.request_timeout."},
	{NotAudited, 503, "The audit log cannot be written", "The change could not be recorded, so nothing was changed. Check the disk of the state directory."},
	{Unavailable, 503, "Not available", "Something that the route needs is missing now: the history, the audio server, or room for one more connection."},
	{NeedsSetup, 403, "Not set up", "There is no user yet. Open the console and create the first admin with the code that ORAC printed on its terminal."},
	{Unusable, 422, "Cannot be used", "The sound, the text or the message is not what the server takes: a missing field, another format, too many models. Sending the same again does not help."},
	{QueueFull, 503, "The queue is full", "As much waits already as the runbook allows: utterances for an engine, texts of a topic, questions for a language model. Retry-After says when to try again."},
	{EngineFailed, 502, "The engine failed", "The speech-to-text engine could not transcribe this utterance. It was not acted on and may be sent again."},
	{NoTopic, 422, "No such topic", "The topic of the text is not declared in the runbook, or it is switched off there. Nothing was done, and sending the same again does not help."},
	{Expired, 422, "Too old", "The command was spoken longer ago than expires of its topic allows. Nothing was done: it would come as a surprise."},
	{InRunbook, 409, "Declared in the runbook", "Topics, backends and models are what the runbook declares, and a Core server changes none of them. detail says where to change this: in the console, with the API of the appliance, or with `orac apply`."},
	{Internal, 500, "Internal error", "Something failed inside ORAC. The log says more, under the request's ID."},
}

// Doc returns the documentation of a code.
func (c Code) Doc() CodeDoc {
	for _, d := range Codes {
		if d.Code == c {
			return d
		}
	}
	panic("BUG: no such code " + string(c))
}

// Problem is an error in the form of an answer (RFC 9457).
type Problem struct {
	Type    string       `json:"type"` // of the reference page
	Title   string       `json:"title"`
	Status  int          `json:"status"`
	Detail  string       `json:"detail,omitempty"`
	Code    Code         `json:"code"`
	Request string       `json:"request_id"`
	Errors  []FieldError `json:"errors,omitempty"`

	retry time.Duration
	cause error // for the log
}

// FieldError is what is wrong with one field or parameter.
type FieldError struct {
	Field string `json:"field"` // "threshold", "models[2].name"; empty for the whole body
	Wrong string `json:"wrong"`
}

// Cause returns what is behind a problem, for the log; nil if nothing is.
func (p *Problem) Cause() error { return p.cause }

func (p *Problem) Error() string {
	if p.cause != nil {
		return p.Title + ": " + p.cause.Error()
	}
	return p.Title + ": " + p.Detail
}

// Fail makes a problem. The detail is for the caller, so it contains no path and no secret.
func Fail(c Code, detail string, args ...any) *Problem {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	d := c.Doc()
	return &Problem{Type: "urn:orac:problem:" + string(c), Title: d.Title, Status: d.Status, Code: c, Detail: detail}
}

func Because(c Code, cause error, detail string, args ...any) *Problem {
	p := Fail(c, detail, args...)
	p.cause = cause
	return p
}

var refusals = map[status.Code]Code{
	status.Invalid: InvalidRunbook, status.Changed: PlanChanged, status.Stuck: PlanBlocked, status.Busy: Busy, status.Unknown: NotFound, status.Stopping: Stopping,
	status.Forbidden: Forbidden, status.OutOfStep: OutOfStep,
}

// ProblemOf converts any error into a problem. Whatever is not meant for the caller goes only into the
// log.
func ProblemOf(err error) *Problem {
	var p *Problem
	var long *http.MaxBytesError
	var r *status.Refusal
	var d *auth.Denied
	var unfit auth.Unfit
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &d) && d.RetryAfter > 0:
		return Because(Slower, errors.New(d.Reason), "Too many attempts.").After(d.RetryAfter)
	case errors.As(err, &d):
		return Because(Unauthenticated, errors.New(d.Reason), "%s", d.Told)
	case errors.As(err, &unfit):
		return Fail(InvalidInput, "%s", Sentence(string(unfit)))
	case errors.As(err, &long):
		return Fail(TooLarge, "The body has more than %d bytes.", long.Limit)
	case errors.As(err, &r):
		code, ok := refusals[r.Code]
		if !ok {
			break
		}
		detail := r.Message
		if r.Detail != "" {
			detail += "\n" + r.Detail
		}
		if r.Hint != "" {
			detail += "\n" + r.Hint
		}
		return Fail(code, "%s", detail)
	case errors.Is(err, context.DeadlineExceeded):
		return Because(TooLate, err, "")
	case errors.Is(err, context.Canceled):
		return Because(Stopping, err, "")
	}
	return Because(Internal, err, "")
}

// Write answers with a problem.
func (p *Problem) Write(w http.ResponseWriter, id string) {
	q := *p
	q.Request = id
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retry.Seconds()))))
	}
	if p.Code == Unauthenticated {
		h.Set("WWW-Authenticate", `Bearer realm="orac"`)
	}
	body, err := json.Marshal(q)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n')) // whether it arrives is the client's concern
}

// After makes a problem say how long to wait before the request makes sense again.
func (p *Problem) After(d time.Duration) *Problem {
	p.retry = d
	return p
}

// RetryAfter returns how long to wait before the request makes sense again, or 0 if waiting does
// not help.
func (p *Problem) RetryAfter() time.Duration { return p.retry }
