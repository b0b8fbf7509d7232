//go:build cgo

package appliance

import (
	"orac/appliance/act"
	"orac/appliance/act/exec"
	"orac/appliance/act/home"
	"orac/appliance/act/llm"
	"orac/appliance/act/mqtt"
	"orac/appliance/act/webhook"
	"orac/appliance/graph"
	"orac/appliance/stt/wire"
	"orac/runbook"
)

// backend is the adapter of a backend block. Programs run in temp.
func backend(s graph.BackendService, find func(string) string, temp string) (act.Backend, error) {
	b := s.Backend
	tls := wire.TLS{CA: b.CA, Cert: b.ClientCert, Key: b.ClientKey}
	switch b.Protocol {
	case "mqtt":
		return mqtt.New(mqtt.Config{
			Name: b.Name, URL: b.URL, Username: b.Username, Password: b.Password, QoS: b.QoS, Retain: b.Retain, Encrypted: b.Encrypted, TLS: tls, Timeout: b.Timeout,
		})
	case "webhook":
		return webhook.New(webhook.Config{Name: b.Name, URL: b.URL, Token: b.Token, Method: b.Method, Timeout: b.Timeout, TLS: tls})
	case "exec":
		command, err := commandOf(runbook.STT{Address: b.Address, Command: b.Command}, find)
		if err != nil {
			return nil, err
		}
		return exec.New(exec.Config{Name: b.Name, Command: command, Timeout: b.Timeout, TempDir: temp})
	case "conversation":
		return home.NewConversation(home.ConversationConfig{Name: b.Name, URL: b.URL, Token: b.Token, Timeout: b.Timeout, TLS: tls, Agent: b.Agent, Language: b.Language})
	}
	return home.New(home.Config{Name: b.Name, URL: b.URL, Token: b.Token, Timeout: b.Timeout, TLS: tls, Entities: b.Entities, Hide: b.Hide, Areas: b.Areas})
}

// languageModel is the client of a language_model block.
func languageModel(s graph.ModelService) (act.LanguageModel, error) {
	m := s.Model
	return llm.New(llm.Config{
		Name: m.Name, URL: m.URL, Model: m.Model, Token: m.Token, Grammar: llm.Grammar(m.Grammar), Timeout: m.Timeout, TLS: wire.TLS{CA: m.CA, Cert: m.ClientCert, Key: m.ClientKey},
	})
}
