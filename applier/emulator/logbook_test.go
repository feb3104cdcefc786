package emulator

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// left is what a snapshot says of the app, without what it says of this run.
func left(s Snapshot) Snapshot {
	s.Requests, s.Faults, s.Pending = nil, nil, 0
	return s
}

// copyOf copies the data as a killed process leaves it.
func copyData(t testing.TB, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, logName))
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	if err := os.WriteFile(filepath.Join(to, logName), b, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// story does one of everything that is kept.
func (a *app) story() {
	a.chat()
	a.ok("POST", "/roles", `{"role":"boss","name":"Boss","metadata":{"a":1},"settings":{"listUsers":"all"}}`)
	a.ok("POST", "/roles", `{"role":"gone","name":"Gone"}`)
	a.ok("DELETE", "/roles/gone", "")
	a.ok("PUT", "/users/ana", `{"role":"boss","tags":["x"],"metadata":{"@private":{"e":1}},"statusMessage":"hi","avatar":"https://x.test/a"}`)
	a.ok("POST", "/users", `{"uid":"kim","name":"김하늘 \u2028 \"quoted\""}`)
	a.ok("POST", "/users", `{"uid":"eve","name":"Eve"}`)
	a.ok("POST", "/users", `{"uid":"bob","name":"Bob"}`)
	a.ok("POST", "/groups", `{"guid":"vault","name":"Vault","type":"password","password":"secret","owner":"kim","description":"d"}`)
	a.ok("POST", "/groups", `{"guid":"gone","name":"Gone","type":"public","owner":"kim"}`)
	a.ok("POST", "/groups/lobby/members", `{"admins":["kim"],"usersToBan":["eve"]}`)
	a.ok("DELETE", "/groups/lobby/members/kim", "")
	first := a.sendID(text("ana", "sam", "hello \n <b> \x7f", `muid:"m1"`, `tags:["t"]`))
	a.ok("POST", send, text("sam", "ana", "a scam", fmt.Sprintf("sentAt:%d", time.Now().Unix()-500)))
	a.ok("POST", send, text("ana", "lobby", "", `type:"image"`, `data:{"attachments":[`+picture+`],"metadata":{"k":[1,2,{"x":null}]}}`))
	removed := a.sendID(text("ana", "sam", "removed"))
	marked := a.sendID(text("ana", "sam", "marked"))
	a.ok("POST", send, text("bob", "sam", "bob was here"))
	time.Sleep(10 * time.Second)
	a.ok("PUT", send+"/"+first, `{"data":{"text":"hello again"}}`)
	a.ok("POST", "/messages/"+first+"/reactions/%F0%9F%91%8D", "", "onBehalfOf", "sam")
	a.ok("POST", "/messages/"+first+"/thread", text("", "ana", "reply"), "onBehalfOf", "sam")
	a.ok("DELETE", "/messages/"+removed, `{"permanent":true}`)
	a.ok("DELETE", "/messages/"+marked, `{}`)
	a.ok("PUT", "/users/sam/conversation", `{"tags":["vip"]}`, "onBehalfOf", "ana")
	a.ok("POST", "/users/ana/conversation/read", "", "onBehalfOf", "sam")
	a.ok("DELETE", "/groups/gone", "")
	a.ok("DELETE", "/users/eve", "")
	a.ok("DELETE", "/users/bob", `{"permanent":true}`)
}

func TestDataIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		a := newApp(t, Options{Dir: dir})
		a.story()
		want := left(a.Snapshot())
		conversations := string(a.ok("GET", "/conversations?withTags=true", "").raw)

		killed := copyData(t, dir)
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		for name, dir := range map[string]string{"closed": dir, "killed": killed} {
			b := newApp(t, Options{Dir: dir})
			if diff := cmp.Diff(want, left(b.Snapshot()), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s (-before +after):\n%s", name, diff)
			}
			if diff := cmp.Diff(conversations, string(b.ok("GET", "/conversations?withTags=true", "").raw)); diff != "" {
				t.Errorf("%s (-before +after):\n%s", name, diff)
			}
			// Ids go on where they were.
			id := b.sendID(text("ana", "sam", "new"))
			for _, m := range want.Messages {
				if m.ID == id {
					t.Errorf("%s: the id %s was given out again", name, id)
				}
			}
			b.Close()
		}
	})
}

func TestCompaction(t *testing.T) {
	dir := t.TempDir()
	a := newApp(t, Options{Dir: dir, Plan: Unlimited, Quirks: quirks(t, "message_settle_time=0s")})
	a.chat()
	last := a.sendID(text("ana", "sam", "x"))
	for i := range 1500 {
		a.ok("PUT", send+"/"+last, fmt.Sprintf(`{"data":{"text":"version %d"}}`, i))
	}
	removed := a.sendID(text("ana", "sam", "y"))
	a.ok("DELETE", "/messages/"+removed, `{"permanent":true}`)
	want := left(a.Snapshot())
	a.Close()
	before, _ := os.Stat(filepath.Join(dir, logName))
	b := newApp(t, Options{Dir: dir, Quirks: quirks(t, "message_settle_time=0s")})
	after, _ := os.Stat(filepath.Join(dir, logName))
	if after.Size() > before.Size()/50 {
		t.Errorf("%d bytes became %d", before.Size(), after.Size())
	}
	if diff := cmp.Diff(want, left(b.Snapshot()), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	if id := b.sendID(text("ana", "sam", "z")); id <= removed {
		t.Errorf("after %s came %s", removed, id)
	}
	b.Close()
	entries, _ := os.ReadDir(dir)
	if len(entries) != 2 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestTornTail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		a := newApp(t, Options{Dir: dir})
		a.chat()
		want := left(a.Snapshot())
		a.ok("POST", send, text("ana", "sam", "the last one"))
		a.Close()
		file := filepath.Join(dir, logName)
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		start := strings.LastIndex(strings.TrimSuffix(string(b), "\n"), "\n") + 1
		for _, cut := range []int{start, start + 1, start + 30, len(b) - 1} {
			torn := t.TempDir()
			if err := os.WriteFile(filepath.Join(torn, logName), b[:cut], 0o600); err != nil {
				t.Fatal(err)
			}
			c := newApp(t, Options{Dir: torn})
			if diff := cmp.Diff(want, left(c.Snapshot()), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("cut at %d (-want +got):\n%s", cut, diff)
			}
			c.ok("POST", send, text("ana", "sam", "goes on"))
			c.Close()
			if n := newApp(t, Options{Dir: torn}).sent(); n != 1 {
				t.Errorf("cut at %d: %d messages after going on", cut, n)
			}
		}
	})
}

func TestDamage(t *testing.T) {
	const header = `{"app":{"format":1,"id":"emulator"}}` + "\n"
	for content, want := range map[string]string{
		"nonsense\n": "line 1: it is damaged",
		header + "{\"user\":{\"uid\":\"ana\"}}\n{broken\n{\"user\":{}}\n":      "line 3: it is damaged",
		header + "{\"message\":{\"id\":0}}\n":                                  "line 2: it is damaged",
		header + "{\"message\":{\"id\":99999999999,\"conversation\":\"x\"}}\n": "line 2: it is damaged",
		header + "{\"user\":5}\n":                                              "line 2",
		header + "{\"next\":-1}\n":                                             "line 2",
		header + "{\"parade\":{}}\n":                                           "a newer sow has written it",
		header + header:                                                        "line 2",
		`{"user":{"uid":"ana"}}` + "\n":                                        "line 1",
		`{"app":{"format":2,"id":"emulator"}}` + "\n":                          "a newer sow has written it",
		`{"app":{"format":1,"id":"other"}}` + "\n":                             `holds the app "other", not "emulator"`,
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, logName)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := New(Options{Dir: dir, AppID: "emulator"}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%q: got %v, want %q", content, err, want)
		}
		if b, _ := os.ReadFile(file); string(b) != content {
			t.Errorf("%q was changed to %q", content, b)
		}
		// The directory is free again.
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		s, err := New(Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
}

func TestOneServerAtATime(t *testing.T) {
	dir := t.TempDir()
	a := newApp(t, Options{Dir: dir})
	var inUse *InUseError
	if _, err := New(Options{Dir: dir}); !errors.As(err, &inUse) || inUse.Dir != dir {
		t.Errorf("got %v", err)
	}
	a.Close()
	a.Close() // once more does no harm
	newApp(t, Options{Dir: dir})
}

func TestTheDataKnowsItsApp(t *testing.T) {
	dir := t.TempDir()
	newApp(t, Options{Dir: dir, AppID: "2604abc"}).Close()
	a := newApp(t, Options{Dir: dir})
	if a.options.AppID != "2604abc" {
		t.Errorf("the app is %q", a.options.AppID)
	}
}

func TestUnusableDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Dir: filepath.Join(file, "data")}); err == nil {
		t.Error("a file was taken for a directory")
	}
}

// A disk that takes nothing any more makes sends fail, and what was answered
// with success stays.
func TestFailingDisk(t *testing.T) {
	dir := t.TempDir()
	a := newApp(t, Options{Dir: dir})
	a.chat()
	good := a.log.file
	broken, err := os.Open(filepath.Join(dir, logName)) // for reading only
	if err != nil {
		t.Fatal(err)
	}
	a.log.file = broken
	if r := a.do("POST", send, text("ana", "sam", "x")); r.status != 500 || r.code != "ERR_OPERATION_FAILED" {
		t.Errorf("%d %s", r.status, r.raw)
	}
	a.log.file = good
	broken.Close()
	a.ok("POST", send, text("ana", "sam", "y"))
	a.Close()
	if n := newApp(t, Options{Dir: dir}).sent(); n != 2 { // the 500 had an effect
		t.Errorf("%d messages", n)
	}
}

// Whatever was done in whatever order, it is all there after a kill.
func TestAnythingIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "emulator")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		seed := rapid.Uint64().Draw(t, "seed")
		q, err := Profile("random", seed)
		if err != nil {
			t.Fatal(err)
		}
		q.Set("message_settle_time=0s")
		s, err := New(Options{Dir: dir, Plan: Unlimited, Quirks: q})
		if err != nil {
			t.Fatal(err)
		}
		who := rapid.SampledFrom([]string{"ana", "sam", "kim"})
		chat := func(method, path, body, behalf string) { direct(s, method, path, body, behalf) }
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			one, two := who.Draw(t, "one"), who.Draw(t, "two")
			id := fmt.Sprint(rapid.IntRange(1, 20).Draw(t, "id"))
			switch rapid.IntRange(0, 13).Draw(t, "step") {
			case 0:
				chat("POST", "/users", `{"uid":"`+one+`","name":"`+two+`"}`, "")
			case 1:
				chat("PUT", "/users/"+one, `{"name":"`+two+`","metadata":{"`+two+`":1}}`, "")
			case 2:
				chat("DELETE", "/users/"+one, `{"permanent":`+rapid.SampledFrom([]string{"true", "false"}).Draw(t, "permanent")+`}`, "")
			case 3:
				chat("POST", "/groups", `{"guid":"group-1","name":"G","type":"public","owner":"`+one+`"}`, "")
			case 4:
				chat("DELETE", "/groups/group-1", "", "")
			case 5:
				chat("POST", "/groups/group-1/members", `{"participants":["`+one+`"],"usersToBan":["`+two+`"]}`, "")
			case 6:
				chat("DELETE", "/groups/group-1/members/"+one, "", "")
			case 7:
				chat("PUT", send+"/"+id, `{"data":{"text":"edited"}}`, "")
			case 8:
				chat("DELETE", "/messages/"+id, `{"permanent":`+rapid.SampledFrom([]string{"true", "false"}).Draw(t, "permanent")+`}`, "")
			case 9:
				chat("POST", "/messages/"+id+"/reactions/x", "", one)
			case 10:
				chat("POST", send, text(one, "group-1", "x", `receiverGroupDetails:{"guid":"group-1","name":"G","type":"public"}`), "")
			default:
				chat("POST", send, text(one, two, "a scam", `senderUserDetails:{"uid":"`+one+`","name":"X"}`, fmt.Sprintf(`receiverUserDetails:{"uid":"%s","name":"Y"}`, two),
					fmt.Sprintf("sentAt:%d", time.Now().Unix()-int64(rapid.IntRange(0, 5).Draw(t, "ago")))), "")
			}
		}
		want := left(s.Snapshot())
		b, err := os.ReadFile(filepath.Join(dir, logName))
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		if err := os.WriteFile(filepath.Join(dir, logName), b, 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := New(Options{Dir: dir, Quirks: q})
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		ignore := cmpopts.IgnoreFields(Message{}, "Moderation") // which the clock changes
		if diff := cmp.Diff(want, left(again.Snapshot()), cmpopts.EquateEmpty(), ignore); diff != "" {
			t.Fatalf("(-before +after):\n%s", diff)
		}
		again.check(t)
	})
}
