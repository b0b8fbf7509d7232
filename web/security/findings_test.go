package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryExplanationIsReadable: the list itself, and what a broken one says.
func TestEveryExplanationIsReadable(t *testing.T) {
	if _, err := readExplained("explained.json"); err != nil {
		t.Error(err)
	}
	for name, text := range map[string]string{
		"no reason": `[{"tool":"wapiti","what":"x"}]`, "no expression": `[{"tool":"wapiti","what":"x","where":"(","reason":"r"}]`, "another field": `[{"tol":"x","reason":"r"}]`, "no list": `{}`,
	} {
		path := filepath.Join(t.TempDir(), "x.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readExplained(path); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// TestWhatIsNotExplainedFails, and so does an explanation that explains nothing.
func TestWhatIsNotExplainedFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.json")
	if err := os.WriteFile(path, []byte(`[{"tool":"wapiti","what":"XSS","where":"GET /a.*","says":".*","reason":"r"},{"tool":"sslscan","what":"old","where":"","says":"","reason":"r"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	known, err := readExplained(path)
	if err != nil {
		t.Fatal(err)
	}
	ssl := finding{"sslscan", "nobody", "old", "", ""}
	for name, c := range map[string]struct {
		found []finding
		bad   int
	}{
		"all explained":         {[]finding{ssl, {"wapiti", "viewer", "XSS", "GET /about x", "y"}}, 0},
		"one explains nothing":  {[]finding{ssl}, 1},
		"another place":         {[]finding{ssl, {"wapiti", "viewer", "XSS", "GET /about", ""}, {"wapiti", "viewer", "XSS", "POST /about", ""}}, 1},
		"another category":      {[]finding{ssl, {"wapiti", "viewer", "SQL", "GET /a", ""}}, 2},
		"nothing at all":        {nil, 2},
		"the same as two roles": {[]finding{ssl, {"wapiti", "viewer", "XSS", "GET /b", ""}, {"wapiti", "admin", "XSS", "GET /b", ""}}, 2},
	} {
		if got := show(known, c.found, options{}); got != c.bad {
			t.Errorf("%s: %d, want %d", name, got, c.bad)
		}
	}
	if got := show(known, []finding{ssl}, options{as: "admin"}); got != 0 {
		t.Errorf("what others than the admin may need is %d times too much", got)
	}
	if err := run(t.Context(), options{as: "admin,root"}); err == nil || !strings.Contains(err.Error(), `"root"`) {
		t.Errorf("an attacker that there is not: %v", err)
	}
}

const goodTLS = `<document><ssltest><protocol type="ssl" version="2" enabled="0"/><protocol type="ssl" version="3" enabled="0"/><protocol type="tls" version="1.0" enabled="0"/>
<protocol type="tls" version="1.1" enabled="0"/><protocol type="tls" version="1.2" enabled="1"/><protocol type="tls" version="1.3" enabled="1"/>
<renegotiation supported="0" secure="0"/><heartbleed sslversion="TLSv1.2" vulnerable="0"/>
<cipher sslversion="TLSv1.3" bits="128" cipher="TLS_AES_128_GCM_SHA256" strength="acceptable"/><cipher sslversion="TLSv1.3" bits="256" cipher="TLS_AES_256_GCM_SHA384" strength="acceptable"/>
<cipher sslversion="TLSv1.3" bits="256" cipher="TLS_CHACHA20_POLY1305_SHA256" strength="acceptable"/><cipher sslversion="TLSv1.2" bits="128" cipher="ECDHE-ECDSA-AES128-GCM-SHA256" strength="strong"/>
<group sslversion="TLSv1.3" bits="128" name="x25519"/>
<certificates><certificate type="short"><signature-algorithm>ecdsa-with-SHA256</signature-algorithm><pk type="EC" bits="128"/><self-signed>false</self-signed><expired>false</expired></certificate></certificates>
</ssltest></document>`

// TestSSLScanIsRead: of a report, each thing that is not as it must be is one finding.
func TestSSLScanIsRead(t *testing.T) {
	if found, err := readSSLScan([]byte(goodTLS)); err != nil || len(found) != 0 {
		t.Errorf("%v, %v", found, err)
	}
	for name, c := range map[string][2]string{
		"TLS 1.1":           {`version="1.1" enabled="0"`, `version="1.1" enabled="1"`},
		"no TLS 1.3":        {`version="1.3" enabled="1"`, `version="1.3" enabled="0"`},
		"renegotiation":     {`renegotiation supported="0"`, `renegotiation supported="1"`},
		"Heartbleed":        {`vulnerable="0"`, `vulnerable="1"`},
		"CBC":               {`ECDHE-ECDSA-AES128-GCM-SHA256`, `ECDHE-ECDSA-AES128-SHA`},
		"no secrecy":        {`ECDHE-ECDSA-AES128-GCM-SHA256`, `AES128-GCM-SHA256`},
		"a weak group":      {`bits="128" name="x25519"`, `bits="80" name="secp160k1"`},
		"SHA-1":             {`ecdsa-with-SHA256`, `ecdsa-with-SHA1`},
		"a small key":       {`type="EC" bits="128"`, `type="RSA" bits="1024"`},
		"self-signed":       {`<self-signed>false`, `<self-signed>true`},
		"expired":           {`<expired>false`, `<expired>true`},
		"compression":       {`<heartbleed`, `<compression supported="1"/><heartbleed`},
		"no fallback SCSV":  {`<heartbleed`, `<fallback supported="0"/><heartbleed`},
		"a cipher of 56":    {`bits="128" cipher="TLS_AES_128`, `bits="56" cipher="TLS_AES_128`},
		"called weak by it": {`strength="strong"`, `strength="weak"`},
	} {
		text := strings.Replace(goodTLS, c[0], c[1], 1)
		if found, err := readSSLScan([]byte(text)); text == goodTLS || err != nil || len(found) == 0 {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	for name, text := range map[string]string{"nothing": "", "no report": "<a/>", "no ciphers": strings.ReplaceAll(goodTLS, "<cipher", "<cypher")} {
		if _, err := readSSLScan([]byte(text)); err == nil {
			t.Errorf("%s is read as a report", name)
		}
	}
}

// TestWapitiIsRead: vulnerabilities and anomalies alike; and a scan that did not look is none.
func TestWapitiIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"vulnerabilities":{"XSS":[{"method":"GET","path":"/a","info":"i","parameter":"p"}],"SQL":[]},"anomalies":{"Internal Server Error":[{"method":"POST","path":"/b","info":"j"}]}}`)
	if found, err := readWapiti(path, "admin"); err != nil || len(found) != 2 || found[0].Where != "GET /a p" && found[1].Where != "GET /a p" {
		t.Errorf("%v, %v", found, err)
	}
	write(`{}`)
	if _, err := readWapiti(path, "admin"); err == nil {
		t.Error("nothing is a report")
	}
	for text, good := range map[string]bool{
		"[*] Wapiti found 50 URLs and forms during the scan\n[*] Launching module xss\n[*] Launching module sql\n": true,
		"[*] Wapiti found 5 URLs and forms during the scan\n[*] Launching module xss\n[*] Launching module sql\n":  false,
		"[*] Wapiti found 50 URLs and forms during the scan\n[*] Launching module xss\n":                           false,
		"": false,
	} {
		write(text)
		if err := lookedAtAll(path, []string{"xss", "sql"}, 40); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}
