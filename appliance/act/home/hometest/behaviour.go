package hometest

import (
	"io"
	"net/http"
	"strings"
	"time"

	"orac/appliance/unruly"
)

// Do is what a server does with a request.
type Do string

const (
	Good     Do = ""         // as Home Assistant does
	Status   Do = "status"   // answers with the HTTP status of Code, and acts on nothing
	Fails    Do = "fails"    // 500 from an integration, after the first entity of the call was done
	Ignores  Do = "ignores"  // says that it is done, and no state follows
	Lags     Do = "lags"     // says that it is done; the states follow after Wait, and only as events
	Dies     Do = "dies"     // does it, and resets the connection instead of answering
	Reset    Do = "reset"    // resets the connection, and acts on nothing
	Never    Do = "never"    // accepts everything, acts on nothing and never answers
	Cut      Do = "cut"      // does it, and breaks off in the middle of its JSON
	Garbage  Do = "garbage"  // an answer that is not JSON
	Shape    Do = "shape"    // JSON in another shape
	Huge     Do = "huge"     // an answer of 1 GB
	Redirect Do = "redirect" // 307 to To
)

// Behaviour is what a server does with one request. The zero value is good behaviour.
type Behaviour struct {
	Do   Do
	Code int           // for Status
	To   string        // for Redirect
	Wait time.Duration // before the answer; for Lags, before the states follow
}

// Endpoint is what a request asks of a server.
type Endpoint string

const (
	Service      Endpoint = "service"      // POST /api/services/DOMAIN/SERVICE
	States       Endpoint = "states"       // GET /api/states and below
	Conversation Endpoint = "conversation" // POST /api/conversation/process
	Config       Endpoint = "config"       // GET /api/ and /api/config
	Socket       Endpoint = "socket"       // the upgrade of /api/websocket
	Message      Endpoint = "message"      // a command on it, after the login
)

// endpoint is what a path asks for.
func endpoint(path string) Endpoint {
	switch {
	case strings.HasPrefix(path, "/api/services/"):
		return Service
	case strings.HasPrefix(path, "/api/states"):
		return States
	case strings.HasPrefix(path, "/api/conversation/"):
		return Conversation
	case path == "/api/websocket":
		return Socket
	}
	return Config
}

// misbehave answers a request as a behaviour says that spoils any answer. It returns false for one that does not.
func (s *Server) misbehave(w http.ResponseWriter, r *http.Request, b Behaviour) bool {
	if b.Do != Lags && !unruly.Wait(r, b.Wait) {
		return true
	}
	switch b.Do {
	case Status:
		http.Error(w, http.StatusText(b.Code), b.Code)
	case Reset:
		_, _ = io.Copy(io.Discard, r.Body) // all of it was there
		unruly.Reset(w)
	case Never:
		<-r.Context().Done()
	case Garbage:
		_, _ = w.Write([]byte("<html>Bad gateway</html>"))
	case Shape:
		_, _ = w.Write([]byte(`{"entity_id":["light.kitchen"],"state":7,"response":[],"attributes":"none"}`))
	case Huge:
		unruly.Huge(w, r, "[", strings.Repeat(`{"entity_id":"light.x","state":"on"},`, 1000))
	case Redirect:
		http.Redirect(w, r, b.To, http.StatusTemporaryRedirect)
	default:
		return false
	}
	return true
}
