package planner

import (
	"strings"
	"testing"

	"github.com/sowdev/sow/config"
)

const digested = `
user ana Ana tags=a,b
user sam Sam secret=avatar avatar=https://example.com/a.png
group lobby Lobby type=password password=hunter2 owner=ana
conversation chat ana sam starts=-3d_09:00
  ana: one #one
  sam: two +2m
  ana: three {text}
  sam: four =image
`

// TestDigestChanges: whatever apply would do differently gives another digest.
func TestDigestChanges(t *testing.T) {
	digests := map[string]string{}
	note := func(name string, p *Plan) {
		if other, ok := digests[p.Digest]; ok {
			t.Errorf("%s has the digest of %s", name, other)
		}
		digests[p.Digest] = name
	}
	note("the plan", mustBuild(t, declare(t, digested), newModel(), Options{}))
	for _, edit := range [][2]string{
		{"user ana Ana", "user ana Anna"},
		{"user ana Ana", "user ana uid=anna Ana"},
		{"tags=a,b", "tags=a"},
		{"tags=a,b", "tags=b,a"},
		{" secret=avatar", ""},
		{" avatar=https://example.com/a.png", ""},
		{"Lobby type", "Hall type"},
		{" owner=ana", ""},
		{" owner=ana", " owner=sam"},
		{" owner=ana", " owner=ana admins="},
		{" owner=ana", " owner=ana protected"},
		{"starts=-3d_09:00", "starts=-3d_09:01"},
		{"starts=-3d_09:00", "starts=-3d_09:00 pace=45s"},
		{"starts=-3d_09:00", "starts=-3d_09:00 protected"},
		{"one #one", "one"},
		{"one #one", "one #two"},
		{"one #one", "one! #one"},
		{"one #one", "one #one !approved"},
		{"one #one", "one #one %vip"},
		{"two +2m", "two +3m"},
		{"ana: three", "sam: three"},
		{" {text}", ""},
		{"=image", "=video"},
		{"\n  sam: four =image", ""},
	} {
		text := strings.Replace(digested, edit[0], edit[1], 1)
		if text == digested {
			t.Fatalf("%q is not in the configuration", edit[0])
		}
		note(edit[1], mustBuild(t, declare(t, text), newModel(), Options{}))
	}
	note("another app", mustBuild(t, declare(t, digested), newModel(), Options{AppID: "2604abc"}))
	other := declare(t, digested)
	other.Dataset = "other"
	note("another dataset", mustBuild(t, other, newModel(), Options{}))
	anchor := int64(now - 60)
	pinned := declare(t, digested)
	pinned.Anchor = &anchor
	note("an anchor", mustBuild(t, pinned, newModel(), Options{}))
}

// TestDigestStays: what does not change what apply does is not in the digest.
func TestDigestStays(t *testing.T) {
	want := mustBuild(t, declare(t, digested), newModel(), Options{}).Digest
	same := func(name string, p *Plan) {
		t.Helper()
		if p.Digest != want {
			t.Errorf("the digest depends on %s", name)
		}
	}
	same("the line", mustBuild(t, declare(t, "\n\n"+digested), newModel(), Options{}))
	same("the minute", mustBuild(t, declare(t, digested), newModel(), Options{Now: now + 90}))
	same("the hour", mustBuild(t, declare(t, digested), newModel(), Options{Now: now + 3*3600}))
	same("the pace of the app", func() *Plan {
		cfg := declare(t, digested)
		cfg.App = config.App{Plan: "free"}
		return mustBuild(t, cfg, newModel(), Options{})
	}())
	same("a secret", mustBuild(t, declare(t, strings.Replace(digested, "three {text}", "drei {text}", 1)), newModel(), Options{}))
	same("a password", mustBuild(t, declare(t, strings.Replace(digested, "hunter2", "hunter3", 1)), newModel(), Options{}))
}

// TestDigestOfChanges: what the state has counts where it decides what is done.
func TestDigestOfChanges(t *testing.T) {
	cfg := declare(t, digested)
	seeded := newModel().applied(t, mustBuild(t, cfg, newModel(), Options{}), now)
	edited := declare(t, strings.Replace(digested, "two +2m", "zwei +2m", 1))
	first := mustBuild(t, edited, seeded, Options{})
	seeded.lastID = 100
	other := seeded.clone()
	for o, list := range other.messages {
		for key, m := range list {
			m := *m
			m.ID = "1" + m.ID
			other.messages[o][key] = &m
		}
	}
	if second := mustBuild(t, edited, other, Options{}); first.Digest == second.Digest {
		t.Error("the same edit of other messages has the same digest")
	}
}
