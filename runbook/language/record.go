package language

import "fmt"

// maxFetched bounds how many names env(), file() and secret() may be called with. maxFiles bounds
// the total bytes that file() reads.
const (
	maxFetched = 1024
	maxFiles   = 8 << 20
)

// inputSet is a set of inputs by their position in a recorder: the fetched inputs, and the
// variables, of which there are at most maxBlocks.
type inputSet [(maxFetched + 1024) / 64]uint64

func (s *inputSet) add(i int) { s[i/64] |= 1 << (i % 64) }

func (s *inputSet) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

func (s *inputSet) union(o *inputSet) {
	for i := range s {
		s[i] |= o[i]
	}
}

// recorder keeps everything that an evaluation reads from outside. It fetches each thing once, so
// that an evaluation never sees two states of it.
type recorder struct {
	list    []fetched
	index   map[inputID]int
	fetches int
	bytes   int // total of files

	public inputSet // inputs that have reached attributes that are printed
	secret inputSet // inputs that have reached secret attributes and sensitive variables
}

type inputID struct {
	kind InputKind
	name string
}

type fetched struct {
	inputID
	hiddenName bool
	value      string
	err        *callError
}

// fetch returns what get finds for a name, and the input's position; the position is -1 when there
// is no room for more. hidden is set for a name that may be a secret.
func (r *recorder) fetch(kind InputKind, name string, hidden bool, get func(string) (string, *callError)) (int, string, *callError) {
	id := inputID{kind, name}
	i, seen := r.index[id]
	if !seen {
		if r.fetches++; r.fetches > maxFetched {
			return -1, "", &callError{fmt.Sprintf("the file fetches more than %d values from outside", maxFetched), "Put several into one file and use jsondecode(file(…))."}
		}
		text, err := get(name)
		if kind == InputFile && r.bytes+len(text) > maxFiles {
			text, err = "", &callError{"the files that file() reads are larger than 8 MiB together", "file() reads at most 1 MiB."}
		}
		if kind == InputFile {
			r.bytes += len(text)
		}
		i = r.put(fetched{id, hidden, text, err})
	}
	f := &r.list[i]
	f.hiddenName = f.hiddenName || hidden
	return i, f.value, f.err
}

// put keeps a value and returns its position.
func (r *recorder) put(f fetched) int {
	if r.index == nil {
		r.index = map[inputID]int{}
	}
	r.list = append(r.list, f)
	r.index[f.inputID] = len(r.list) - 1
	return len(r.list) - 1
}

// inputs returns what was fetched, without anything that may be a secret. It includes the value of
// a variable unless that has reached a secret attribute, because the file says which variables
// are sensitive. It includes the value of a file only if that has reached a public attribute and no
// secret one.
func (r *recorder) inputs(src []byte, key []byte) Inputs {
	out := Inputs{Source: TextHash(src), List: []Input{}}
	for i, f := range r.list {
		in := Input{Kind: f.kind, Name: f.name, Missing: f.err != nil}
		if f.hiddenName {
			in.Name = "(" + keyedHash(key, f.kind, "", f.name)[:16] + ")"
		}
		public := !r.secret.has(i) && !f.hiddenName && (f.kind == InputVariable || f.kind == InputFile && r.public.has(i))
		switch {
		case in.Missing:
		case public:
			in.Hash, in.Value = TextHash(f.value), f.value
		default:
			in.Hash, in.Keyed = keyedHash(key, f.kind, f.name, f.value), true
		}
		out.List = append(out.List, in)
	}
	return out
}
