package memo

import (
	"bytes"
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/zeebo/xxh3"

	"orac/appliance/audio"
)

// Key identifies an input by its 128-bit hash. The zero Key means no input at all, the state after a reset.
type Key [16]byte

func (k Key) compare(other Key) int { return bytes.Compare(k[:], other[:]) }

// shard distributes keys evenly; n is a power of two.
func (k Key) shard(n int) int { return int(k[0]) & (n - 1) }

func hash(b []byte) Key { return xxh3.Hash128(b).Bytes() }

// hashPCM hashes samples as they lie in memory. ORAC runs on little-endian machines only (amd64, arm64, riscv64), so a
// sound has the same key on all of them, and a recording can be carried from one to another.
func hashPCM(pcm *[audio.HopSamples]int16) Key {
	return hash(unsafe.Slice((*byte)(unsafe.Pointer(pcm)), int(unsafe.Sizeof(*pcm))))
}

// hashEmbedding hashes the bits of an embedding.
func hashEmbedding(e *[96]float32) Key {
	return hash(unsafe.Slice((*byte)(unsafe.Pointer(e)), int(unsafe.Sizeof(*e))))
}

// chain hashes the newest of a sequence of inputs: the key covers the inputs in the window, and their number, and nothing
// older. buf is reused.
type chain struct{ buf []byte }

// begin starts a key with what distinguishes the owner of the input.
func (c *chain) begin(whose Key, n int) {
	c.buf = append(c.buf[:0], whose[:]...)
	c.buf = binary.LittleEndian.AppendUint16(c.buf, uint16(n))
}

func (c *chain) add(k *Key) { c.buf = append(c.buf, k[:]...) }

func (c *chain) key() Key { return hash(c.buf) }

func appendFloat(b []byte, v float32) []byte {
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
}
