package models

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Quotas of a store, over all processes that use it.
const (
	maxFetched = 256 << 20 // bytes of all models that came over https
	maxFetches = 20        // downloads begun in fetchSpan
	fetchSpan  = time.Hour
)

// begun is the file of the store that says when downloads began: a line each. Who downloads holds a lock on it.
const begun = ".fetches"

// reserve takes the store's turn to download, and notes that a download begins. room is how many bytes the store has left for it.
// Until done is called no other process downloads into the store.
func (s Store) reserve() (room int64, done func(), err error) {
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return 0, nil, fmt.Errorf("model store: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(s.Dir, begun), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return 0, nil, fmt.Errorf("model store: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	if err := ownFile(f); err != nil {
		return 0, nil, err
	}
	if err := lock(f); err != nil {
		return 0, nil, err
	}
	if err := s.count(f); err != nil {
		return 0, nil, err
	}
	used, err := s.used()
	if err != nil {
		return 0, nil, err
	}
	if room = maxFetched - used; room <= 0 {
		return 0, nil, fmt.Errorf("the store is full: it holds %d MiB of fetched models; delete the url-*.onnx files that no runbook needs from %s", used>>20, s.Dir)
	}
	return room, func() { f.Close() }, nil
}

// ownFile refuses a file that is not a regular one or has hard links.
func ownFile(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("model store: %w", err)
	}
	if sys, ok := info.Sys().(*syscall.Stat_t); !info.Mode().IsRegular() || ok && sys.Nlink > 1 {
		return fmt.Errorf("model store: %s is a hard link or not a regular file; remove it", f.Name())
	}
	return nil
}

// lock takes the lock of a file, or says that somebody else downloads.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errors.New("another model is being fetched into this store; try again when that is done")
	}
	if err != nil {
		return fmt.Errorf("model store: %w", err)
	}
	return nil
}

// count refuses a download too many, and else notes one more. What lies further away than the span is forgotten, in the future
// too: a clock that was wrong locks nobody out.
func (s Store) count(f *os.File) error {
	text, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return fmt.Errorf("model store: %w", err)
	}
	now := time.Now
	if s.fetcher.now != nil {
		now = s.fetcher.now
	}
	var recent []string
	for line := range strings.Lines(string(text)) {
		at, err := time.Parse(time.RFC3339, strings.TrimSpace(line))
		if err == nil && now().Sub(at).Abs() < fetchSpan {
			recent = append(recent, at.UTC().Format(time.RFC3339)+"\n")
		}
	}
	if len(recent) >= maxFetches {
		return fmt.Errorf("%d models were fetched in the last %v, which is the limit; try again later", len(recent), fetchSpan)
	}
	recent = append(recent, now().UTC().Format(time.RFC3339)+"\n")
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt([]byte(strings.Join(recent, "")), 0)
	}
	if err != nil {
		return fmt.Errorf("model store: %w", err)
	}
	return nil
}

// used is how many bytes the fetched models of the store have.
func (s Store) used() (n int64, err error) {
	files, err := filepath.Glob(filepath.Join(globQuote(s.Dir), "url-*.onnx"))
	if err != nil {
		return 0, fmt.Errorf("model store: %w", err)
	}
	for _, file := range files {
		if info, err := os.Lstat(file); err == nil {
			n += info.Size()
		}
	}
	return n, nil
}

// globQuote makes a path a pattern that matches the path only.
func globQuote(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
