package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A check says nothing (""), or what must be in its error.
func TestChecks(t *testing.T) {
	long := func(n int) string { return strings.Repeat("é", n) }
	tags := func(n int) []string {
		var tags []string
		for i := range n {
			tags = append(tags, fmt.Sprint("tag", i))
		}
		return tags
	}
	object := func(n int) json.RawMessage {
		return json.RawMessage(`{"a":"` + strings.Repeat("x", n-len(`{"a":""}`)) + `"}`)
	}
	mentions := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "<@uid:user-%d> and <@uid:user-0>, ", i)
		}
		return b.String()
	}
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"uid", CheckUID("agent-sam_7"), ""},
		{"uid of one", CheckUID("a"), ""},
		{"uid of 100", CheckUID(strings.Repeat("a", 100)), ""},
		{"uid of 101", CheckUID(strings.Repeat("a", 101)), "the uid is 101 characters long, and the limit is 100"},
		{"uid empty", CheckUID(""), "the uid is empty"},
		{"uid capitals", CheckUID("Ana-L"), `write "ana-l"`},
		{"uid space", CheckUID("ana lima"), "character ' '"},
		{"uid capitals and dots", CheckUID("Ana.L"), "character '.'"},
		{"uid accents", CheckUID("josé"), "character 'é'"},
		{"guid", CheckGUID("lobby"), ""},
		{"guid capitals", CheckGUID("Lobby"), `the guid "Lobby" has capitals`},
		{"role", CheckRole("Staff"), `the role "Staff" has capitals`},
		{"name", CheckName("김하늘"), ""},
		{"name of 100", CheckName(long(100)), ""},
		{"name of 101", CheckName(long(101)), "101 characters"},
		{"name empty", CheckName(""), "empty"},
		{"name blank", CheckName(" \t"), "empty"},
		{"url", CheckURL("https://example.com/a/photo.jpg?w=200&h=100"), ""},
		{"url host only", CheckURL("http://example.com"), ""},
		{"url port", CheckURL("https://localhost:8443/a"), ""},
		{"url escaped", CheckURL("https://example.com/a%20b.png#top"), ""},
		{"url of 3000", CheckURL("https://example.com/" + strings.Repeat("a", 2980)), ""},
		{"url of 3001", CheckURL("https://example.com/" + strings.Repeat("a", 2981)), "3001 characters long, and the limit is 3000"},
		{"url relative", CheckURL("photo.jpg"), "no full URL"},
		{"url empty", CheckURL(""), "no full URL"},
		{"url ftp", CheckURL("ftp://example.com/a"), "http and https only"},
		{"url file", CheckURL("file:///etc/passwd"), "http and https only"},
		{"url script", CheckURL("javascript:alert(1)"), "http and https only"},
		{"url no host", CheckURL("https:///a"), "no host"},
		{"url only a port", CheckURL("https://:80/a"), "no host"},
		{"url space", CheckURL("https://example.com/a b"), "%20"},
		{"url newline", CheckURL("https://example.com/a\nb"), "no URL"},
		{"url escape", CheckURL("https://example.com/%zz"), "no URL"},
		{"tags", CheckTags(tags(25)), ""},
		{"tags none", CheckTags(nil), ""},
		{"tags 26", CheckTags(tags(26)), "26 tags, and the limit is 25"},
		{"tags empty", CheckTags([]string{"a", ""}), "empty"},
		{"tags twice", CheckTags([]string{"a", "b", "a"}), `"a" is there twice`},
		{"tags of 100", CheckTags([]string{long(100)}), ""},
		{"tags of 101", CheckTags([]string{long(101)}), "101 characters"},
		{"message tags", CheckMessageTags(tags(24)), ""},
		{"message tags 25", CheckMessageTags(tags(25)), "the limit is 24"},
		{"message tags kept", CheckMessageTags([]string{"sow:demo"}), "kept"},
		{"message tags twice", CheckMessageTags([]string{"a", "a"}), "twice"},
		{"metadata", CheckMetadata(object(5120)), ""},
		{"metadata none", CheckMetadata(nil), ""},
		{"metadata large", CheckMetadata(object(5121)), "5121 bytes of JSON, and the limit is 5120"},
		{"metadata list", CheckMetadata(json.RawMessage(`[1]`)), "JSON object"},
		{"object", CheckObject("custom_data", object(9000)), ""},
		{"object list", CheckObject("custom_data", json.RawMessage(`"a"`)), "custom_data is a JSON object"},
		{"description", CheckDescription(long(255)), ""},
		{"description long", CheckDescription(long(256)), "256 characters"},
		{"password", CheckPassword("open sesame"), ""},
		{"password empty", CheckPassword(""), "empty"},
		{"password long", CheckPassword(long(101)), "101 characters"},
		{"group type", CheckGroupType("password"), ""},
		{"group type protected", CheckGroupType("protected"), `type = "password"`},
		{"group type misspelt", CheckGroupType("privat"), `Did you mean "private"?`},
		{"label", CheckLabel("hello-2_b.1:x"), ""},
		{"label digits", CheckLabel("1748323.0001"), ""},
		{"label in letters", CheckLabel("안녕"), ""},
		{"label with marks", CheckLabel("हिन्दी"), ""},
		{"label empty", CheckLabel(""), "empty"},
		{"label derived", CheckLabel("~3fa9"), "character '~'"},
		{"label space", CheckLabel("a b"), "character ' '"},
		{"label dash first", CheckLabel("-a"), "character '-'"},
		{"label long", CheckLabel(long(101)), "101 characters"},
		{"type text", CheckType("text", 0), ""},
		{"type image", CheckType("image", 2), ""},
		{"type text with file", CheckType("text", 1), "has no attachments"},
		{"type image alone", CheckType("image", 0), "needs an attachment"},
		{"type custom", CheckType("custom", 0), "custom messages cannot"},
		{"type misspelt", CheckType("imge", 0), `Did you mean "image"?`},
		{"text", CheckText("hi", 0), ""},
		{"text of a file", CheckText("", 1), ""},
		{"text empty", CheckText("", 0), "says nothing"},
		{"text blank", CheckText(" \n", 0), "says nothing"},
		{"text of 65,536", CheckText(long(65536), 0), ""},
		{"text of 65,537", CheckText(long(65537), 0), "65537 characters"},
		{"mentions none", CheckMentions("a <@uid: and more"), ""},
		{"mentions", CheckMentions(mentions(10)), ""},
		{"mentions 11", CheckMentions(mentions(11)), "more than 10 people"},
		{"expect", CheckExpect("approved"), ""},
		{"expect refusal", CheckExpect("disapproved"), ""},
		{"expect pending", CheckExpect("pending"), "where moderation begins"},
		{"expect blocked", CheckExpect("blocked"), "write disapproved"},
		{"expect misspelt", CheckExpect("aproved"), `Did you mean "approved"?`},
		{"time", CheckTime(1767603600), ""},
		{"time early", CheckTime(999999999), "before 2001-09-09T01:46:40Z"},
		{"time late", CheckTime(1e10), "after 2286-11-20T17:46:39Z"},
	}
	for _, tt := range tests {
		switch {
		case tt.want == "" && tt.err != nil:
			t.Errorf("%s: %v", tt.name, tt.err)
		case tt.want != "" && tt.err == nil:
			t.Errorf("%s: no error, want one that says %q", tt.name, tt.want)
		case tt.want != "" && !strings.Contains(tt.err.Error(), tt.want):
			t.Errorf("%s: error %q does not say %q", tt.name, tt.err, tt.want)
		}
	}
}

func TestCheckPasswordKeepsIt(t *testing.T) {
	secret := strings.Repeat("secret", 20)
	if err := CheckPassword(secret); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error is %v", err)
	}
}

func TestCheckData(t *testing.T) {
	text := func(n int) *Message { return &Message{Text: strings.Repeat("x", n)} }
	var warning *Warning
	if err := CheckData(text(9000)); err != nil {
		t.Errorf("9,000 characters: %v", err)
	}
	if err := CheckData(text(11000)); !errors.As(err, &warning) {
		t.Errorf("11,000 characters: %v, want a warning", err)
	}
	if err := CheckData(text(65000)); err == nil || errors.As(err, &warning) {
		t.Errorf("65,000 characters: %v, want an error", err)
	}
	// 60,000 characters of three bytes are within what counts characters.
	if err := CheckData(&Message{Text: strings.Repeat("한", 60000)}); !errors.As(err, &warning) {
		t.Errorf("60,000 characters of three bytes: %v, want a warning", err)
	}
}

// dataSize is never less than what encoding/json makes of the same fields.
func TestDataSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &Message{
			Text:        rapid.String().Draw(t, "text"),
			CustomData:  json.RawMessage(`{"안":1}`),
			Metadata:    json.RawMessage(`{}`),
			Attachments: []Attachment{}, // not null
		}
		for range rapid.IntRange(0, 3).Draw(t, "attachments") {
			m.Attachments = append(m.Attachments, Attachment{URL: rapid.String().Draw(t, "url"), Size: "12"})
		}
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		err := enc.Encode(map[string]any{"text": m.Text, "attachments": m.Attachments, "customData": m.CustomData, "metadata": m.Metadata})
		if err != nil {
			t.Fatal(err)
		}
		// U+2028 and U+2029 are escaped by that library only.
		out := strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029").Replace(strings.TrimSpace(b.String()))
		got, slack := dataSize(m), 80+60*len(m.Attachments)
		if got.bytes < len(out) || got.bytes > len(out)+slack {
			t.Errorf("%d bytes, the library makes %d: %s", got.bytes, len(out), out)
		}
		if n := utf8.RuneCountInString(out); got.chars < n || got.chars > n+slack {
			t.Errorf("%d characters, the library makes %d: %s", got.chars, n, out)
		}
	})
}

func TestContactWarning(t *testing.T) {
	tests := []struct{ text, want string }{
		{"Write to ana.lima+demo@mail.example.com, please.", "ana.lima+demo@mail.example.com"},
		{"kim@example.co.kr", "kim@example.co.kr"},
		{"Call +1 555 010 0199 today", "+1 555 010 0199"},
		{"Call +4930123456.", "+4930123456"},
		{"My number is (555) 010-0199", "(555) 010-0199"},
		{"555-010-0199", "555-010-0199"},
		{"555.010.0199, after six", "555.010.0199"},
		{"01 23 45 67 89", "01 23 45 67 89"},

		{"See you @ the lobby", ""},
		{"@sam, look", ""},
		{"<@uid:ana> hello", ""},
		{"foo@bar", ""},
		{"3@1.50", ""},
		{"Order 4471823901 is late", ""},
		{"Order #447-182-3901", ""},
		{"On 2026-01-05 09:12 it left", ""},
		{"From 05.01.2026 - 09.01.2026", ""},
		{"It costs 1 250 000 000 won", ""},
		{"Between 10 and 12, room 4", ""},
		{"https://example.com/555-010-0199", ""},
		{"(see page 3)", ""},
		{"+1", ""},
		{"", ""},
	}
	for _, tt := range tests {
		got := ContactWarning(tt.text)
		switch {
		case tt.want == "" && got != nil:
			t.Errorf("%q: %v", tt.text, got)
		case tt.want != "" && (got == nil || !strings.Contains(got.Text, " "+tt.want+". ")):
			t.Errorf("%q: %v, want a warning of %q", tt.text, got, tt.want)
		}
	}
}

func TestDeriveAttachment(t *testing.T) {
	tests := []struct {
		kind, url, name, mime, ext string
		want                       Attachment
	}{
		{url: "https://example.com/parcel.jpg", want: Attachment{Name: "parcel.jpg", MimeType: "image/jpeg", Extension: "jpg"}},
		{url: "https://example.com/A%20b.PDF?v=1.2#p", want: Attachment{Name: "A b.PDF", MimeType: "application/pdf", Extension: "pdf"}},
		{url: "https://example.com/get", name: "terms.docx", want: Attachment{Name: "terms.docx", MimeType: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", Extension: "docx"}},
		{url: "https://example.com/get", mime: "image/png", want: Attachment{Name: "get", MimeType: "image/png", Extension: "png"}},
		{url: "https://example.com/photo.php", mime: "image/png", want: Attachment{Name: "photo.php", MimeType: "image/png", Extension: "png"}},
		{url: "https://example.com/", mime: "audio/ogg", want: Attachment{Name: "audio.ogg", MimeType: "audio/ogg", Extension: "ogg"}},
		{url: "https://example.com/x.dat", mime: "application/x-own", want: Attachment{Name: "x.dat", MimeType: "application/x-own", Extension: "dat"}},
		{url: "https://example.com/x", ext: ".mp4", want: Attachment{Name: "x", MimeType: "video/mp4", Extension: "mp4"}},
		{kind: "image", url: "https://example.com/200", want: Attachment{Name: "200", MimeType: "image/jpeg", Extension: "jpg"}},
		{kind: "file", url: "https://example.com/photo.jpg", want: Attachment{Name: "photo.jpg", MimeType: "image/jpeg", Extension: "jpg"}},
		{kind: "file", url: "https://example.com", want: Attachment{Name: "file.bin", MimeType: "application/octet-stream", Extension: "bin"}},
	}
	for _, tt := range tests {
		tt.want.URL = tt.url
		got, err := DeriveAttachmentOfKind(tt.kind, tt.url, tt.name, tt.mime, tt.ext)
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.url, diff)
		}
	}
	for _, tt := range []struct{ kind, url, name, mime, ext, want string }{
		{url: "parcel.jpg", want: "no full URL"},
		{url: "https://example.com/200", want: "give its mime_type"},
		{url: "https://example.com/x", mime: "application/x-own", want: "give it, as in extension"},
		{url: "https://example.com/x.jpg", mime: "jpeg", want: "no MIME type"},
		{url: "https://example.com/x.jpg", ext: "a/b", want: "give its mime_type"},
		{url: "https://example.com/x.jpg", mime: "image/jpeg", ext: "a/b", want: "no extension"},
		{url: "https://example.com/x.jpg", name: " ", want: "name is empty"},
		{kind: "image", url: "https://example.com/x.pdf", want: "which is a file"},
		{kind: "video", url: "https://example.com/x.jpg", want: "which is an image"},
	} {
		got, err := DeriveAttachmentOfKind(tt.kind, tt.url, tt.name, tt.mime, tt.ext)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, %v; want an error that says %q", tt.url, got, err, tt.want)
		}
	}
}

func TestCheckAttachment(t *testing.T) {
	good := Attachment{URL: "https://example.com/x.jpg", Name: "x.jpg", MimeType: "image/jpeg", Extension: "jpg"}
	for size, want := range map[string]string{"": "", "0": "", "104857600": "", "104857601": "limit", "-1": "number of bytes", "12 kB": "number of bytes", "+5": "number of bytes"} {
		a := good
		a.Size = size
		if err := CheckAttachment(a); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("size %q: %v, want %q", size, err, want)
		}
	}
}

func TestMessageType(t *testing.T) {
	of := func(mimeTypes ...string) (attachments []Attachment) {
		for _, m := range mimeTypes {
			attachments = append(attachments, Attachment{MimeType: m})
		}
		return attachments
	}
	for _, tt := range []struct {
		attachments []Attachment
		want        string
	}{
		{nil, "text"},
		{of("image/png"), "image"},
		{of("image/png", "image/jpeg"), "image"},
		{of("video/mp4"), "video"},
		{of("audio/mpeg"), "audio"},
		{of("application/pdf"), "file"},
		{of("image/png", "video/mp4"), "file"},
	} {
		if got := MessageType(tt.attachments); got != tt.want {
			t.Errorf("%v is of type %s, want %s", tt.attachments, got, tt.want)
		}
	}
}

// What is right costs no allocation, because the checks run for every message.
func TestChecksDoNotAllocate(t *testing.T) {
	m := &Message{
		Text:     "Hi <@uid:ana>, the parcel left on 2026-01-05; see https://example.com/track/4471823901.",
		Tags:     []string{"vip", "beta"},
		Metadata: json.RawMessage(`{"order":"A-1042"}`),
		Attachments: []Attachment{
			{URL: "https://example.com/parcel.jpg", Name: "parcel.jpg", MimeType: "image/jpeg", Extension: "jpg", Size: "1200"},
		},
	}
	allocs := testing.AllocsPerRun(100, func() {
		for _, err := range []error{
			CheckUID("agent-sam"), CheckLabel("hello"), CheckType("image", 1), CheckText(m.Text, 1), CheckMentions(m.Text),
			CheckMessageTags(m.Tags), CheckObject("metadata", m.Metadata), CheckExpect("approved"),
			CheckAttachment(m.Attachments[0]), CheckTime(1767603600), CheckData(m),
		} {
			if err != nil {
				t.Error(err)
			}
		}
		if w := ContactWarning(m.Text); w != nil {
			t.Error(w)
		}
	})
	if allocs > 0 {
		t.Errorf("%v allocations, want none", allocs)
	}
}

// plainURL vouches only for what net/url takes too.
func TestPlainURL(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		link := rapid.StringMatching(`https?:/{1,3}[-a-zA-Z0-9._:%@/?&=+~#,\[\] ]{0,20}`).Draw(t, "url")
		if !plainURL(link) {
			return
		}
		if err := CheckURL("HTTPS" + link[strings.IndexByte(link, ':'):]); err != nil {
			t.Fatalf("%q: %v", link, err)
		}
	})
}

func BenchmarkContactWarning(b *testing.B) {
	text := "Hi, the parcel left on 2026-01-05 at 09:12 with number 4471823901; you will have it by Thursday, the day after."
	b.ReportAllocs()
	for b.Loop() {
		ContactWarning(text)
	}
}
