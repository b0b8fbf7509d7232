package main

import (
	"crypto/x509"
	"log/slog"
	"net/url"

	"orac/appliance/house"
	"orac/runbook"
	"orac/web/audit"
	"orac/web/enrol"
	"orac/web/trust"
)

// keeper looks after this appliance's certificate of the house.
func (w *webSide) keeper(log *slog.Logger) *enrol.Keeper {
	return &enrol.Keeper{
		Holder: w.guard.House, Desk: &enrol.Desk{Book: w.codes, Secrets: w.guard.Secrets, Roll: w.guard.DB}, Log: log,
		Office: func(rb *runbook.Runbook) (enrol.Issuer, error) { return officeOf(rb.Auth.Trust, w.guard.House) },
		Record: func(of string, renew func() error) error {
			r := audit.Record{Who: "orac", Way: "time", Action: "certificate.renew", Target: of}
			ended, err := w.audit.Begin(&r)
			if err != nil {
				return err
			}
			err = renew()
			_ = ended(err) // the attempt is on record already
			return err
		},
	}
}

// officeOf is the issuer that a runbook trusts, whose certificate is checked as it says.
func officeOf(t runbook.Trust, own *house.Holder) (enrol.Office, error) {
	if t.Member {
		u, err := url.Parse(t.Issuer)
		if err != nil {
			return enrol.Office{}, err
		}
		config, err := own.Client(u.Hostname())
		return enrol.Office{Base: t.Issuer, TLS: config}, err
	}
	transport, err := trust.Transport(t.CA, t.Fingerprint, nil)
	if err != nil {
		return enrol.Office{}, err
	}
	return enrol.Office{Base: t.Issuer, TLS: transport.TLSClientConfig}, nil
}

// admit says which members of the house may connect to servers for members. An issuer lets in those that its runbook declares and whose
// certificate has not ended; a member those whose certificate is good, as far as the issuer has told it.
func (w *webSide) admit(m house.Member, c *x509.Certificate) error {
	rb := w.house.Runbook()
	if rb == nil || rb.Issuer.URL == "" {
		return w.guard.House.Ended(c)
	}
	_, err := w.house.Desk.Declared(rb, m, c)
	return err
}
