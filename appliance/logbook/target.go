package logbook

import (
	"sync"
	"sync/atomic"
	"time"
)

// Target says where else lines are written. The zero value means nowhere.
type Target struct {
	Path string
	Size int64 // bytes at which the file is set aside, at least MinFile
	Keep int   // maximum number of files, including the one being written
}

// FileSink writes the lines of a book, as JSON, into a file that may be changed at any time. The zero value with a Book is ready.
// Its methods may be called from anywhere.
type FileSink struct {
	Book *Book

	mu   sync.Mutex // guards everything that follows
	now  Target
	file *File
	sink *Sink
	stop func(patience time.Duration) bool
	from uint64 // the last line that some file contains

	trouble atomic.Pointer[error] // why the last line failed; nil: it was written
}

// patience is how long a file that hangs may delay writing to the next file.
const patience = time.Second

// Set makes lines go to a target from now on: no line is lost or written twice in the change. An error says why the file cannot
// be written just now. Unless the settings are impossible, each line is tried all the same, since a disk that refuses may accept
// the next.
func (s *FileSink) Set(to Target) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if to == s.now {
		return nil
	}
	var file *File
	if to.Path != "" {
		var err error
		if file, err = NewFile(to.Path, to.Size, to.Keep); err != nil {
			return err
		}
	}
	s.end()
	s.now = to
	s.trouble.Store(nil)
	if file == nil {
		return nil
	}
	err := file.ready(0)
	out := watched{file, &s.trouble}
	out.say(err)
	s.file, s.sink = file, &Sink{Book: s.Book, Out: out, Format: JSON}
	s.stop = s.sink.StartAfter(s.from)
	return err
}

// Trouble returns why the last line could not be written to the file; nil if it was written, or if there is no file. It may be
// called at any time, and waits for no disk.
func (s *FileSink) Trouble() error {
	if t := s.trouble.Load(); t != nil {
		return *t
	}
	return nil
}

// watched is a file whose last error is kept.
type watched struct {
	*File
	trouble *atomic.Pointer[error]
}

func (w watched) Write(p []byte) (int, error) {
	n, err := w.File.Write(p)
	w.say(err)
	return n, err
}

func (w watched) say(err error) {
	if err == nil {
		w.trouble.Store(nil)
		return
	}
	w.trouble.Store(&err)
}

// Close writes what was logged before, for at most a second, and ends.
func (s *FileSink) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end()
	s.now = Target{}
}

func (s *FileSink) end() {
	if s.stop == nil {
		return
	}
	if s.stop(patience) {
		_ = s.file.Close() // every line was written immediately
	}
	s.from = s.sink.Written()
	s.file, s.sink, s.stop = nil, nil, nil
}
