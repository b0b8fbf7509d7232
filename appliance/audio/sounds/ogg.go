package sounds

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// oggReader reads the packets of one stream of an Ogg file after the other (RFC 3533). It keeps a page, and at most mostPacket bytes of a packet, whatever
// the file says: comments may hold pictures. The reader that comes with the decoder keeps all of a packet.
type oggReader struct {
	r       io.Reader
	page    oggPage
	sizes   []byte // of the segments of the page that are not read yet
	body    []byte // those segments
	stream  uint32 // whose packets are read
	state   oggState
	flows   bool   // a page of the stream that is not its first has come
	pending []byte // what is kept of the packet
	within  bool   // a packet goes on in the next page
	buf     [oggHeader + mostSegments + mostSegments*wholeSegment]byte
}

// oggState says what is to come.
type oggState int

const (
	oggAny   oggState = iota // the first page of a stream, whichever it is
	oggInIt                  // pages of the stream
	oggEnded                 // the first page of another one, if any
)

// oggPage is what is known of a page.
type oggPage struct {
	continued, first, last bool // it begins within a packet; it is the first, or the last, of its stream
	granule                uint64
	stream                 uint32
}

// packet is a packet of a stream.
type packet struct {
	data    []byte // its beginning, if it is longer than mostPacket
	cut     bool
	first   bool // of its stream
	endPage bool // no other packet ends in its page
	last    bool // of its stream
	granule uint64
}

const (
	mostPacket   = 64 << 10 // the longest packet of Opus has 61 KB
	oggHeader    = 27
	mostSegments = 255
	wholeSegment = 255 // a segment of this size goes on in the next one
)

var errOgg = errors.New("the Ogg is damaged")

// next returns the next packet; io.EOF at the end. Its data are valid until the next call.
func (o *oggReader) next() (p packet, err error) {
	o.pending, o.within = o.pending[:0], false
	for {
		for len(o.sizes) > 0 {
			size := int(o.sizes[0])
			keep := min(size, mostPacket-len(o.pending))
			o.pending, p.cut = append(o.pending, o.body[:keep]...), p.cut || keep < size
			o.sizes, o.body, o.within = o.sizes[1:], o.body[size:], true
			if size == wholeSegment {
				continue
			}
			p.data, p.granule, p.first, o.within = o.pending, o.page.granule, o.page.first, false
			o.page.first = false
			p.endPage = !o.more()
			p.last = p.endPage && o.page.last
			return p, nil
		}
		err := o.turn()
		if !o.within {
			p.cut = false // of a packet whose source broke off
		}
		if err != nil {
			if o.within && errors.Is(err, io.EOF) {
				err = fmt.Errorf("%w: it ends within a packet", errOgg)
			}
			return p, err
		}
	}
}

// more tells whether another packet ends in the page.
func (o *oggReader) more() bool {
	for _, s := range o.sizes {
		if s < wholeSegment {
			return true
		}
	}
	return false
}

// turn goes to the next page of the stream, and reads over those of others. When the stream has ended, the next first page begins another one.
func (o *oggReader) turn() error {
	for {
		if err := o.read(); err != nil {
			return err
		}
		p := o.page
		// By RFC 3533 the first pages of all streams that run side by side come before any other: one that comes later begins anew. A source that
		// broke off, as of a broadcast, has not said that its stream ends.
		if broken := o.state == oggInIt && o.flows; p.first && (o.state != oggInIt || broken) {
			if o.within && !broken {
				return fmt.Errorf("%w: the rest of a packet is missing", errOgg)
			}
			o.pending, o.within = o.pending[:0], false
			o.stream, o.state, o.flows = p.stream, oggInIt, false
		}
		if o.state != oggInIt || p.stream != o.stream {
			continue
		}
		o.flows = o.flows || !p.first
		if p.last {
			o.state = oggEnded
		}
		switch {
		case o.within && !p.continued:
			return fmt.Errorf("%w: the rest of a packet is missing", errOgg)
		case !o.within && p.continued: // its beginning is missing, as when one joins a broadcast
			for len(o.sizes) > 0 {
				size := o.sizes[0]
				o.sizes, o.body = o.sizes[1:], o.body[size:]
				if size < wholeSegment {
					break
				}
			}
		}
		return nil
	}
}

// read reads a page, and checks it.
func (o *oggReader) read() error {
	h := o.buf[:oggHeader]
	switch _, err := io.ReadFull(o.r, h); {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: it ends within a page", errOgg)
	case err != nil:
		return err
	case string(h[:4]) != "OggS" || h[4] != 0:
		return fmt.Errorf("%w: there is no page where one begins", errOgg)
	}
	sum := binary.LittleEndian.Uint32(h[22:])
	o.page = oggPage{
		continued: h[5]&1 != 0, first: h[5]&2 != 0, last: h[5]&4 != 0, granule: binary.LittleEndian.Uint64(h[6:]), stream: binary.LittleEndian.Uint32(h[14:]),
	}
	clear(h[22:26])
	end := oggHeader + int(h[26])
	sizes := o.buf[oggHeader:end]
	if _, err := io.ReadFull(o.r, sizes); err != nil {
		return cutOff(err)
	}
	length := 0
	for _, s := range sizes {
		length += int(s)
	}
	body := o.buf[end : end+length]
	if _, err := io.ReadFull(o.r, body); err != nil {
		return cutOff(err)
	}
	if oggSum(o.buf[:end+length]) != sum {
		return fmt.Errorf("%w: a page has another checksum than it says", errOgg)
	}
	o.sizes, o.body = sizes, body
	return nil
}

// cutOff says of an end that it comes within a page.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends within a page", errOgg)
	}
	return err
}

// oggSum is the checksum of a page, whose own field is zero: CRC-32 by 0x04c11db7, not reflected (RFC 3533, section 6).
func oggSum(page []byte) (sum uint32) {
	for _, b := range page {
		sum = sum<<8 ^ oggTable[byte(sum>>24)^b]
	}
	return sum
}

var oggTable = func() (table [256]uint32) {
	for i := range table {
		r := uint32(i) << 24
		for range 8 {
			top := r >> 31
			r = r<<1 ^ top*0x04c11db7
		}
		table[i] = r
	}
	return table
}()
