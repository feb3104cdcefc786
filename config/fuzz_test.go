package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/hcl/v2"
)

// FuzzLoad holds that no file makes the loader panic, that what is said of a
// file has a place inside it, and that reading messages again says the same.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*/*.sow.*", "testdata/errors/*/*.sow.*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text), filepath.Ext(path) == ".json")
		}
	}
	for _, seed := range plainSeeds {
		f.Add(plainPeople+inConversation(seed), false)
	}
	f.Fuzz(func(t *testing.T, text string, isJSON bool) {
		l := newLoader(t.TempDir(), Options{})
		file := newSource("main.sow.hcl", text)
		l.cfg.sources.add(file)
		if checkEncoding(file) != nil {
			return
		}
		if isJSON {
			l.takeJSON(file)
		} else {
			l.takeNative(file)
		}
		l.evaluate(listing{})
		first, second := l.cfg.Check(), l.cfg.Check()
		for _, diag := range Merge(l.diags, first) {
			checkDiagnostic(t, l.cfg, diag)
		}
		if len(first) != len(second) {
			t.Errorf("reading again says %v, after %v", second, first)
		}
		if !Merge(l.diags, first).HasErrors() {
			checkComplete(t, l.cfg)
		}
	})
}

// checkComplete holds what the documentation of the types promises.
func checkComplete(t *testing.T, cfg *Config) {
	t.Helper()
	if cfg.Dataset == "" {
		t.Error("the dataset has no name")
	}
	for _, u := range cfg.Users {
		if u.UID == "" || u.Name == "" && len(u.Sensitive) == 0 {
			t.Errorf("%s is not complete: %+v", u.Addr, u)
		}
	}
	for _, c := range cfg.Conversations {
		c.Chat() // panics without people
		var diags hcl.Diagnostics
		for m := range c.Messages(&diags) {
			if m.From == nil || m.Type == "" || m.Text == "" && len(m.Attachments) == 0 || m.Range.Filename == "" {
				t.Errorf("a message of %s is not complete: %+v", c.Addr, m)
			}
			for _, a := range m.Attachments {
				if a.URL == "" || a.Name == "" || a.MimeType == "" || a.Extension == "" {
					t.Errorf("an attachment in %s is not complete: %+v", c.Addr, a)
				}
			}
		}
	}
}
