package mqtt

import (
	"errors"
	"testing"

	"orac/appliance/act"
	"orac/appliance/mqtt/mqtttest"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
	"orac/runbook/testkit"
)

// TestAnEncryptedBroker is trusted if the runbook names its authority, and not otherwise.
func TestAnEncryptedBroker(t *testing.T) {
	cert, key := mqtttest.Certificate(t)
	address, _ := broker(t, "certfile "+cert, "keyfile "+key, "")
	c := Config{Name: "b", URL: "tcp://" + address, Username: "orac", Password: secret("hush"), QoS: 1, Encrypted: true, TLS: wire.TLS{CA: cert}}
	m := watching(t, c)
	o := run(t.Context(), func(task *rt.Task) act.Outcome {
		return m.Do(task, act.Call{Service: "cmnd/x", Payload: "ON"}, thread.Thread{})
	})
	if o.Answered.IsZero() {
		t.Errorf("%+v", o)
	}
	other, _ := mqtttest.Certificate(t)
	for _, ca := range []string{"", other} {
		c.TLS.CA = ca
		m, err := New(c)
		testkit.Must(t, err)
		err = run(t.Context(), func(task *rt.Task) error { return m.Watch(task, act.Sight{Up: func(string) { t.Error("up") }}) })
		if e, ok := errors.AsType[*wire.Error](err); !ok || e.Kind != wire.Unreachable || e.Hint == "" {
			t.Errorf("%v", err)
		}
	}
}
