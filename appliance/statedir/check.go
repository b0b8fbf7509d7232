package statedir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Refusal says why a folder or a file is not used.
type Refusal struct {
	Path string
	Why  string // what is wrong; follows the path in the error
	Hint string // what to do
}

func (r *Refusal) Error() string { return r.Path + ": " + r.Why + "; " + r.Hint }

func refuse(path, why, hint string) error { return &Refusal{path, why, hint} }

// otherOwner returns the user that something belongs to, and whether that user is neither root nor the one that ORAC runs as.
func otherOwner(info fs.FileInfo) (uid int, other bool) {
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return -1, true
	}
	return int(sys.Uid), sys.Uid != 0 && int(sys.Uid) != os.Geteuid()
}

// unmapped tells whether a user stands for everybody who has no number in this user namespace. Root of the machine is one of
// them, so / belongs to this user there.
func unmapped(uid int) bool {
	ids, _ := os.ReadFile("/proc/self/uid_map") // without it there are no namespaces
	return uid == overflow && inNamespace(string(ids))
}

// overflow is that user, unless somebody has changed the kernel's setting (user_namespaces(7)).
const overflow = 65534

// inNamespace tells, from the map of a namespace's users, whether it differs from the machine's own namespace, which maps all
// users.
func inNamespace(ids string) bool {
	fields := strings.Fields(ids)
	return len(fields) > 0 && !slices.Equal(fields, []string{"0", "0", "4294967295"})
}

// UserName returns the name of a user for people; the number if the user has no name.
func UserName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}

// ForSudo returns what UserName returned as sudo -u takes it. Quote it for a shell.
func ForSudo(user string) string {
	if _, err := strconv.Atoi(user); err == nil {
		return "#" + user
	}
	return user
}

// ofAnother refuses what another user owns.
func ofAnother(path string, uid int) error {
	who := UserName(uid)
	as := ForSudo(who)
	if as != who {
		as = "'" + as + "'"
	}
	return refuse(path, "it belongs to the user "+who, fmt.Sprintf("run orac as that user (sudo -u %s orac ...), or check its contents and take it over: chown -R %s %s", as, UserName(os.Geteuid()), path))
}

// CheckFile returns what is wrong with a file, judged by its Lstat or, better, by the Stat of its open handle.
func CheckFile(path string, info fs.FileInfo) error {
	if err := checkKind(path, info, false); err != nil {
		return err
	}
	if uid, other := otherOwner(info); other {
		return ofAnother(path, uid)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return refuse(path, "others may write to it", "check its contents, then run chmod go-w "+path)
	}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok && sys.Nlink > 1 && int(sys.Uid) != os.Geteuid() {
		return refuse(path, "it is a hard link to another user's file", "move it away")
	}
	return nil
}

func checkKind(path string, info fs.FileInfo, folder bool) error {
	mode := info.Mode()
	what := ""
	switch {
	case mode&fs.ModeSymlink != 0:
		return refuse(path, "it is a symbolic link, and ORAC follows no links there", "replace it with what it points to")
	case folder && !mode.IsDir():
		return refuse(path, "it is not a folder", "move it away, or choose another folder")
	case folder || mode.IsRegular():
		return nil
	case mode.IsDir():
		what = "a folder"
	case mode&fs.ModeNamedPipe != 0:
		what = "a named pipe"
	case mode&fs.ModeSocket != 0:
		what = "a socket"
	default:
		what = "a device"
	}
	return refuse(path, "it is "+what+" instead of a file", "move it away")
}

// checkFolder checks the open folder.
func (d *Dir) checkFolder() error {
	info, err := d.handle.Stat()
	if err != nil {
		return err
	}
	if uid, other := otherOwner(info); other {
		return ofAnother(d.path, uid)
	}
	return nil
}

// walk checks every folder above the path, including those above the targets of links, and returns the path without links. With
// make, it makes missing folders, each after it has checked the one above.
func (d *Dir) walk(make bool) (string, error) {
	at, rest := "/", parts(d.path)
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if name == ".." { // from a link's target
			at = filepath.Dir(at)
			continue
		}
		if err := d.checkAbove(at); err != nil {
			return "", err
		}
		next := filepath.Join(at, name)
		info, err := os.Lstat(next)
		if errors.Is(err, fs.ErrNotExist) && make {
			if err = os.Mkdir(next, 0o700); err == nil || errors.Is(err, fs.ErrExist) {
				info, err = os.Lstat(next)
			}
		}
		switch {
		case err != nil:
			return "", err
		case info.Mode()&fs.ModeSymlink == 0:
			at = next
		case len(rest) == 0:
			return "", refuse(d.path, "it is a symbolic link", "name the folder that it points to")
		default:
			if uid, other := otherOwner(info); other {
				return "", refuse(d.path, fmt.Sprintf("%s is a link that belongs to the user %s", next, UserName(uid)), "name the folder that it points to")
			}
			target, err := os.Readlink(next)
			if links++; err != nil || links > maxLinks {
				return "", errors.Join(err, fmt.Errorf("%s: %w", next, unix.ELOOP))
			}
			if filepath.IsAbs(target) {
				at = "/"
			}
			rest = append(parts(target), rest...)
		}
	}
	return at, nil
}

// maxLinks is how many links a path may lead through, as in the kernel (path_resolution(7)).
const maxLinks = 40

// parts returns the names that a path consists of. Unlike filepath.Clean it leaves "..", which after a link means another folder.
func parts(path string) []string {
	list := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	kept := list[:0]
	for _, p := range list {
		if p != "." {
			kept = append(kept, p)
		}
	}
	return kept
}

// checkAbove refuses a folder in which another user could replace our folder with something else.
func (d *Dir) checkAbove(folder string) error {
	info, err := os.Lstat(folder)
	if err != nil {
		return err
	}
	if uid, other := otherOwner(info); other && !unmapped(uid) {
		return refuse(d.path, fmt.Sprintf("it is in %s, which belongs to the user %s, who could replace it", folder, UserName(uid)),
			"run orac as that user, or choose a folder elsewhere with --state-dir")
	}
	sticky, mode := info.Mode()&fs.ModeSticky != 0, info.Mode().Perm()
	if !sticky && mode&0o002 != 0 {
		return refuse(d.path, fmt.Sprintf("it is in %s, where any user could replace it", folder),
			fmt.Sprintf("chmod o-w %s (or chmod +t, if all need it)", folder))
	}
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !sticky && mode&0o020 != 0 && ok && sys.Gid != 0 && int(sys.Gid) != os.Getegid() {
		d.Problems = append(d.Problems, fmt.Sprintf("%s is in %s, where the group %d could replace it: run chmod g-w %s", d.path, folder, sys.Gid, folder))
	}
	return nil
}

// closeOff takes the right to write in the folder away from everybody else; a new mount gives it to everyone. If somebody may
// have used that right, it refuses the folder: hashes of passwords, keys of tokens, or links instead of files may be theirs.
// Root's folder stays writable for a group that ORAC is in, because that group is how ORAC has access.
func (d *Dir) closeOff() error {
	info, err := d.handle.Stat()
	if err != nil {
		return err
	}
	others := info.Mode().Perm() & 0o022
	sys, ok := info.Sys().(*syscall.Stat_t)
	if ok && int(sys.Uid) != os.Geteuid() && inGroup(int(sys.Gid)) {
		others &^= 0o020
	}
	if others == 0 {
		return nil
	}
	who, option := "everybody on this machine", "go-w"
	if others&0o002 == 0 {
		who = "the group " + strconv.Itoa(int(sys.Gid))
	}
	if err := d.checkAll(who, option); err != nil {
		return err
	}
	if err := d.handle.Chmod(info.Mode() &^ 0o022); err != nil {
		return fmt.Errorf("%s may write in it: run chmod %s %s, then check its contents: %w", who, option, d.path, err)
	}
	d.Problems = append(d.Problems, fmt.Sprintf("%s could write in %s; ORAC has closed it, and everything in it belongs to ORAC or root", who, d.path))
	return nil
}

// checkAll looks for files that another user has put into the folder, and into those of its folders that hold secrets.
func (d *Dir) checkAll(who, option string) error {
	for _, folder := range []string{".", "secrets", "tls", "house"} {
		f, err := d.OpenFolder(folder)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		entries, err := f.ReadDir(-1)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		for _, e := range entries {
			path := filepath.Join(folder, e.Name())
			info, err := d.root.Lstat(path)
			if err != nil {
				continue // it was removed meanwhile
			}
			uid, other := otherOwner(info)
			if sys, ok := info.Sys().(*syscall.Stat_t); ok && !info.IsDir() && sys.Nlink > 1 && int(sys.Uid) != os.Geteuid() {
				other = true // a second name for root's file
			}
			if other {
				return refuse(d.Path(path), fmt.Sprintf("%s may write in %s, and this file belongs to another user (%s)", who, d.path, UserName(uid)),
					fmt.Sprintf("remove what is not ORAC's from the folder, then run chmod %s %s", option, d.path))
			}
		}
	}
	return nil
}

func inGroup(gid int) bool {
	if gid == os.Getegid() {
		return true
	}
	list, _ := os.Getgroups() // none, if they are unknown
	for _, g := range list {
		if g == gid {
			return true
		}
	}
	return false
}
