package view_test

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	html_ "github.com/yuin/goldmark/renderer/html"
	gmtext "github.com/yuin/goldmark/text"

	"github.com/sowdev/sow/cmd/internal/view"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

func TestMarkdownText(t *testing.T) {
	tests := []struct{ name, in, shows string }{
		{"plain", "Ana Lima, of Porto", "Ana Lima, of Porto"},
		{"emphasis", "*a* _b_ **c** ~~d~~ `e`", "*a* _b_ **c** ~~d~~ `e`"},
		{"link", "[click](https://evil.example) <https://evil.example>", "[click](https://evil.example) <https://evil.example>"},
		{"image", "![x](https://evil.example/x.png)", "![x](https://evil.example/x.png)"},
		{"HTML", "<script>alert(1)</script><img src=x onerror=y>", "<script>alert(1)</script><img src=x onerror=y>"},
		{"closes ours", "</code></summary></details>", "</code></summary></details>"},
		{"character references", "&lt; &#64;", "&lt; &#64;"},
		{"table", "a | b |", "a | b |"},
		{"heading", "# a", "# a"},
		{"list", "1. a", "1. a"},
		{"rule", "---", "---"},
		{"code by indentation", "    a", "    a"},
		{"line break", "a  \nb", `a  \nb`},
		{"backslash", `a\*b`, `a\*b`},
		{"task", "- [ ] a", "- [ ] a"},
		{"footnote", "[^1]", "[^1]"},
		{"hidden", "a\u202eb", `a\u202eb`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := shownText(t, view.MarkdownText(test.in)); got != test.shows {
				t.Errorf("shows %q, want %q", got, test.shows)
			}
		})
	}
}

func gfm() goldmark.Markdown {
	return goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote), goldmark.WithRendererOptions(html_.WithUnsafe()))
}

// shownText is what a page shows of Markdown that is nothing but text, without
// the zero-width spaces; anything else in it fails the test.
func shownText(t *testing.T, markdown string) string {
	t.Helper()
	source := []byte(markdown)
	doc := gfm().Parser().Parse(gmtext.NewReader(source))
	err := ast.Walk(doc, func(n ast.Node, _ bool) (ast.WalkStatus, error) {
		if kind := n.Kind(); kind != ast.KindDocument && kind != ast.KindParagraph && kind != ast.KindText {
			t.Errorf("%q holds a %v", markdown, kind)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := gfm().Convert(source, &page); err != nil {
		t.Fatal(err)
	}
	text := html.UnescapeString(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(page.String()), "<p>"), "</p>"))
	if found := forgeLink(text); found != "" {
		t.Errorf("a forge would act on %q in %q", found, text)
	}
	return strings.ReplaceAll(text, "\u200b", "")
}

// forgeLink returns what GitHub or GitLab would make a link, a mention or a
// picture of in finished text.
func forgeLink(text string) string {
	for _, pattern := range forgePatterns {
		if found := pattern.FindString(text); found != "" {
			return found
		}
	}
	return ""
}

var forgePatterns = []*regexp.Regexp{
	regexp.MustCompile(`@[A-Za-z0-9]`),
	regexp.MustCompile(`#[0-9]`),
	regexp.MustCompile(`(?i)\bgh-[0-9]`),
	regexp.MustCompile(`\b[0-9a-f]{7,64}\b`),
	regexp.MustCompile(`:[a-z0-9_+-]+:`),
	regexp.MustCompile(`[a-z]+://[a-z0-9]`),
	regexp.MustCompile(`(?i)\bwww\.`),
	regexp.MustCompile(`[!$%~&][A-Za-z0-9]`),
}

func FuzzMarkdownText(f *testing.F) {
	for _, s := range naughty(f) {
		f.Add(s)
	}
	for _, s := range []string{"@team #123 GH-1 deadbeefcafe :tada:", "www.example.com http://a.example mailto:a@b.example", "```\n<details>", "| a |\n|---|", " ", "a\\", "&amp;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want := view.Terminal(text)
		if got := shownText(t, view.MarkdownText(text)); got != want {
			t.Errorf("shows %q, want %q", got, want)
		}
		pageOf(t, hostilePlan(text))
	})
}

// hostilePlan has the text wherever other people's words can stand.
func hostilePlan(words string) *planner.Plan {
	c := conversation("refund")
	who := state.User{Addr: user("ana"), UID: "ana", Name: words}
	p := &planner.Plan{
		Dataset: words, AppID: words, Digest: digest,
		Users: []planner.UserChange{
			{Action: planner.Create, Addr: user("ana"), After: &who},
			{Action: planner.Update, Addr: user("bob"), Before: &who, After: &who, Fields: []planner.FieldChange{{Name: "name", Old: "x", New: words}, {Name: words, Old: words}}},
			{Action: planner.Delete, Addr: user("kim"), Before: &who, Reason: words},
		},
		Counts: planner.Counts{Users: planner.ActionCounts{Create: 1, Update: 1, Delete: 1}, Messages: planner.ActionCounts{Create: 1, Update: 1, Delete: 1}},
		Lanes: []planner.LaneInfo{{
			Chat: "group:" + words, Group: words, Members: []state.User{who}, Total: 1,
			Counts:  planner.Counts{Messages: planner.ActionCounts{Create: 1, Update: 1, Delete: 1}},
			Changes: []planner.ConversationChange{{Action: planner.Update, Addr: c, Fields: []planner.FieldChange{{Name: "starts", Old: words, New: "x"}}}},
		}},
	}
	gone := text("~1", words, words, morning)
	old, edited := text("~2", "ana", "before "+words, morning+60), text("~2", "ana", words+" after", morning+60)
	added := text("~3", "ana", words, morning+120)
	added.Type, added.Expect, added.Tags = "file", words, []string{words}
	added.Attachments = []state.Attachment{{URL: "https://example.com/x", Name: words}}
	p.Compose([][]*planner.MessageChange{{
		remove(c, gone),
		{Action: planner.Update, Addr: c.Message("~2"), Before: old, After: edited, Fields: []planner.FieldChange{{Name: "text", Old: old.Text, New: edited.Text}}},
		create(c, added),
	}})
	return p
}

// pageOf renders a plan as Markdown and fails the test when anything but the
// view's own headings and blocks takes effect in it.
func pageOf(t *testing.T, p *planner.Plan) string {
	t.Helper()
	var b bytes.Buffer
	if err := view.Markdown(&b, p); err != nil {
		t.Fatal(err)
	}
	source := b.Bytes()
	allowed := []ast.NodeKind{ast.KindDocument, ast.KindParagraph, ast.KindText, ast.KindHeading, ast.KindEmphasis, ast.KindCodeSpan, ast.KindFencedCodeBlock, ast.KindHTMLBlock, ast.KindRawHTML}
	err := ast.Walk(gfm().Parser().Parse(gmtext.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		if !slices.Contains(allowed, n.Kind()) {
			t.Errorf("the page holds a %v:\n%s", n.Kind(), source)
		}
		switch n := n.(type) {
		case *ast.HTMLBlock:
			if raw := string(n.Lines().Value(source)); !ours.MatchString(raw) {
				t.Errorf("HTML that is not ours: %q", raw)
			}
		case *ast.RawHTML:
			if raw := string(n.Segments.Value(source)); !slices.Contains([]string{"<br>", "<code>", "</code>"}, raw) {
				t.Errorf("HTML that is not ours: %q", raw)
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		harmless(t, strings.TrimSuffix(line, "\n"))
	}
	if n := utf8.RuneCount(source); n > 65_536 {
		t.Errorf("the comment has %d characters", n)
	}
	return b.String()
}

// ours are the elements around a chat.
var ours = regexp.MustCompile(`^(<details( open)?><summary><code>[^<]*</code> <code>[^<]*</code> [0-9a-z, ]*</summary>\n|</details>\n)$`)

func TestMarkdownPlanIsOnlyOurs(t *testing.T) {
	for name, p := range plans() {
		t.Run(name, func(t *testing.T) { pageOf(t, p) })
	}
	for i, words := range append(naughty(t), "```\n</details>", "~~~", "    ```", "@team #1") {
		t.Run(fmt.Sprint("naughty ", i), func(t *testing.T) { pageOf(t, hostilePlan(words)) })
	}
}

// However large a plan, its comment can be posted, and says what it leaves out.
func TestMarkdownIsBounded(t *testing.T) {
	big := func(chats, perChat int, action planner.Action) *planner.Plan {
		p := &planner.Plan{Dataset: "big", AppID: "1", Digest: digest}
		var lanes [][]*planner.MessageChange
		for i := range chats {
			c := conversation(fmt.Sprintf("c%d", i))
			counts, total := planner.ActionCounts{Create: perChat}, perChat
			if action == planner.Delete {
				counts, total = planner.ActionCounts{Delete: perChat}, 0
			}
			p.Counts.Messages.Create += counts.Create
			p.Counts.Messages.Delete += counts.Delete
			p.Lanes = append(p.Lanes, planner.LaneInfo{
				Chat: fmt.Sprintf("user:ana:u%d", i), Between: []string{"ana", fmt.Sprintf("u%d", i)}, Total: total,
				Counts: planner.Counts{Messages: counts}, Changes: []planner.ConversationChange{{Addr: c, Action: action}},
			})
			var lane []*planner.MessageChange
			for j := range perChat {
				m := text(fmt.Sprintf("m%d", j), "ana", strings.Repeat("📦 how are you? ", 10), morning+int64(j))
				if action == planner.Delete {
					lane = append(lane, remove(c, m))
				} else {
					lane = append(lane, create(c, m))
				}
			}
			lanes = append(lanes, lane)
		}
		p.Compose(lanes)
		return p
	}
	t.Run("chats", func(t *testing.T) {
		page := pageOf(t, big(400, 10, planner.Create))
		shown := strings.Count(page, "<details>")
		if want := fmt.Sprintf("%d more conversations", 400-shown); !strings.Contains(page, want) {
			t.Errorf("%d of 400 chats are shown, and the page does not say %q", shown, want)
		}
	})
	t.Run("deletes", func(t *testing.T) {
		page := pageOf(t, big(20, 100, planner.Delete))
		whole := strings.Count(page, ".message[") - 1 // the last one is cut
		if want := fmt.Sprintf("%s of the 2,000 to delete do not fit", comma(2000-whole)); !strings.Contains(page, want) {
			t.Errorf("%d deletes are shown, and the page does not say %q:\n%s", whole, want, page[len(page)-600:])
		}
	})
}

func comma(n int) string {
	s := fmt.Sprint(n)
	if len(s) > 3 {
		s = s[:len(s)-3] + "," + s[len(s)-3:]
	}
	return s
}

func TestMarkdownOfNothing(t *testing.T) {
	var b bytes.Buffer
	if err := view.Markdown(&b, &planner.Plan{Dataset: "demo", AppID: "2604abc", Region: "us"}); err != nil {
		t.Fatal(err)
	}
	want := "Nothing to do&#58; demo in app 2604ab&#8203;c (us&#41; is as declared&#46;\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
