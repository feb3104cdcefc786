package planner

import "testing"

func TestScratch(t *testing.T) {
	cfg := declare(t, `
user ana Ana
user sam Sam
group lobby Lobby owner=ana
conversation refund ana sam starts=-3d_09:12
  ana: hi #hello
  sam: sorry +2m
  ana: thanks
conversation welcome lobby
  sam: welcome
  ana: yes
`)
	s := newModel()
	p := mustBuild(t, cfg, s, Options{})
	t.Log("\n"+render(t, p), p.Counts, p.Forecast, p.Digest)
	s = s.applied(t, p, now)
	p = mustBuild(t, cfg, s, Options{})
	t.Log("\n"+render(t, p), p.Counts)
	cfg = declare(t, `
user ana Ana
user sam Sammy
group lobby Lobby owner=ana
conversation refund ana sam starts=-3d_09:12
  ana: hi #hello
  sam: wait
  sam: sorry! +2m
  ana: thanks #thx
conversation welcome lobby
  ana: yes
`)
	p = mustBuild(t, cfg, s, Options{})
	t.Log("\n"+render(t, p), p.Counts)
}
