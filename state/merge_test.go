package state

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/sowdev/sow/config/addr"
)

// shardHeader is the header of shard k of a plan that was made from the state.
func shardHeader(base *Files, k, of int) Header {
	h := testHeader()
	if base.Exists() {
		h = base.Header()
	}
	h.Merged = nil
	h.Shard = &Shard{Plan: "sha256:whole", Number: k, Of: of, Base: base.Fingerprint()}
	return h
}

// shard returns the state of a shard that does this, on top of what it has done
// before.
func shard(t testing.TB, before []byte, h Header, around []*Conversation, does func(Journal)) []byte {
	t.Helper()
	file := &tape{}
	j, err := mustOpen(t, before, nil).Begin(file, testRun("run-s"), h)
	if err != nil {
		t.Fatal(err)
	}
	recorded := map[addr.Object]bool{}
	for _, c := range mustOpen(t, before, nil).Conversations() {
		recorded[c.Addr] = true
	}
	for _, c := range around {
		if !recorded[c.Addr] {
			must(t, j.PutConversation(c))
		}
	}
	does(shardJournal{j})
	must(t, j.Close())
	return fold(t, before, file.Bytes())
}

// merged merges shards into a state.
func merged(t testing.TB, base []byte, shards ...[]byte) []byte {
	t.Helper()
	m, err := mustOpen(t, base, nil).Merging(readers(t, shards...))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	must(t, m.Write(t.Context(), &out))
	return out.Bytes()
}

func readers(t testing.TB, states ...[]byte) (list []Reader) {
	t.Helper()
	for _, s := range states {
		list = append(list, mustOpen(t, s, nil))
	}
	return list
}

// act is something that a run records.
type act struct {
	owner int // the shard that records it
	text  string
	do    func(Journal) error
}

// drawActs draws what a run does in a dataset whose conversations, users and
// groups belong to one shard each.
func drawActs(t *rapid.T, shards int, base *Files) (acts []act) {
	add := func(owner int, do func(Journal) error, format string, args ...any) {
		acts = append(acts, act{owner, fmt.Sprintf(format, args...), do})
	}
	for i := range 5 {
		c := conversation(fmt.Sprintf("c%d", i))
		owner := i % shards
		present := map[string]*Message{}
		if base != nil {
			for m, err := range base.Messages(c.Addr) {
				if err != nil {
					t.Fatal(err)
				}
				present[m.Key] = m
			}
		}
		if len(present) == 0 {
			if !rapid.Bool().Draw(t, "begun") {
				continue
			}
			add(owner, func(j Journal) error { return j.PutConversation(c) }, "put %s", c.Addr)
		}
		for n := range rapid.IntRange(0, 8).Draw(t, "acts") {
			key := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "key")
			m := message(c.Addr.Name, key, rapid.Int64Range(1, 6).Draw(t, "sent"))
			m.Text, m.Generation = fmt.Sprintf("%s, changed by %d", key, n), n+1
			m.MUID = MUID(testHeader().Dataset, c.Addr, key, m.Generation)
			was := present[key]
			switch kind := rapid.IntRange(0, 4).Draw(t, "kind"); {
			case kind == 0 && was != nil:
				add(owner, func(j Journal) error { return j.DeleteMessage(c.Addr.Message(key)) }, "delete %s", key)
				delete(present, key)
			case kind == 1 && (was == nil || !was.InDoubt):
				doubtful := *m
				doubtful.ID, doubtful.InDoubt = "", true
				if was != nil {
					add(owner, func(j Journal) error { return j.DeleteMessage(c.Addr.Message(key)) }, "delete %s", key)
				}
				add(owner, func(j Journal) error { return j.Intend(c.Addr, &doubtful) }, "intend %s", key)
				present[key] = &doubtful
			case kind == 2 && was != nil && was.InDoubt:
				add(owner, func(j Journal) error { return j.Void(c.Addr.Message(key), was.MUID) }, "void %s", key)
				delete(present, key)
			default:
				add(owner, func(j Journal) error { return j.PutMessage(c.Addr, m) }, "put %s", key)
				present[key] = m
			}
		}
		if rapid.IntRange(0, 6).Draw(t, "over") == 0 {
			for key := range present {
				add(owner, func(j Journal) error { return j.DeleteMessage(c.Addr.Message(key)) }, "delete %s", key)
			}
			add(owner, func(j Journal) error { return j.Delete(c.Addr) }, "delete %s", c.Addr)
		}
	}
	for i := range 4 {
		u := &User{Addr: addr.Object{Kind: addr.User, Name: fmt.Sprintf("u%d", i)}, UID: fmt.Sprintf("u%d", i), Name: "Somebody"}
		g := &Group{Addr: addr.Object{Kind: addr.Group, Name: fmt.Sprintf("g%d", i)}, GUID: fmt.Sprintf("g%d", i), Name: "Some group"}
		switch rapid.IntRange(0, 2).Draw(t, "people") {
		case 0:
			add(i%shards, func(j Journal) error { return j.PutUser(u) }, "put %s", u.Addr)
			add(i%shards, func(j Journal) error { return j.PutGroup(g) }, "put %s", g.Addr)
		case 1:
			add(i%shards, func(j Journal) error { return j.Delete(u.Addr) }, "delete %s", u.Addr)
			add(i%shards, func(j Journal) error { return j.Delete(g.Addr) }, "delete %s", g.Addr)
		}
	}
	return acts
}

// TestMerge: what shards record, each in a state of its own, and perhaps in
// several runs, comes to the same as if one run had recorded it all.
func TestMerge(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 3).Draw(rt, "shards")
		var snapshot []byte
		if rapid.Bool().Draw(rt, "seeded before") {
			snapshot = fold(t, nil, taped(t, nil, func(j Journal) {
				for _, a := range drawActs(rt, n, nil) {
					must(t, a.do(j))
				}
			}))
		}
		base := mustOpen(t, snapshot, nil)
		acts := drawActs(rt, n, base)
		want := contentOf(t, mustOpen(t, snapshot, taped(t, snapshot, func(j Journal) {
			for _, a := range acts {
				must(t, a.do(j))
			}
		})))
		states := make([][]byte, n)
		for k := range states {
			h := shardHeader(base, k, n-1)
			var mine []act
			for _, a := range acts {
				if a.owner == k {
					mine = append(mine, a)
				}
			}
			// A shard records the conversations that it has a lane for.
			var around []*Conversation
			for _, c := range base.Conversations() {
				if int(c.Addr.Name[1]-'0')%n == k {
					around = append(around, c)
				}
			}
			cut := rapid.IntRange(0, len(mine)).Draw(rt, "cut")
			for _, part := range [][]act{mine[:cut], mine[cut:]} {
				states[k] = shard(t, states[k], h, around, func(j Journal) {
					for _, a := range part {
						must(t, a.do(j))
					}
				})
			}
		}
		result := merged(t, snapshot, states...)
		got := contentOf(t, mustOpen(t, result, nil))
		want.Header, got.Header = Header{}, Header{}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			rt.Fatalf("%v\n(-one run +shards)\n%s", acts, diff)
		}
		one := snapshot
		for _, k := range rapid.Permutation(indices(n)).Draw(rt, "order") {
			one = merged(t, one, states[k])
		}
		singly := contentOf(t, mustOpen(t, one, nil))
		singly.Header = Header{}
		if diff := cmp.Diff(got, singly, cmpopts.EquateEmpty()); diff != "" {
			rt.Fatalf("(-together +one by one)\n%s", diff)
		}
		again, err := mustOpen(t, one, nil).Merging(readers(t, states...))
		if err != nil || again.News() != 0 {
			rt.Fatalf("merged again: %d shards have news, %v", again.News(), err)
		}
	})
}

func indices(n int) (list []int) {
	for i := range n {
		list = append(list, i)
	}
	return list
}

func (a act) String() string { return fmt.Sprintf("%d: %s", a.owner, a.text) }

// TestMergeHeader: what headers say comes together.
func TestMergeHeader(t *testing.T) {
	snapshot := base(t)
	files := mustOpen(t, snapshot, nil)
	at := int64(1767690000)
	do := func(k int, change func(*Header)) []byte {
		h := shardHeader(files, k, 1)
		return shard(t, nil, h, nil, func(j Journal) {
			change(&h)
			must(t, j.PutHeader(h))
		})
	}
	first := do(0, func(h *Header) {
		h.Generation, h.SenderLimit, h.Anchor = 3, map[string]int{"ana": 20, "bob": 10}, &at
	})
	second := do(1, func(h *Header) { h.Generation, h.SenderLimit, h.Anchor = 2, map[string]int{"ana": 30}, &at })
	half := mustOpen(t, merged(t, snapshot, first), nil).Header()
	if *half.Anchor == at {
		t.Error("the anchor is moved before all shards have moved what they had to")
	}
	got := mustOpen(t, merged(t, merged(t, snapshot, first), second), nil).Header()
	want := files.Header()
	want.Serial += 2
	want.Generation, want.SenderLimit, want.Anchor = 3, map[string]int{"ana": 20, "bob": 10}, &at
	want.Merged = &Merged{Plan: "sha256:whole", Of: 1, Base: files.Fingerprint(), Shards: []MergedShard{
		{0, mustOpen(t, first, nil).Fingerprint(), &at}, {1, mustOpen(t, second, nil).Fingerprint(), &at},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	whole := merged(t, snapshot, first, second)
	after := mustOpen(t, whole, taped(t, whole, func(Journal) {}))
	if after.Header().Merged != nil {
		t.Error("a run does not end the merging")
	}
	one, err := after.Merging(readers(t, first))
	if err == nil {
		t.Errorf("a shard is merged into a state that moved on: %v", one)
	}
}

// TestMergeRefuses: what does not belong together is not merged.
func TestMergeRefuses(t *testing.T) {
	snapshot := base(t)
	files := mustOpen(t, snapshot, nil)
	with := func(k int, change func(*Header)) []byte {
		h := shardHeader(files, k, 2)
		change(&h)
		return shard(t, nil, h, nil, func(j Journal) { must(t, j.PutConversation(conversation(fmt.Sprint("of-", k)))) })
	}
	good := with(1, func(*Header) {})
	for _, test := range []struct {
		name   string
		base   []byte
		shards [][]byte
		at     int
		want   string
	}{
		{"not a shard", snapshot, [][]byte{good, snapshot}, 1, "not the state of a shard"},
		{"another dataset", snapshot, [][]byte{with(0, func(h *Header) { h.Dataset = "other" })}, 0, `the dataset "other"`},
		{"another app", snapshot, [][]byte{with(0, func(h *Header) { h.AppID = "other" })}, 0, "in the app other"},
		{"another region", snapshot, [][]byte{with(0, func(h *Header) { h.Region = "eu" })}, 0, "(eu)"},
		{"another plan", snapshot, [][]byte{good, with(2, func(h *Header) { h.Shard.Plan = "sha256:other" })}, 1, "another plan"},
		{"another lineage", snapshot, [][]byte{with(0, func(h *Header) { h.Lineage = "fedc" })}, 0, "begun anew"},
		{"another base", snapshot, [][]byte{with(0, func(h *Header) { h.Shard.Base = "other" })}, 0, "moved on"},
		{"no base", nil, [][]byte{good}, 0, "moved on"},
		{"one conversation in two", snapshot, [][]byte{good, shard(t, nil, shardHeader(files, 2, 2), nil, func(j Journal) { must(t, j.PutConversation(conversation("of-1"))) })}, 1, "so has shard 1"},
		{"two of a number", snapshot, [][]byte{good, with(1, func(h *Header) { h.Generation = 9 })}, 1, "leave one of the two away"},
		{"moved on", fold(t, snapshot, taped(t, snapshot, func(Journal) {})), [][]byte{good}, 0, "moved on"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := mustOpen(t, test.base, nil).Merging(readers(t, test.shards...))
			var refused *MergeError
			if !errors.As(err, &refused) || refused.Shard != test.at || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q of %d", err, test.want, test.at)
			}
		})
	}
	if m, err := files.Merging(readers(t, good, good)); err != nil || m.News() != 1 {
		t.Errorf("the same file twice: %v", err)
	}
}

// TestInShard: an apply of a shard sees what surrounds it, and not what is gone.
func TestInShard(t *testing.T) {
	files := mustOpen(t, base(t), nil)
	h := shardHeader(files, 1, 1)
	around := Surroundings{Users: []*User{{Addr: addr.Object{Kind: addr.User, Name: "ana"}, UID: "ana"}, {Addr: addr.Object{Kind: addr.User, Name: "zoe"}, UID: "zoe"}}}
	fresh := InShard(mustOpen(t, nil, nil), h, around)
	if !fresh.Exists() || fresh.Fingerprint() != "" || fresh.Header().HashKey != h.HashKey || len(fresh.Users()) != 2 {
		t.Errorf("a shard that begins: %+v", fresh.Header())
	}
	c := conversation("x")
	own := mustOpen(t, shard(t, nil, h, []*Conversation{c}, func(j Journal) {
		must(t, j.PutUser(&User{Addr: addr.Object{Kind: addr.User, Name: "bob"}, UID: "bob"}),
			j.Delete(around.Users[0].Addr), j.PutMessage(c.Addr, message("x", "a", 1)), j.PutMessage(c.Addr, message("x", "b", 2)),
			j.DeleteMessage(c.Addr.Message("a")))
	}), nil)
	r := InShard(own, h, around)
	var uids []string
	for _, u := range r.Users() {
		uids = append(uids, u.UID)
	}
	if diff := cmp.Diff([]string{"bob", "zoe"}, uids); diff != "" {
		t.Error(diff)
	}
	if got := keys(messagesOf(t, r, c.Addr)); !cmp.Equal(got, []string{"b"}) || r.Count(c.Addr) != 1 {
		t.Errorf("messages %v", got)
	}
	if got := keys(messagesOf(t, Living(own), c.Addr)); !cmp.Equal(got, []string{"b"}) {
		t.Errorf("messages %v", got)
	}
}

// TestMergeStreams: a merge needs no memory for messages of conversations that
// only one of the two has.
func TestMergeStreams(t *testing.T) {
	empty := mustOpen(t, nil, nil)
	const n = 20_000
	big := shard(t, nil, shardHeader(empty, 0, 0), nil, func(j Journal) {
		c := conversation("big")
		must(t, j.PutConversation(c))
		for i := range n {
			must(t, j.PutMessage(c.Addr, message("big", fmt.Sprintf("m%06d", i), int64(i))))
		}
	})
	m, err := empty.Merging(readers(t, big))
	if err != nil {
		t.Fatal(err)
	}
	longest := &longestWrite{}
	must(t, m.Write(t.Context(), longest))
	if longest.n > 2*writeSize {
		t.Errorf("%d bytes are written at once", longest.n)
	}
}

// longestWrite notes the longest write.
type longestWrite struct{ n int }

func (w *longestWrite) Write(p []byte) (int, error) {
	w.n = max(w.n, len(p))
	return io.Discard.Write(p)
}

// TestMergeOrigin: what one shard created is ours, whoever else has seen it.
func TestMergeOrigin(t *testing.T) {
	empty := mustOpen(t, nil, nil)
	part := func(k int, origin Origin) []byte {
		return shard(t, nil, shardHeader(empty, k, 1), nil, func(j Journal) {
			must(t, j.PutUser(&User{Addr: addr.Object{Kind: addr.User, Name: "ana"}, UID: "ana", Origin: origin}),
				j.PutGroup(&Group{Addr: addr.Object{Kind: addr.Group, Name: "g"}, GUID: "g", Origin: origin}))
		})
	}
	for _, origins := range [][2]Origin{{Created, Adopted}, {Adopted, Created}} {
		f := mustOpen(t, merged(t, nil, part(0, origins[0]), part(1, origins[1])), nil)
		if f.Users()[0].Origin != Created || f.Groups()[0].Origin != Created {
			t.Errorf("%v come to %s and %s", origins, f.Users()[0].Origin, f.Groups()[0].Origin)
		}
	}
}
