package setup

import (
	"context"
	"errors"
	"net/url"
	"time"

	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt"
	"orac/runbook"
)

// LocalSTT is the address of an ORAC STT server on this machine.
const LocalSTT = "http://localhost:7272"

// probeTime is how long a server has to answer.
const probeTime = 5 * time.Second

// Embedded returns the service that needs no server: an engine on this machine.
func Embedded() *Service { return &Service{Engine: runbook.DefaultSpeech} }

// Probe asks a server for its state. It returns the server's own word, or why there is none.
func Probe(ctx context.Context, address string) (word string, err error) {
	server, err := stt.NewOrac(stt.OracConfig{URL: address, Timeout: probeTime})
	if err != nil {
		return "", err
	}
	err = live.New(nil).Run(ctx, "probe", func(t *rt.Task) (err error) {
		h, err := server.Health(t)
		word = h.Status
		return err
	})
	return word, err
}

// CheckAddress says what is wrong with the address of a server.
func CheckAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return errors.New("write the address of the server, like http://stt.local:7272")
	}
	_, err = stt.NewOrac(stt.OracConfig{URL: address})
	return err
}
