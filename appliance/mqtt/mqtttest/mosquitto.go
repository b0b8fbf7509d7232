// Package mqtttest runs Debian's Mosquitto for tests.
package mqtttest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/runbook/testkit"
)

// Options say what a Mosquitto is like. The zero value lets everybody do everything.
type Options struct {
	Users map[string]string // their passwords; nil: nobody logs in
	ACL   string            // "": everything is allowed
	More  []string          // lines of its configuration
}

// Mosquitto is a broker on loopback that keeps nothing on disk.
type Mosquitto struct {
	Address string // HOST:PORT

	t       testing.TB
	program string
	file    string
	cmd     *exec.Cmd // nil: it does not run
}

// Start starts one that lives until the test ends.
func Start(t testing.TB, o Options) *Mosquitto {
	t.Helper()
	program, err := exec.LookPath("mosquitto")
	if err != nil {
		const usual = "/usr/sbin/mosquitto" // which the PATH of a user lacks
		if _, err := os.Stat(usual); err != nil {
			t.Fatal("mosquitto is missing: make deps installs it")
		}
		program = usual
	}
	dir := t.TempDir()
	testkit.Must(t, os.Chmod(dir, 0o755))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	m := &Mosquitto{Address: l.Addr().String(), t: t, program: program, file: filepath.Join(dir, "conf")}
	testkit.Must(t, l.Close())
	_, port, _ := net.SplitHostPort(m.Address)
	config := fmt.Sprintf("user root\nlistener %s 127.0.0.1\npersistence false\nallow_anonymous %v\n", port, o.Users == nil)
	if o.Users != nil {
		password := filepath.Join(dir, "password")
		testkit.Must(t, os.WriteFile(password, nil, 0o600))
		for name, secret := range o.Users {
			if out, err := exec.Command("mosquitto_passwd", "-b", password, name, secret).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
		config += "password_file " + password + "\n"
	}
	if o.ACL != "" {
		acl := filepath.Join(dir, "acl")
		testkit.Must(t, os.WriteFile(acl, []byte(o.ACL), 0o600))
		config += "acl_file " + acl + "\n"
	}
	testkit.Must(t, os.WriteFile(m.file, []byte(config+strings.Join(o.More, "\n")), 0o600))
	m.Up()
	t.Cleanup(m.Down)
	return m
}

// Up starts the process, and waits until it listens.
func (m *Mosquitto) Up() {
	m.t.Helper()
	m.cmd = exec.Command(m.program, "-c", m.file)
	says, err := m.cmd.StderrPipe()
	testkit.Must(m.t, err)
	testkit.Must(m.t, m.cmd.Start())
	lines := bufio.NewScanner(says)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "running") { // it says so once it listens
			go func() { _, _ = io.Copy(io.Discard, says) }() // ends with the program
			return
		}
	}
	m.t.Fatalf("mosquitto does not listen: %v", lines.Err())
}

// Down kills the process.
func (m *Mosquitto) Down() {
	if m.cmd != nil {
		_ = m.cmd.Process.Kill()
		_ = m.cmd.Wait()
		m.cmd = nil
	}
}

// Restart kills the process, and starts another at the same address.
func (m *Mosquitto) Restart() { m.Down(); m.Up() }

// Client returns the command of Mosquitto's client (mosquitto_pub or mosquitto_sub) with arguments, connected to the broker by MQTT 5.
func (m *Mosquitto) Client(name string, args ...string) *exec.Cmd {
	m.t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		m.t.Fatalf("%s is missing: make deps installs it", name)
	}
	host, port, _ := net.SplitHostPort(m.Address)
	return exec.Command(name, append([]string{"-V", "5", "-h", host, "-p", port}, args...)...)
}

// Publish publishes a message with Mosquitto's client.
func (m *Mosquitto) Publish(args ...string) {
	m.t.Helper()
	if out, err := m.Client("mosquitto_pub", args...).CombinedOutput(); err != nil {
		m.t.Errorf("mosquitto_pub %s: %v: %s", args, err, out)
	}
}

// Certificate makes one that signs itself, for 127.0.0.1.
func Certificate(t testing.TB) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	testkit.Must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "orac"}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
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
