package house

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/big"
	"time"

	"orac/appliance/statedir"
)

// MaxEnded is how many certificates a list of ended ones names at most, and MaxList its length in bytes.
const (
	MaxEnded = 4096
	MaxList  = 256 << 10
)

const (
	endedName = "ended.pem"
	maxLists  = 2
	listBlock = "X509 CRL"
	// writeEvery is how old the list on the disk may be that names the same certificates as a newer one. None between the two says
	// anything else.
	writeEvery = 6 * time.Hour
)

// ErrEnded means that the house has ended a certificate that would still be valid.
var ErrEnded = errors.New("the certificate is that of a member which has been removed from the house, or has joined anew since")

// ended are the certificates that a house has ended before their time, as far as this member has heard.
type ended struct {
	lists   []*x509.RevocationList // the newest, and the last one that came if its number was lower
	serials map[string]bool
}

// endedOf is what some lists say together.
func endedOf(lists ...*x509.RevocationList) *ended {
	e := &ended{lists: lists, serials: map[string]bool{}}
	for _, l := range lists {
		for _, entry := range l.RevokedCertificateEntries {
			e.serials[entry.SerialNumber.Text(16)] = true
		}
	}
	return e
}

// with is what is known after another list has come. Lists are numbered, and the newest is complete. One with a lower number adds to it:
// an old list that somebody shows again takes nothing back, and an issuer whose clock was set back is still heard.
func (e *ended) with(l *x509.RevocationList) *ended {
	if len(e.lists) == 0 || l.Number.Cmp(e.lists[0].Number) >= 0 {
		return endedOf(l)
	}
	return endedOf(e.lists[0], l)
}

// names tells whether a list names what is known, and nothing else.
func (e *ended) names(l *x509.RevocationList) bool { return maps.Equal(e.serials, endedOf(l).serials) }

// ParseEnded reads a list of ended certificates (RFC 5280, section 5) that one of the authorities has signed. Authorities are known by
// their keys.
func ParseEnded(der []byte, authorities []*x509.Certificate) (*x509.RevocationList, error) {
	l, err := parseList(der)
	if err != nil {
		return nil, err
	}
	for _, a := range authorities {
		if a.CheckSignature(l.SignatureAlgorithm, l.RawTBSRevocationList, l.Signature) == nil {
			return l, nil
		}
	}
	return nil, errors.New("the list of ended certificates is not signed by an authority of the house")
}

func parseList(der []byte) (*x509.RevocationList, error) {
	if len(der) > MaxList {
		return nil, errors.New("the list of ended certificates is too long")
	}
	l, err := x509.ParseRevocationList(der)
	switch {
	case err != nil:
		return nil, errors.New("the list of ended certificates cannot be read")
	case len(l.RevokedCertificateEntries) > MaxEnded:
		return nil, fmt.Errorf("the list of ended certificates names more than %d", MaxEnded)
	case l.Number == nil || l.Number.Cmp(new(big.Int)) < 0:
		return nil, errors.New("the list of ended certificates has no number")
	}
	for _, x := range l.Extensions {
		if x.Critical { // a part of a list, or one for something else
			return nil, errors.New("the list of ended certificates is of a kind that no house makes")
		}
	}
	return l, nil
}

// Ended says why a certificate of the house is not believed although it is valid: the house has ended it. While the list of those cannot
// be read, any may have ended.
func (h *Holder) Ended(c *x509.Certificate) error {
	e, err := h.ended.look(h.path(endedName), h.readEnded)
	if err == nil && e.serials[c.SerialNumber.Text(16)] {
		err = ErrEnded
	}
	return err
}

// HeardOfEnded returns when the issuer made the newest list of ended certificates that this member has; never: the zero time.
func (h *Holder) HeardOfEnded() time.Time {
	e, err := h.ended.look(h.path(endedName), h.readEnded)
	if err != nil || len(e.lists) == 0 {
		return time.Time{}
	}
	return e.lists[0].ThisUpdate
}

// KeepEnded keeps a list of ended certificates, and returns how many of them were not known. It counts from the next use of a connection
// on.
func (h *Holder) KeepEnded(der []byte) (fresh int, err error) {
	b, err := h.Bundle()
	if err != nil {
		return 0, err
	}
	l, err := ParseEnded(der, b.Authorities)
	if err != nil {
		return 0, err
	}
	was, err := h.readEnded()
	if err != nil { // damaged: what comes now takes its place
		was = endedOf()
	}
	if len(was.lists) == 1 && was.names(l) && l.Number.Cmp(was.lists[0].Number) >= 0 && l.ThisUpdate.Sub(was.lists[0].ThisUpdate) < writeEvery {
		return 0, nil
	}
	now := was.with(l)
	for serial := range now.serials {
		if !was.serials[serial] {
			fresh++
		}
	}
	var text []byte
	for _, l := range now.lists {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: listBlock, Bytes: l.Raw})...)
	}
	return fresh, h.within(func(d *statedir.Dir) error { return d.WriteFile(endedName, text) })
}

func (h *Holder) readEnded() (*ended, error) {
	text, err := h.readFile(endedName, 2*maxLists*MaxList)
	if errors.Is(err, fs.ErrNotExist) {
		return endedOf(), nil
	}
	if err != nil {
		return nil, err
	}
	lists, err := parseEnded(text)
	if err != nil {
		return nil, fmt.Errorf("%s is damaged (%w), so that every certificate may have ended: it is fetched again from the issuer", h.path(endedName), err)
	}
	return endedOf(lists...), nil
}

// parseEnded reads what KeepEnded writes. Who signed the lists was looked at when they came.
func parseEnded(text []byte) (lists []*x509.RevocationList, err error) {
	for len(text) > 0 {
		block, rest := pem.Decode(text)
		switch {
		case block == nil || block.Type != listBlock || !bytes.HasPrefix(text, []byte("-----BEGIN")):
			return nil, errors.New("it is not PEM")
		case len(lists) == maxLists:
			return nil, errors.New("it has too many lists")
		}
		l, err := parseList(block.Bytes)
		if err != nil {
			return nil, err
		}
		lists, text = append(lists, l), rest
	}
	if len(lists) == 0 {
		return nil, errors.New("it is empty")
	}
	return lists, nil
}
