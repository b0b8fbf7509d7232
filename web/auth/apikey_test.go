package auth

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestKeysAreDear: as dear as passwords.
func TestKeysAreDear(t *testing.T) {
	g := newGuard(t)
	if _, _, err := g.DB.CreateKey("k", Viewer, time.Hour); err != nil {
		t.Fatal(err)
	}
	var stored string
	if err := g.DB.db.QueryRow("SELECT hash FROM keys").Scan(&stored); err != nil || !strings.HasPrefix(stored, "$2a$12$") {
		t.Errorf("%q is stored, %v", stored, err)
	}
}

func TestAPIKeys(t *testing.T) {
	cheaply(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		g := openGuard(t, dir, declared(t))
		k, text, err := g.DB.CreateKey("nightly backup", Operator, 30*24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(text, keyPrefix+k.ID+"_") || len(text) < 60 {
			t.Errorf("the key is %q", text)
		}
		i, err := g.Token(text)
		if err != nil || i.Kind != Key || i.Role != Operator || i.Subject() != "key:nightly backup" {
			t.Errorf("%+v, %v %s", i, err, Reason(err))
		}
		// The existing service takes any 32 characters for a key.
		for _, bad := range []string{
			strings.Repeat("x", 32), keyPrefix, keyPrefix + k.ID, keyPrefix + k.ID + "_", text + "x", text[:len(text)-1], strings.ToUpper(text),
			keyPrefix + "ffffffffffff_" + text[len(keyPrefix)+13:], keyPrefix + "' OR 1=1 --_x", keyPrefix + strings.Repeat("a", 300),
		} {
			if i, err := g.Token(bad); err == nil || i.Known() {
				t.Errorf("%q lets %+v in", bad, i)
			}
		}

		fresh, text2, err := g.DB.RotateKey(k.ID, time.Hour)
		if err != nil || fresh.ID == k.ID || fresh.Role != Operator {
			t.Fatalf("%+v, %v", fresh, err)
		}
		for name, key := range map[string]string{"old": text, "new": text2} {
			if _, err := g.Token(key); err != nil {
				t.Errorf("the %s key during the overlap: %v %s", name, err, Reason(err))
			}
		}
		time.Sleep(time.Hour)
		_, err = g.Token(text)
		refused(t, "after the overlap", err, "key "+k.ID+": expired")
		if _, err := g.Token(text2); err != nil {
			t.Error(err)
		}
		if _, err := g.DB.RevokeKey(fresh.ID); err != nil {
			t.Fatal(err)
		}
		_, err = g.Token(text2)
		refused(t, "revoked", err, "key "+fresh.ID+": revoked")
		g.Close()
		g = openGuard(t, dir, declared(t))
		_, err = g.Token(text2)
		refused(t, "revoked, after a restart", err, "key "+fresh.ID+": revoked")
		if list, err := g.DB.Keys(); err != nil || len(list) != 2 {
			t.Errorf("%v, %v", list, err)
		}
		time.Sleep(keepDeadKeys + time.Hour)
		if err := g.DB.Sweep(); err != nil {
			t.Fatal(err)
		}
		if list, err := g.DB.Keys(); err != nil || len(list) != 0 {
			t.Errorf("%v are kept, %v", list, err)
		}
	})
}

// TestKeysOfAnotherProcess: what the command line does is seen by the appliance that runs.
func TestKeysOfAnotherProcess(t *testing.T) {
	cheaply(t)
	dir := t.TempDir()
	g := openGuard(t, dir, declared(t))
	other, err := OpenDB(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	k, text, err := other.CreateKey("k", Viewer, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	g.DB.looked = time.Time{} // a second passes
	if _, err := g.Token(text); err != nil {
		t.Fatal(err, Reason(err))
	}
	if _, err := other.RevokeKey(k.ID); err != nil {
		t.Fatal(err)
	}
	g.DB.looked = time.Time{}
	_, err = g.Token(text)
	refused(t, "revoked by another process", err, "key "+k.ID+": revoked")
}

func TestBadKeys(t *testing.T) {
	g := newGuard(t)
	for _, c := range []struct {
		name     string
		role     Role
		lifetime time.Duration
	}{{"", Viewer, time.Hour}, {"a\nb", Viewer, time.Hour}, {"<script>", Viewer, time.Hour}, {"a", "root", time.Hour}, {"a", Nobody, time.Hour}, {"a", Viewer, 0}, {"a", Viewer, 400 * 24 * time.Hour}} {
		if _, _, err := g.DB.CreateKey(c.name, c.role, c.lifetime); err == nil {
			t.Errorf("%+v is made", c)
		}
	}
	if _, _, err := g.DB.RotateKey("none", time.Hour); err != ErrNoKey {
		t.Error(err)
	}
	if _, err := g.DB.RevokeKey("none"); err != ErrNoKey {
		t.Error(err)
	}
}
