package chaos

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Tmpfs is a file system of its own in memory, which can be full without anybody else's noticing.
type Tmpfs struct {
	Dir     string
	mounted bool
}

// tmpfsBytes is the size of a Tmpfs: room for a history, generations and minutes of sound.
const tmpfsBytes = 32 << 20

// MountTmpfs makes one in a folder of its own. That takes root, or CAP_SYS_ADMIN.
func MountTmpfs() (*Tmpfs, error) {
	dir, err := os.MkdirTemp("", "orac-chaos-")
	if err != nil {
		return nil, err
	}
	t, err := MountTmpfsOn(dir, tmpfsBytes)
	if err != nil {
		_ = os.Remove(dir) // it is empty
	}
	return t, err
}

// MountTmpfsOn makes one of so many bytes on a folder that is there.
func MountTmpfsOn(dir string, bytes int64) (*Tmpfs, error) {
	options := fmt.Sprintf("size=%d,mode=0700", bytes)
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		return nil, fmt.Errorf("cannot mount a file system on %s: %w; run it as root, in a container with CAP_SYS_ADMIN", dir, err)
	}
	return &Tmpfs{dir, true}, nil
}

// Close takes it away with all that is in it, in use or not.
func (t *Tmpfs) Close() error {
	if !t.mounted {
		return nil
	}
	t.mounted = false
	if err := unix.Unmount(t.Dir, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount %s: %w", t.Dir, err)
	}
	return os.Remove(t.Dir)
}
