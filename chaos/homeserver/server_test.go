package homeserver

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"orac/runbook/testkit"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "house" {
		os.Exit(Main(os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// post is what a server answers: its status, 0 if the connection ends, and its body.
func post(t *testing.T, p *Process, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://"+p.Address()+path, strings.NewReader(body))
	testkit.Must(t, err)
	r.Header.Set("Authorization", "Bearer "+Token)
	r.Header.Set("X-Request-ID", "phone-1")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, ""
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	testkit.Must(t, err)
	return answer.StatusCode, string(text)
}

func TestAHomeInAProcessOfItsOwn(t *testing.T) {
	p, err := Start(Home, "/proc/self/exe", "house")
	testkit.Must(t, err)
	defer p.Close()
	calls := 0
	for n, c := range []struct {
		how   How
		code  int
		deeds int
	}{{Well, 200, 1}, {Stuck, 200, 0}, {Ends, 0, 1}, {Locked, 401, 0}, {Well, 200, 1}} {
		testkit.Must(t, p.Set(c.how, 0))
		code, _ := post(t, p, "/api/services/input_number/set_value", fmt.Sprintf(`{"entity_id":"input_number.count","value":%d}`, n))
		list, now, err := p.Deeds(calls)
		testkit.Must(t, err)
		if code != c.code || len(list) != c.deeds || c.deeds > 0 && (list[0].Data["value"] != float64(n) || list[0].Request != "phone-1" || list[0].At.IsZero()) {
			t.Errorf("%d. %q: %d, %+v", n, c.how, code, list)
		}
		calls = now
	}
	testkit.Must(t, p.Close())
	if p.Process().Alive() {
		t.Error("it is still there")
	}
}

func TestALanguageModelInAProcessOfItsOwn(t *testing.T) {
	p, err := Start(Model, "/proc/self/exe", "house")
	testkit.Must(t, err)
	defer p.Close()
	ask := func() string {
		text, err := json.Marshal("perhaps about 7 of them would be fine")
		testkit.Must(t, err)
		question, err := json.Marshal(map[string]any{"model": "qwen3", "messages": []any{map[string]string{"role": "user", "content": string(text)}}})
		testkit.Must(t, err)
		_, answer := post(t, p, "/v1/chat/completions", string(question))
		return answer
	}
	const good = `\"count\":7`
	if answer := ask(); !strings.Contains(answer, good) {
		t.Error(answer)
	}
	testkit.Must(t, p.Set(Trash, 0))
	if answer := ask(); strings.Contains(answer, good) {
		t.Error(answer)
	}
	testkit.Must(t, p.Set(Well, 0))
	if answer := ask(); !strings.Contains(answer, good) {
		t.Error(answer)
	}
}
