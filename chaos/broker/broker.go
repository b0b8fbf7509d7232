// Package broker runs Debian's Mosquitto for a live appliance, kills it and starts it again, and looks at what it keeps as Home Assistant does.
package broker

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"orac/chaos/process"
)

// Broker is a Mosquitto on loopback. It keeps nothing on disk, as one without persistence does. Its methods are safe for concurrent use.
type Broker struct {
	dir, address string

	mu     sync.Mutex // guards what follows, and is held while the process is started or ended
	cmd    *exec.Cmd  // nil: it does not run
	self   process.Process
	closed bool
	view   *view
}

// startTime is how long Mosquitto may take until it listens.
const startTime = 10 * time.Second

// Start starts one, with its files in a folder.
func Start(dir string) (*Broker, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &Broker{dir: dir, address: l.Addr().String()}
	if err := errors.Join(l.Close(), os.MkdirAll(dir, 0o700)); err != nil {
		return nil, err
	}
	if err := b.Up(true); err != nil {
		return nil, err
	}
	b.view = watch(b.address)
	return b, nil
}

// Program is where Mosquitto is; an error if it is not installed.
func Program() (string, error) {
	if path, err := exec.LookPath("mosquitto"); err == nil {
		return path, nil
	}
	const usual = "/usr/sbin/mosquitto" // which the PATH of a user lacks
	if _, err := os.Stat(usual); err != nil {
		return "", fmt.Errorf("mosquitto is not installed: apt-get install mosquitto")
	}
	return usual, nil
}

// Up starts the process. If it is not open, nobody can log in.
func (b *Broker) Up(open bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cmd != nil || b.closed {
		return nil
	}
	program, err := Program()
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(b.address)
	nobody := filepath.Join(b.dir, "nobody")
	config := fmt.Sprintf("user root\nlistener %s 127.0.0.1\npersistence false\nallow_anonymous %v\nsys_interval 0\n", port, open)
	if !open {
		config += "password_file " + nobody + "\n"
	}
	file := filepath.Join(b.dir, "mosquitto.conf")
	if err := errors.Join(os.WriteFile(nobody, nil, 0o600), os.WriteFile(file, []byte(config), 0o600)); err != nil {
		return err
	}
	c := exec.Command(program, "-c", file)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	says, err := c.StderrPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return fmt.Errorf("mosquitto cannot start: %w", err)
	}
	if err := listens(says); err != nil {
		_ = c.Process.Kill()
		_ = c.Wait()
		return err
	}
	b.cmd = c
	b.self, err = process.Of(c.Process.Pid)
	return err
}

// listens waits until the process says that it runs.
func listens(says io.ReadCloser) error {
	if f, ok := says.(*os.File); ok {
		_ = f.SetReadDeadline(time.Now().Add(startTime))
		defer func() { _ = f.SetReadDeadline(time.Time{}) }()
	}
	lines, last := bufio.NewScanner(says), ""
	for lines.Scan() {
		if last = lines.Text(); strings.Contains(last, "running") {
			go func() { _, _ = io.Copy(io.Discard, says) }() // ends with the process
			return nil
		}
	}
	return fmt.Errorf("mosquitto does not listen: %s", last)
}

// Down kills the process.
func (b *Broker) Down() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cmd == nil {
		return nil
	}
	err := b.cmd.Process.Kill()
	_ = b.cmd.Wait()
	b.cmd = nil
	return err
}

// Process returns the newest process.
func (b *Broker) Process() process.Process {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.self
}

// Address returns host and port.
func (b *Broker) Address() string { return b.address }

// Kept is what the broker keeps on a topic, as far as it was told; nil: nothing.
func (b *Broker) Kept(topic string) []byte { return b.view.kept(topic) }

// Close ends everything.
func (b *Broker) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	if b.view != nil {
		b.view.close()
	}
	return b.Down()
}
