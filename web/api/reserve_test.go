package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/runbook"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/gate"
	"orac/web/schema"
)

// TestTwoWithAllThatTheyGetLeaveRoomForAdmins: over sockets. A viewer and an operator take streams and connections until they are
// refused, from this machine itself, where an address may have all; an admin has a stream, and changes something, all the same.
func TestTwoWithAllThatTheyGetLeaveRoomForAdmins(t *testing.T) {
	h := listen(t, func(rb *runbook.Runbook) { rb.Web.Limits.MaxConnections = 12 })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream := func(role auth.Role) int {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, ResponseHeaderTimeout: 3 * time.Second}}
		req, err := http.NewRequestWithContext(ctx, "GET", h.url+"api/events", nil)
		h.must(err)
		req.Header.Set("Authorization", "Bearer "+h.tokens[role])
		res, err := client.Do(req)
		if err != nil {
			return 0 // closed before it could be said
		}
		if res.StatusCode != 200 {
			_, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
		return res.StatusCode
	}
	had := map[auth.Role]int{}
	for range 2 {
		for _, role := range []auth.Role{auth.Viewer, auth.Operator} {
			for range 10 {
				if stream(role) != 200 {
					break
				}
				had[role]++
			}
		}
	}
	if had[auth.Viewer] < 2 || had[auth.Operator] < 1 || had[auth.Viewer]+had[auth.Operator] > 9 {
		t.Errorf("they have %v of 12 connections", had)
	}
	if code := stream(auth.Admin); code != 200 {
		t.Errorf("an admin has no stream: %d", code)
	}
	if res, err := h.get(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}, auth.Admin, "/api/status"); err != nil || res.StatusCode != 200 {
		t.Errorf("an admin is not answered: %v, %v", res, err)
	} else {
		res.Body.Close()
	}
}

// TestOnesRefusalsHideNobodyElses: who makes refusals of many kinds has a few records, and then a count; others' first ones are
// records still.
func TestOnesRefusalsHideNobodyElses(t *testing.T) {
	rig := newRigWith(t, func(rb *runbook.Runbook) { rb.Web.Limits.PerAddress, rb.Web.Limits.Viewer = 100_000, 100_000 })
	for n := range maxChanges {
		rig.call(auth.Viewer, "PUT", fmt.Sprintf("/api/users/u%d/password", n), map[string]string{"password": "a new password"})
	}
	rig.call(auth.Operator, "PUT", "/api/users/admin/password", map[string]string{"password": "a new password"})
	list := all(rig, "user.password")
	viewers := 0
	for _, r := range list {
		if r.Who == "viewer" {
			viewers++
		}
	}
	if viewers != gate.PerAsker || list[0].Who != "operator" {
		t.Errorf("%d records of the viewer, the last one of %s", viewers, list[0].Who)
	}
	if rest := all(rig, "refused"); len(rest) != 1 || rest[0].Who != "viewer" || rest[0].From != "192.0.2.1" {
		t.Errorf("%+v", rest)
	}
	rig.server.gate.Refused.End()
	if rest := all(rig, "refused"); len(rest) != 2 || !strings.Contains(fmt.Sprint(rest[0].After), fmt.Sprint(maxChanges-gate.PerAsker-1)) {
		t.Errorf("%+v", rest)
	}
}

// TestAStaleSessionKeepsNobodyOut: who comes back with a session that is over to an address that strangers crowd logs in as who
// comes with nothing.
func TestAStaleSessionKeepsNobodyOut(t *testing.T) {
	rig := newRigWith(t, func(rb *runbook.Runbook) { rb.Web.Limits.Anonymous, rb.Web.Limits.PerAddress = 5, 20 })
	come := func() int {
		req := rig.request(auth.Nobody, "POST", "/api/auth/login", LoginInput{"admin", password, true})
		req.AddCookie(&http.Cookie{Name: rig.cookieOf("viewer"), Value: "over"})
		return rig.do(req).Code
	}
	if code := come(); code != 200 {
		t.Fatal(code)
	}
	for range 100 {
		rig.call(auth.Nobody, "GET", "/api/health", nil)
	}
	if code := come(); code != 200 {
		t.Errorf("%d", code)
	}
	stranger := rig.request(auth.Nobody, "POST", "/api/auth/login", LoginInput{"viewer", "wrong", true})
	stranger.AddCookie(&http.Cookie{Name: rig.cookieOf("viewer"), Value: "over"})
	rig.problem("a stranger", rig.do(stranger), schema.Slower)
	// What is read of strangers, to find out that they are, is a name and a secret.
	read := &countedReader{left: 512 << 10}
	large := rig.request(auth.Nobody, "POST", "/api/auth/login", nil)
	large.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"username":"`), read))
	large.Header.Set("Content-Type", "application/json")
	rig.problem("a large body", rig.do(large), schema.Slower)
	if n := 512<<10 - read.left; n > 2*gate.MaxEntrance {
		t.Errorf("%d bytes are read of it", n)
	}
}

// countedReader gives letters, and counts what is left.
type countedReader struct{ left int }

func (r *countedReader) Read(b []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := min(len(b), r.left)
	for i := range b[:n] {
		b[i] = 'a'
	}
	r.left -= n
	return n, nil
}

// TestRefusalsAreWrittenBeforeTheEnd: what was counted is on the disk when the server has ended, by whomever it is ended.
func TestRefusalsAreWrittenBeforeTheEnd(t *testing.T) {
	rig := newRig(t)
	for range 5 {
		rig.call(auth.Viewer, "GET", "/api/audit/export", nil)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the appliance ends"))
	rig.server.Keep(ctx)
	if list := all(rig, "audit.export"); len(list) != 2 || list[0].Outcome != audit.Denied || !strings.Contains(fmt.Sprint(list[0].After), "4") {
		t.Errorf("%+v", list)
	}
}

// TestAKeyOfTokensThatOthersMayReadIsReplacedOnRecord: when a runbook comes into force, and not where there is no record of it.
func TestAKeyOfTokensThatOthersMayReadIsReplacedOnRecord(t *testing.T) {
	rig := newRig(t)
	path := filepath.Join(rig.dir, "secrets", auth.SigningSecret)
	rig.must(os.Chmod(path, 0o644))
	before, err := os.ReadFile(path)
	rig.must(err)
	rig.server.Use(rig.app.Book)
	list := all(rig, "secret.replace")
	if len(list) != 1 || list[0].Target != auth.SigningSecret || list[0].Outcome != audit.Done {
		t.Errorf("%+v", list)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) == string(before) {
		t.Error("it is the same key")
	}
	rig.problem("a token of before", rig.call(auth.Admin, "GET", "/api/status", nil), schema.Unauthenticated)
}
