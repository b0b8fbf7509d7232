package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"orac/appliance/account"
	"orac/runbook/language"
	"orac/web/coreserver"
	"orac/web/sttserver"
)

// peer is the account that asks the speech-to-text server, and asker the one that asks the Core server.
const (
	peer  = "peer"
	asker = "asker"
)

// urlOf is what is scanned as a role.
func (t *target) urlOf(role string) string {
	switch role {
	case peer:
		return "https://" + t.stt
	case asker:
		return "https://" + t.core
	}
	return t.url
}

// secret is that of an account.
func (t *target) secret(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(t.dir, "state", "secrets", name))
	return strings.TrimSpace(string(text)), err
}

// token is what an account signs for itself, good for as long as a scan may take.
func (t *target) token(name string) (string, error) {
	permissions, audience := []string{sttserver.Transcribe, sttserver.Heartbeat}, sttserver.Audience
	if name == asker {
		permissions, audience = []string{coreserver.Results, coreserver.Status, coreserver.Read}, coreserver.Audience
	}
	secret, err := t.secret(name)
	if err != nil {
		return "", err
	}
	tokens, err := account.New(account.Config{
		Name: name, Secret: language.NewSecret(secret), Permissions: permissions, Issuer: "orac", Audience: audience, Lifetime: 12 * time.Hour,
	})
	if err != nil {
		return "", err
	}
	return tokens.At(time.Now(), "")
}

// addressesOf are those that are scanned as a role.
func (t *target) addressesOf(ctx context.Context, role string) (list []string, err error) {
	switch role {
	case asker:
		for _, r := range coreserver.Routes() {
			if r.Method == http.MethodGet || r.Method == http.MethodPost {
				path := strings.NewReplacer("/topics/{id}", "/topics/general", "{id}", "home", "{topic}", "general", "{entity}", "light.x").Replace(r.Path)
				list = append(list, t.urlOf(role)+path+"?limit=5&topic_id=general&stt_text=x")
			}
		}
		return list, nil
	case peer:
	default:
		return t.addresses(ctx)
	}
	for _, r := range sttserver.Routes() {
		if r.Method == http.MethodGet && !strings.Contains(r.Path, "/ws/") {
			list = append(list, t.urlOf(role)+strings.ReplaceAll(r.Path, "{filename}", "x.wav"))
		}
		if r.Method == http.MethodPost {
			list = append(list, t.urlOf(role)+strings.ReplaceAll(r.Path, "{topic}", "kitchen")+"?language=en&task=transcribe&forward_to_core=false")
		}
	}
	return list, nil
}

// addresses are those of the OpenAPI document that can be asked for, with values for what is in braces and for every parameter.
func (t *target) addresses(ctx context.Context) (list []string, err error) {
	_, text, err := t.get(ctx, "", "/api/openapi.json")
	if err != nil {
		return nil, err
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name   string `json:"name"`
				In     string `json:"in"`
				Schema struct {
					Type string `json:"type"`
				} `json:"schema"`
			} `json:"parameters"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	for path, operations := range doc.Paths {
		op, ok := operations["get"]
		if !ok || path == "/api/events" || path == "/api/ws" { // they do not end
			continue
		}
		query := ""
		for _, p := range op.Parameters {
			value := "1"
			if p.Schema.Type == "string" {
				value = "viewer"
			}
			if p.In == "path" {
				path = strings.ReplaceAll(path, "{"+p.Name+"}", value)
			} else {
				query += "&" + p.Name + "=" + value
			}
		}
		list = append(list, t.url+path+strings.Replace(query, "&", "?", 1))
	}
	if len(list) < 20 {
		return nil, fmt.Errorf("the OpenAPI document has only %d addresses: some are missing", len(list))
	}
	return list, nil
}
