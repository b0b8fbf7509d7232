package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// afterwards looks at what the attacks have left: the appliance lives, nothing has panicked, nothing failed inside, and the audit
// log is whole.
func (t *target) afterwards() (found []finding) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if code, _, err := t.get(ctx, "", "/health/live"); err != nil || code != http.StatusOK {
		found = append(found, finding{"orac", "nobody", "it no longer runs", "/health/live", fmt.Sprint(code, err)})
	}
	if err := t.logIn(ctx, "admin"); err != nil {
		found = append(found, finding{"orac", "admin", "nobody can log in", "/api/auth/login", err.Error()})
	} else if code, text, err := t.get(ctx, "admin", "/api/audit/verify"); err != nil || code != http.StatusOK || !bytes.Contains(text, []byte(`"ok":true`)) {
		found = append(found, finding{"orac", "admin", "the audit log is not whole", "/api/audit/verify", fmt.Sprint(code, string(text), err)})
	}
	for r := bufio.NewScanner(strings.NewReader(t.said())); r.Scan(); {
		line := r.Text()
		if strings.Contains(line, "has panicked") || strings.Contains(line, "goroutine ") {
			found = append(found, finding{"orac", "", "a panic", "", line})
		}
		if strings.Contains(line, `"code":"internal"`) || strings.Contains(line, "code=internal") {
			found = append(found, finding{"orac", "", "an internal error", "", line})
		}
	}
	return found
}
