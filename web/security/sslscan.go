package main

import (
	"context"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// sslscanReport is what of a report counts.
type sslscanReport struct {
	Tests []struct {
		Protocols []struct {
			Type    string `xml:"type,attr"`
			Version string `xml:"version,attr"`
			Enabled string `xml:"enabled,attr"`
		} `xml:"protocol"`
		Renegotiation struct {
			Supported string `xml:"supported,attr"`
			Secure    string `xml:"secure,attr"`
		} `xml:"renegotiation"`
		// Compression and Fallback are missing where this sslscan cannot ask for it, or there is no older version to fall back to.
		Fallback *struct {
			Supported string `xml:"supported,attr"`
		} `xml:"fallback"`
		Compression *struct {
			Supported string `xml:"supported,attr"`
		} `xml:"compression"`
		Heartbleed []struct {
			Version    string `xml:"sslversion,attr"`
			Vulnerable string `xml:"vulnerable,attr"`
		} `xml:"heartbleed"`
		Ciphers []struct {
			Version  string `xml:"sslversion,attr"`
			Bits     int    `xml:"bits,attr"`
			Name     string `xml:"cipher,attr"`
			Strength string `xml:"strength,attr"`
		} `xml:"cipher"`
		Groups []struct {
			Version string `xml:"sslversion,attr"`
			Bits    int    `xml:"bits,attr"`
			Name    string `xml:"name,attr"`
		} `xml:"group"`
		Certificates []struct {
			Form      string `xml:"type,attr"` // full, which is for people, and short
			Signature string `xml:"signature-algorithm"`
			Key       struct {
				Type string `xml:"type,attr"`
				Bits int    `xml:"bits,attr"`
			} `xml:"pk"`
			SelfSigned string `xml:"self-signed"`
			Expired    string `xml:"expired"`
		} `xml:"certificates>certificate"`
	} `xml:"ssltest"`
}

// sslscan asks for all that a client could want of TLS. What is not TLS 1.2 or 1.3 with forward secrecy and authenticated
// encryption is a finding, and so is what the report does not say.
func sslscan(ctx context.Context, address, keep string) ([]finding, error) {
	path := filepath.Join(keep, "sslscan-"+strings.ReplaceAll(address, ":", "-")+".xml")
	if out, err := exec.CommandContext(ctx, "sslscan", "--no-colour", "--show-certificate", "--xml="+path, address).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("sslscan (make deps-security): %w\n%s", err, out)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return readSSLScan(text)
}

func readSSLScan(text []byte) (found []finding, err error) {
	var r sslscanReport
	if err := xml.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("sslscan's report: %w", err)
	}
	if len(r.Tests) != 1 {
		return nil, fmt.Errorf("sslscan tested %d servers instead of 1", len(r.Tests))
	}
	say := func(what, where, says string) { found = append(found, finding{"sslscan", "nobody", what, where, says}) }
	test := r.Tests[0]
	if len(test.Protocols) < 6 || len(test.Heartbleed) == 0 || len(test.Groups) == 0 || len(test.Certificates) == 0 {
		return nil, fmt.Errorf("sslscan found nothing to look at: %d protocols, %d groups, %d certificates", len(test.Protocols), len(test.Groups), len(test.Certificates))
	}
	modern := map[string]bool{}
	for _, p := range test.Protocols {
		name := strings.ToUpper(p.Type) + " " + p.Version
		switch good := name == "TLS 1.2" || name == "TLS 1.3"; {
		case good && p.Enabled == "1":
			modern[name] = true
		case p.Enabled != "0":
			say("an old protocol is spoken", name, "enabled "+p.Enabled)
		}
	}
	if !modern["TLS 1.3"] || !modern["TLS 1.2"] {
		say("a protocol is missing", "", fmt.Sprint(modern))
	}
	if test.Renegotiation.Supported == "1" && test.Renegotiation.Secure != "1" {
		say("renegotiation is not secure", "", "")
	}
	if test.Compression != nil && test.Compression.Supported != "0" {
		say("compression (CRIME)", "", "supported "+test.Compression.Supported)
	}
	if test.Fallback != nil && test.Fallback.Supported != "1" {
		say("no TLS_FALLBACK_SCSV", "", "supported "+test.Fallback.Supported)
	}
	for _, h := range test.Heartbleed {
		if h.Vulnerable != "0" {
			say("Heartbleed", h.Version, "vulnerable "+h.Vulnerable)
		}
	}
	seen := 0
	for _, c := range test.Ciphers {
		seen++
		aead := strings.Contains(c.Name, "GCM") || strings.Contains(c.Name, "CHACHA20")
		secret := strings.HasPrefix(c.Name, "ECDHE-") || strings.HasPrefix(c.Name, "TLS_")
		if c.Bits < 128 || !aead || !secret || !slices.Contains([]string{"strong", "acceptable"}, c.Strength) {
			say("a weak cipher", c.Version+" "+c.Name, fmt.Sprintf("%d bits, %s", c.Bits, c.Strength))
		}
	}
	if seen < 4 {
		return nil, fmt.Errorf("sslscan saw only %d ciphers", seen)
	}
	for _, g := range test.Groups {
		if g.Bits < 112 {
			say("a weak group", g.Version+" "+g.Name, fmt.Sprint(g.Bits, " bits"))
		}
	}
	for _, c := range test.Certificates {
		if c.Form != "short" {
			continue
		}
		strength := map[string]int{"EC": 112, "RSA": 2048}[c.Key.Type] // of EC it says the strength
		if strings.Contains(strings.ToLower(c.Signature), "sha1") || strings.Contains(strings.ToLower(c.Signature), "md5") || strength == 0 || c.Key.Bits < strength {
			say("a weak certificate", c.Signature, fmt.Sprint(c.Key.Type, " ", c.Key.Bits))
		}
		if c.SelfSigned != "false" {
			say("the certificate is self-signed", "", "self-signed "+c.SelfSigned)
		}
		if c.Expired != "false" {
			say("the certificate has expired", "", "expired "+c.Expired)
		}
	}
	return found, nil
}
