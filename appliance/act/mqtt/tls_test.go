package mqtt

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
	"orac/runbook/testkit"
)

// certificate makes one that signs itself, for 127.0.0.1.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	testkit.Must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	testkit.Must(t, err)
	secret, err := x509.MarshalECPrivateKey(k)
	testkit.Must(t, err)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	testkit.Must(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	testkit.Must(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret}), 0o600))
	return cert, key
}

// TestAnEncryptedBroker is trusted if the runbook names its authority, and not otherwise.
func TestAnEncryptedBroker(t *testing.T) {
	cert, key := certificate(t)
	address, _ := broker(t, "certfile "+cert, "keyfile "+key, "")
	c := Config{Name: "b", URL: "tcp://" + address, Username: "orac", Password: secret("hush"), QoS: 1, Encrypted: true, TLS: wire.TLS{CA: cert}}
	m := watching(t, c)
	o := run(t.Context(), func(task *rt.Task) act.Outcome {
		return m.Do(task, act.Call{Service: "cmnd/x", Payload: "ON"}, thread.Thread{})
	})
	if o.Answered.IsZero() {
		t.Errorf("%+v", o)
	}
	other, _ := certificate(t)
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
