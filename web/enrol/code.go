package enrol

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
)

// codeBytes is how much chance a code has: 80 bits. A code is good for a quarter of an hour, and what travels of it can be guessed
// offline only by trying all.
const codeBytes = 10

// crockford is base 32 for people: no letter looks like another (Crockford). 80 bits are 16 of them.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// Code is a one-time code with which an appliance joins a house. It is never sent: both sides prove that they know it. It prints as
// nothing else than itself through Text.
type Code struct{ secret [codeBytes]byte }

// NewCode makes a code.
func NewCode() (c Code) {
	_, _ = rand.Read(c.secret[:]) // never fails
	return c
}

// String hides the code in logs and errors.
func (Code) String() string { return "(code)" }

// GoString hides it, too.
func (Code) GoString() string { return "(code)" }

// Text is the code as people read and type it: four groups of four.
func (c Code) Text() string {
	t := crockford.EncodeToString(c.secret[:])
	return t[:4] + "-" + t[4:8] + "-" + t[8:12] + "-" + t[12:]
}

// errCode does not repeat what was typed: it may be a code with a mistake.
var errCode = errors.New("that is no code: write all 16 letters and digits, like XXXX-XXXX-XXXX-XXXX")

// ParseCode reads what a person has typed: in small letters, with O for 0 and I or L for 1, with or without dashes and spaces.
func ParseCode(text string) (c Code, err error) {
	if len(text) > 64 {
		return Code{}, errCode
	}
	text = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(strings.TrimSpace(text)))
	b, err := crockford.DecodeString(text)
	if err != nil || len(text) != 16 || len(b) != codeBytes {
		return Code{}, errCode
	}
	copy(c.secret[:], b)
	return c, nil
}

// side is who proves something.
type side string

const (
	issuerSide side = "issuer"
	memberSide side = "member"
)

// keys are made from a code, one for each purpose.
type keys struct {
	id             string // tells which code is meant, and nothing about the others
	issuer, member []byte
}

func (c Code) keys() keys {
	derive := func(purpose string, n int) []byte {
		k, err := hkdf.Key(sha256.New, c.secret[:], nil, "orac enrol 1 "+purpose, n)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		return k
	}
	return keys{base64.RawURLEncoding.EncodeToString(derive("id", 16)), derive(string(issuerSide), 32), derive(string(memberSide), 32)}
}

// prove is the proof of one side in one step: of the code, of the very connection (channel), and of everything that was said in the
// step. Each part has its length before it, so that nothing can move from one part to the next.
func (k keys) prove(s side, step string, channel []byte, said ...[]byte) []byte {
	key := k.issuer
	if s == memberSide {
		key = k.member
	}
	h := hmac.New(sha256.New, key)
	for _, part := range append([][]byte{[]byte("orac enrol 1"), []byte(s), []byte(step), channel}, said...) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write(part)
	}
	return h.Sum(nil)
}
