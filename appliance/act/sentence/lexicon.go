package sentence

// wordID is a word of the vocabulary; 0 is any other word.
type wordID uint32

// A lexicon holds every word and every name that a grammar knows. Names are paths in one trie: what they share is kept once.
type lexicon struct {
	ids   map[string]wordID
	texts []string // by wordID
	next  map[trieKey]trieNode
	refs  [][]ref // by trieNode: what ends there
}

type trieNode uint32

type trieKey struct {
	node trieNode
	word wordID
}

// ref is what a name stands for.
type ref struct {
	kind    refKind
	index   int32 // of an entity, a place, a class, or of a value
	vocab   int32 // whose value it is
	penalty int16 // how far the name is from the given one
}

type refKind uint8

const (
	toEntity refKind = iota
	toPlace
	toClass
	toValue
)

func newLexicon() *lexicon {
	return &lexicon{ids: map[string]wordID{}, texts: []string{""}, next: map[trieKey]trieNode{}, refs: make([][]ref, 1)}
}

// word interns a word.
func (l *lexicon) word(w string) wordID {
	id, ok := l.ids[w]
	if !ok {
		id = wordID(len(l.texts))
		l.ids[w] = id
		l.texts = append(l.texts, w)
	}
	return id
}

// name adds a name that stands for r. Names without words, and what is there already, are ignored.
func (l *lexicon) name(words []string, r ref) {
	if len(words) == 0 || len(words) > maxTokens {
		return
	}
	at := trieNode(0)
	for _, w := range words {
		key := trieKey{at, l.word(w)}
		to, ok := l.next[key]
		if !ok {
			to = trieNode(len(l.refs))
			l.refs = append(l.refs, nil)
			l.next[key] = to
		}
		at = to
	}
	for i, have := range l.refs[at] {
		if have.kind == r.kind && have.index == r.index && have.vocab == r.vocab {
			l.refs[at][i].penalty = min(have.penalty, r.penalty)
			return
		}
	}
	l.refs[at] = append(l.refs[at], r)
}
