package emulator

import (
	"encoding/json"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"/chats/a%20b?as=sam&x=1#m1":        `<a href="/chats/a%20b?as=sam&amp;x=1#m1"></a>`,
		"#m7":                               `<a href="#m7"></a>`,
		"/?q=a:b":                           `<a href="/?q=a:b"></a>`,
		"?at=1:2":                           `<a href="?at=1:2"></a>`,
		"HTTPS://x.test/":                   `<a href="HTTPS://x.test/"></a>`,
		"http://x.test/\"><script>":         `<a href="http://x.test/%22%3e%3cscript%3e"></a>`,
		"http://x.test/'\u202e\x00%zz":      `<a href="http://x.test/%27%e2%80%ae%00%25zz"></a>`,
		"javascript:alert(1)":               `<a></a>`,
		"JaVaScRiPt:alert(1)":               `<a></a>`,
		"\x20javascript:alert(1)":           `<a></a>`,
		"java\tscript:alert(1)":             `<a></a>`,
		"\x01javascript:alert(1)":           `<a></a>`,
		"data:text/html,<script></script>":  `<a></a>`,
		"vbscript:msgbox(1)":                `<a></a>`,
		"blob:https://x.test/1":             `<a></a>`,
		"file:///etc/passwd":                `<a></a>`,
		"java&#115;cript:alert(1)":          `<a href="java&amp;#115;cript:alert%281%29"></a>`,
		"https:javascript:alert(1)":         `<a href="https:javascript:alert%281%29"></a>`,
		"view-source:javascript:alert(1)//": `<a></a>`,
	} {
		if got := drawn(t, element("a", href(address))); got != want {
			t.Errorf("%q: got %s, want %s", address, got, want)
		}
		if got, want := drawn(t, element("img", src(address))), strings.NewReplacer("<a", "<img", "href=", "src=", "></a>", "/>").Replace(want); got != want {
			t.Errorf("%q: got %s, want %s", address, got, want)
		}
	}
}

// drawn is a part without the declaration before it.
func drawn(t *testing.T, p part) string {
	t.Helper()
	var b strings.Builder
	if err := write(&b, p); err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(b.String(), "<!DOCTYPE html>")
}

// hostile are strings that would leave the place they are shown in, or run, if
// they were not escaped as that place asks for.
var hostile = []string{
	`"><script>evil()</script>`,
	`'><img src=x onerror=evil()>`,
	`" onmouseover="evil()" x="`,
	`</title></p></article></main><svg onload=evil()>`,
	`javascript:evil()`,
	`data:text/html,<script>evil()</script>`,
	`https://x.test/"onclick="evil()`,
	`<!-- --><style>*{}</style>`,
	"a\x00<b\x00>",
	`&lt;script&gt;&#60;script&#62;`,
}

// Every field that a page shows is given what would break out of it, whatever
// the API lets in: the tree that a browser makes of the page has the elements
// and attributes of the page with harmless fields, and no others.
func TestNothingBreaksOut(t *testing.T) {
	for name, page := range map[string]func(string) *document{"chat": hostileChat, "people": hostilePeople, "groups": hostileGroups} {
		for _, images := range []bool{false, true} {
			harmless := skeleton(t, drawn(t, drawDocument(withImages(page("x"), images))))
			for _, s := range hostile {
				markup := drawn(t, drawDocument(withImages(page(s), images)))
				got := skeleton(t, markup)
				if isWeb(s) {
					if got != harmless {
						t.Errorf("%s, %q: got %s, want %s", name, s, got, harmless)
					}
				} else if unlinked := withoutAddresses(harmless); withoutAddresses(got) != unlinked {
					t.Errorf("%s, %q: got %s, want %s", name, s, withoutAddresses(got), unlinked)
				}
				for _, never := range []string{"<script", "<style", " onerror", " onload", " onclick", " onmouseover"} {
					if strings.Contains(got, never) {
						t.Errorf("%s, %q: the page has %s: %s", name, s, never, got)
					}
				}
				if strings.Contains(markup, "\x00") {
					t.Errorf("%s, %q: the page has a NUL", name, s)
				}
			}
		}
	}
}

func withImages(d *document, images bool) *document {
	if images || d.Chat == nil {
		return d
	}
	for i := range d.Chat.Days[0].Bursts {
		for j := range d.Chat.Days[0].Bursts[i].Lines {
			for k := range d.Chat.Days[0].Bursts[i].Lines[j].Files {
				f := &d.Chat.Days[0].Bursts[i].Lines[j].Files[k]
				f.Image, f.Video, f.Audio = "", "", ""
			}
		}
	}
	return d
}

func hostileFrame(s, section string) *document {
	picture := face{Initials: s, Image: s}
	return &document{App: s, Region: s, Title: s, Section: section, Query: s, Totals: totals{Chats: 1}, Side: side{
		Rows:  []chatRow{{Href: s, Names: []string{s, s}, Face: picture, With: picture, Preview: s, When: s, Exact: s, Current: true}},
		Newer: s, Older: s,
	}}
}

func hostileChat(s string) *document {
	d := hostileFrame(s, "chats")
	picture := face{Initials: s, Image: s}
	pieces := []segment{{"text", s, s}, {"name", s, s}, {"link", s, s}, {"mention", s, s}, {"hidden", s, s}}
	said := bubble{ID: 1, Text: pieces, Rest: pieces, Length: 1, Custom: s, Kind: s, Quote: s, QuoteID: 2, Time: s, Exact: s, Edited: s, Status: s,
		Files: []file{
			{Name: s, Kind: s, Note: s, Href: s}, {Name: s, Kind: "image", Href: s, Image: s},
			{Name: s, Kind: "video", Href: s, Video: s}, {Name: s, Kind: "audio", Href: s, Audio: s},
		},
		Reacted: []reacted{{Reaction: s, Count: 2, By: s}}, Facts: [][2]string{{s, s}}}
	d.Chat = &chatPage{ID: s, Names: []string{s, s}, Facts: s, Face: picture, With: picture, Count: s, As: s,
		Views: []viewer{{Name: s, Href: s, Current: true}}, Earlier: s, Later: s,
		Days: []day{{Name: s, Exact: s, Bursts: []burst{
			{Sender: s, Face: picture, Lines: []bubble{said}},
			{Sender: s, Face: picture, Action: s, Who: []string{s, s}, Lines: []bubble{said}},
		}}}}
	return d
}

func hostileCards(s string) *peoplePage {
	return &peoplePage{Query: s, Before: s, Next: s, Cards: []card{{
		ID: s, Name: s, Face: face{Initials: s, Image: s}, Facts: []string{s, s}, Tags: []string{s}, About: s, Gone: true, Chat: s, Joined: []string{s, s},
	}}}
}

func hostilePeople(s string) *document {
	d := hostileFrame(s, "people")
	d.People = hostileCards(s)
	return d
}

func hostileGroups(s string) *document {
	d := hostileFrame(s, "groups")
	d.Groups = (*groupsPage)(hostileCards(s))
	return d
}

// skeleton is what a browser makes of a page, without texts and values.
func skeleton(t *testing.T, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		b.WriteString("<" + n.Data)
		for _, a := range n.Attr {
			b.WriteString(" " + a.Key)
		}
		b.WriteString(">")
	}
	return b.String()
}

// withoutAddresses leaves out what is no link or picture without an address.
func withoutAddresses(skeleton string) string {
	return strings.NewReplacer(" href", "", " src", "", "<img alt loading referrerpolicy>", "", "<img src alt loading referrerpolicy>", "").Replace(skeleton)
}

// What the API lets in as an address of a file or a face leads nowhere unless
// it is of the web.
func TestForeignAddressesAreNoLinks(t *testing.T) {
	for _, images := range []bool{false, true} {
		a := newApp(t, Options{Images: images, Quirks: quirks(t, "message_settle_time=0s", "attachment_hosting=by_reference")})
		a.chat()
		for _, s := range hostile {
			quoted, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			address := string(quoted)
			direct(a.Server, "PUT", "/users/ana", `{"avatar":`+address+`,"name":`+address+`,"metadata":{"a":`+address+`}}`, "")
			direct(a.Server, "POST", "/messages", text("ana", "sam", s, `type:"file"`, `tags:[`+address+`]`,
				`data:{"text":`+address+`,"metadata":{"a":`+address+`},"attachments":[{"url":`+address+`,"name":`+address+`,"mimeType":`+address+`,"extension":"x","size":"1"}]}`), "")
			a.data.people["ana"].Avatar = s
			for _, path := range []string{"/", "/people", "/groups", "/chats/ana_user_sam"} {
				page := browse(a.Server, "GET", path).Body.String()
				sound(t, page)
				for _, tag := range tags.FindAllString(page, -1) {
					if strings.Contains(tag, "data:") && (strings.Contains(tag, "href") || strings.Contains(tag, "src")) {
						t.Errorf("%s has %s", path, tag)
					}
				}
			}
		}
	}
}
