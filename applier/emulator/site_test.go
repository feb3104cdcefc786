package emulator

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// browse asks for a page as a browser does.
func browse(s *Server, method, target string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "localhost:4620"
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// tags are all tags of a page, comments and declarations included.
var tags = regexp.MustCompile(`<[!/a-zA-Z][^>]*>`)

// active are attributes that run something or change how a tag looks.
var active = regexp.MustCompile(`(?i)\s(on[a-z]+|style|srcdoc)\s*=`)

// sound holds a page to what every page must be: no markup but ours, nothing
// that runs, nothing that cannot be seen.
func sound(t *testing.T, page string) {
	t.Helper()
	for _, tag := range tags.FindAllString(page, -1) {
		name := strings.Trim(strings.ToLower(strings.Fields(strings.Trim(tag, "<>/"))[0]), "/")
		switch name {
		case "!doctype", "html", "head", "meta", "title", "link", "body", "a", "header", "span", "nav", "p", "strong", "div", "aside", "form",
			"label", "input", "ol", "ul", "li", "time", "main", "h1", "h2", "h3", "bdi", "section", "article", "details", "summary", "dl", "dt", "dd",
			"abbr", "svg", "path", "rect", "circle", "small", "pre", "code", "img", "video", "audio":
		default:
			t.Errorf("the page has %s", tag)
		}
		if active.MatchString(tag) || strings.Contains(strings.ToLower(tag), "javascript:") {
			t.Errorf("the page has %s", tag)
		}
	}
	for _, r := range page {
		if r == 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x200B || r == 0xFEFF || r < ' ' && r != '\n' && r != '\t' {
			t.Errorf("the page has the character %U", r)
			return
		}
	}
}

// words is a page without its markup.
func words(page string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(page, " "))), " ")
}

func TestPageShowsTheChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, Options{Quirks: quirks(t, "message_settle_time=0s")})
		a.chat()
		day := time.Date(1999, 12, 30, 9, 12, 0, 0, time.UTC).Unix()
		at := func(minutes int64) string { return fmt.Sprintf("sentAt:%d", day+60*minutes) }
		a.ok("POST", send, text("ana", "sam", "Hi! My order hasn't arrived.", at(0)))
		id := a.sendID(text("sam", "ana", "Let me look", at(2)))
		a.ok("POST", send, text("sam", "ana", "", at(3), `type:"image"`, `data:{"text":"this one?","attachments":[{"url":"https://x.test/p.jpg","name":"p.jpg","mimeType":"image/jpeg","extension":"jpg","size":"2048"}]}`))
		a.ok("POST", send, text("ana", "sam", "total scam", at(24*60)))
		gone := a.sendID(text("ana", "sam", "secret words", at(24*60+1)))
		time.Sleep(time.Minute)
		a.ok("PUT", send+"/"+id, `{"data":{"text":"Let me check, <@uid:ana>"}}`)
		a.ok("DELETE", "/messages/"+gone, "")
		a.ok("POST", "/messages/"+id+"/reactions/%F0%9F%91%8D", "", "onBehalfOf", "ana")
		a.ok("POST", "/messages/"+id+"/thread", text("", "sam", "and thanks"), "onBehalfOf", "ana")

		w := browse(a.Server, "GET", "/chats/ana_user_sam")
		page := w.Body.String()
		sound(t, page)
		got := words(page)
		last := 0
		for _, want := range []string{
			"Ana Lima and Sam Ochoa", "Thursday 30 December 1999", "Hi! My order hasn't arrived.", "09:12", "Let me check, @Ana Lima", "👍", "edited", "09:14",
			"p.jpg image/jpeg · 2 KB this one?", "Friday 31 December 1999", "total scam", "Blocked by moderation", "This message was deleted.", "Let me check", "and thanks", "Pending review",
		} {
			i := strings.Index(got[last:], want)
			if i < 0 {
				t.Fatalf("%q is not there, or not in its place:\n%s", want, got[last:])
			}
			last += i
		}
		if strings.Contains(page, "secret words") {
			t.Error("the deleted text is on the page")
		}
		if strings.Contains(page, "<img src=\"https:") {
			t.Error("the page loads an image from elsewhere")
		}
		// Seen by the other one, the sides change.
		mine := func(page string) int { return strings.Count(page, `class="burst mine"`) }
		other := browse(a.Server, "GET", "/chats/ana_user_sam?as=sam").Body.String()
		if mine(page) != 3 || mine(other) != 1 {
			t.Errorf("%d and %d bursts are on the right", mine(page), mine(other))
		}
		for path, want := range map[string]string{
			"/":                  "Ana Lima and Sam Ochoa",
			"/people":            "Sam Ochoa sam 2 messages",
			"/groups":            "Lobby lobby public · 2 members · owned by Ana Lima Ana Lima , Sam Ochoa",
			"/?q=nope":           "No chat is called like that.",
			"/?q=OCHOA":          "Ana Lima and Sam Ochoa",
			"/chats/group_lobby": "Sam Ochoa was added to the group",
		} {
			w := browse(a.Server, "GET", path)
			sound(t, w.Body.String())
			if w.Code != 200 || !strings.Contains(words(w.Body.String()), want) {
				t.Errorf("%s: %d, without %q:\n%s", path, w.Code, want, words(w.Body.String()))
			}
		}
	})
}

func TestTheListShowsWhatWasSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, Options{})
		a.chat()
		got := words(browse(a.Server, "GET", "/").Body.String())
		if !strings.Contains(got, "Sam Ochoa was added to the group") {
			t.Errorf("nothing was said yet: %s", got)
		}
		a.ok("POST", send, text("ana", "lobby", "welcome", fmt.Sprintf("sentAt:%d", time.Now().Unix()-60)))
		got = words(browse(a.Server, "GET", "/").Body.String())
		if !strings.Contains(got, "Ana: welcome") || strings.Contains(got, "was added") {
			t.Errorf("got %s", got)
		}
	})
}

func TestPageHeaders(t *testing.T) {
	a := newApp(t, Options{})
	b := newApp(t, Options{Images: true})
	w := browse(a.Server, "GET", "/")
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":  "nosniff",
		"Referrer-Policy":         "no-referrer",
		"Content-Type":            "text/html; charset=utf-8",
		"Cache-Control":           "no-store",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := browse(b.Server, "GET", "/").Header().Get("Content-Security-Policy"); !strings.Contains(got, "img-src 'self' https: http:;") || !strings.Contains(got, "default-src 'none'") {
		t.Errorf("with images: %s", got)
	}
	if !strings.Contains(w.Body.String(), "sow apply --emulator") {
		t.Error("an empty app does not say how to seed it")
	}
	for _, path := range []string{"/nothing", "/chats/none", "/chats/", "/people/x", "/v3x", "/chats/../x"} {
		if w := browse(a.Server, "GET", path); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		if w := browse(a.Server, method, "/"); w.Code != 405 {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
	for path, kind := range map[string]string{"/style.css": "text/css; charset=utf-8", "/icon.svg": "image/svg+xml"} {
		if w := browse(a.Server, "GET", path); w.Code != 200 || w.Header().Get("Content-Type") != kind || w.Body.Len() == 0 {
			t.Errorf("%s: %d %s", path, w.Code, w.Header().Get("Content-Type"))
		}
	}
}

func TestHostNames(t *testing.T) {
	tests := []struct {
		host    string
		hosts   []string
		allowed bool
	}{
		{"localhost", nil, true},
		{"LOCALHOST:4620", nil, true},
		{"app.localhost:4620", nil, true},
		{"127.0.0.1:4620", nil, true},
		{"127.9.9.9", nil, true},
		{"[::1]:4620", nil, true},
		{"[::ffff:127.0.0.1]", nil, true},
		{"emulator.api-us.cometchat.io", nil, true},
		{"evil.example", nil, false},
		{"localhost.evil.example", nil, false},
		{"127.0.0.1.evil.example", nil, false},
		{"192.168.1.5:4620", nil, false},
		{"", nil, false},
		{"192.168.1.5:4620", []string{"192.168.1.5"}, true},
		{"Demo.test:80", []string{"demo.test"}, true},
		{"evil.example", []string{"demo.test"}, false},
		{"evil.example", []string{"*"}, true},
	}
	for _, test := range tests {
		a := newApp(t, Options{Hosts: test.hosts})
		for _, path := range []string{"/", "/v3/users"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Host = test.host
			r.Header.Set("apikey", "k")
			w := httptest.NewRecorder()
			a.ServeHTTP(w, r)
			if (w.Code == 200) != test.allowed || !test.allowed && w.Code != http.StatusMisdirectedRequest {
				t.Errorf("%q with %v, %s: %d", test.host, test.hosts, path, w.Code)
			}
		}
	}
}

// naughty are strings that broke other programs; they are read where they are.
func naughty(t *testing.T) []string {
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "fixtures", "blns", "blns.json"))
	if err != nil {
		t.Skip("the big list of naughty strings is not here")
	}
	var list []string
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestNaughtyStrings(t *testing.T) {
	list := naughty(t)
	a := newApp(t, Options{Plan: Unlimited, Quirks: quirks(t, "message_settle_time=0s")})
	a.chat()
	for i, s := range list {
		if strings.TrimSpace(s) == "" {
			continue
		}
		quoted := string(appendString(nil, s))
		direct(a.Server, "POST", "/users", fmt.Sprintf(`{"uid":"n%d","name":%s,"tags":[%s],"statusMessage":%s}`, i, quoted, quoted, quoted), "")
		direct(a.Server, "POST", "/groups", fmt.Sprintf(`{"guid":"n%d","name":%s,"type":"public","owner":"n%d","description":%s}`, i, quoted, i, quoted), "")
		direct(a.Server, "POST", "/moderation/messages", text(fmt.Sprintf("n%d", i), "sam", s), "")
		code := direct(a.Server, "POST", "/moderation/messages", text("ana", "sam", s), "")
		if code != 200 {
			t.Errorf("%q: %d", s, code)
			continue
		}
		last := a.data.messages[len(a.data.messages)-1]
		if got := textOf(last.data); got != s {
			t.Errorf("%q came back as %q", s, got)
		}
	}
	seen := 0
	for path := range a.crawl() {
		w := browse(a.Server, "GET", path)
		if w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
		sound(t, w.Body.String())
		seen++
	}
	if seen < 20 {
		t.Errorf("only %d pages were seen", seen)
	}
}

var hrefs = regexp.MustCompile(`href="(/[^"]*)"`)

// crawl yields every page that can be reached, once.
func (a *app) crawl() func(yield func(string) bool) {
	return func(yield func(string) bool) {
		seen := map[string]bool{"/": true}
		for queue := []string{"/"}; len(queue) > 0; queue = queue[1:] {
			if !yield(queue[0]) {
				return
			}
			for _, match := range hrefs.FindAllStringSubmatch(browse(a.Server, "GET", queue[0]).Body.String(), -1) {
				link := html.UnescapeString(match[1])
				if strings.Contains(link, "as=") || strings.HasPrefix(link, "/style") || strings.HasPrefix(link, "/icon") || seen[link] {
					continue
				}
				seen[link] = true
				if len(seen) < 60 { // the rest is more of the same
					queue = append(queue, link)
				}
			}
		}
	}
}

func TestLongChatsHavePages(t *testing.T) {
	a := newApp(t, Options{Plan: Unlimited, Quirks: quirks(t, "message_settle_time=0s")})
	a.chat()
	base := time.Now().Unix() - 10_000
	const count = 2*bubblesPerPage + 50
	for i := range count {
		direct(a.Server, "POST", "/moderation/messages", text("ana", "sam", fmt.Sprintf("number %d.", i), fmt.Sprintf("sentAt:%d", base+int64(i/2))), "")
	}
	numbers := regexp.MustCompile(`number (\d+)\.`)
	read := func(path string) (first, last string, links map[string]string) {
		page := browse(a.Server, "GET", path).Body.String()
		_, chat, _ := strings.Cut(page, `class="thread"`)
		all := numbers.FindAllStringSubmatch(chat, -1)
		links = make(map[string]string)
		for _, m := range regexp.MustCompile(`href="([^"]*)">(Earlier|Later) messages`).FindAllStringSubmatch(chat, -1) {
			links[m[2]] = html.UnescapeString(m[1])
		}
		return all[0][1], all[len(all)-1][1], links
	}
	path, want := "/chats/ana_user_sam", []string{"250-449", "50-249", "0-49"}
	for i, span := range want {
		first, last, links := read(path)
		if first+"-"+last != span {
			t.Errorf("page %d has %s-%s, want %s", i, first, last, span)
		}
		if (links["Earlier"] != "") != (i < 2) || (links["Later"] != "") != (i > 0) {
			t.Errorf("page %d has %v", i, links)
		}
		if i > 0 { // and back
			if first, last, _ := read(links["Later"]); first+"-"+last != want[i-1] && i == 1 {
				t.Errorf("back from page %d: %s-%s", i, first, last)
			}
		}
		if i < 2 {
			path = links["Earlier"]
		}
	}
}

func TestImagesWhenAllowed(t *testing.T) {
	a := newApp(t, Options{Images: true, Quirks: quirks(t, "message_settle_time=0s", "attachment_hosting=by_reference")})
	a.chat()
	a.ok("PUT", "/users/ana", `{"avatar":"https://x.test/ana.png?a=1&b=2"}`)
	a.ok("POST", send, text("ana", "sam", "", `type:"image"`, `data:{"attachments":[`+picture+`]}`))
	page := browse(a.Server, "GET", "/chats/ana_user_sam?as=sam").Body.String()
	sound(t, page)
	for _, want := range []string{`<img src="https://x.test/ana.png?a=1&amp;b=2"`, `<img src="https://x.test/a.png"`} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestPagesOverTCPAreHTML(t *testing.T) {
	a := newApp(t, Options{})
	server := httptest.NewServer(a.Server)
	defer server.Close()
	res, err := http.Get(server.URL + "/?" + url.Values{"q": {"<script>"}}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, string(b))
}
