package view

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/sowdev/sow/planner"
)

// maxComment is what GitHub takes as a comment, in characters. Other forges
// take more.
const maxComment = 65_536

// What is kept free of the comment for its last lines, and the room below which
// a block is not begun.
const (
	commentFoot = 1_500
	minBlock    = 500
)

// Markdown writes a plan as a comment for a pull request: of at most 65,536
// characters, which is what GitHub takes, deletes first. What other people
// wrote stands in blocks of code, in which forges act on nothing.
func Markdown(w io.Writer, p *planner.Plan) error {
	c := &comment{plan: p, left: maxComment - commentFoot}
	if err := c.compose(); err != nil {
		return err
	}
	_, err := io.WriteString(w, c.text.String())
	return err
}

// comment is a comment in the making.
type comment struct {
	plan *planner.Plan
	text strings.Builder
	left int // characters

	chatsLeftOut   int
	deletesLeftOut int
}

func (c *comment) compose() error {
	if c.plan.Empty() {
		c.write(MarkdownText(nothingToDo(c.plan)) + "\n")
		return c.found()
	}
	what := "sow plan"
	if c.plan.Destroy {
		what = "sow destroy"
	}
	c.write(fmt.Sprintf("### %s: %s → %s\n\n", what, MarkdownText(c.plan.Dataset), MarkdownText(appName(c.plan))))
	c.write("**" + countsSentence(c.plan) + "**\n")
	if sentence := forecastSentence(c.plan.Forecast); sentence != "" {
		c.write("<br>" + MarkdownText(sentence) + "\n")
	}
	if err := c.found(); err != nil {
		return err
	}
	if err := c.deletes(); err != nil {
		return err
	}
	if err := c.people(); err != nil {
		return err
	}
	for i := range c.plan.Lanes {
		if err := c.chat(i); err != nil {
			return err
		}
	}
	c.foot()
	return nil
}

func (c *comment) write(text string) {
	c.text.WriteString(text)
	c.left -= commentLength(text)
}

// commentLength is the length of text as forges count it, or more: UTF-16
// units.
func commentLength(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// block renders a part of the plan into a block of code that fits what is left,
// and returns it, "" when there is nothing in it or no room.
func (c *comment) block(print func(t *planText) error) (code string, t *planText, err error) {
	var b bytes.Buffer
	pr := newPrinter(&b, false, pipeWidth)
	pr.bounded, pr.limit = true, c.left-minBlock
	t = &planText{p: pr, plan: c.plan, leftSymbols: true}
	if err := print(t); err != nil {
		return "", t, err
	}
	if err := pr.flush(); err != nil {
		return "", t, err
	}
	lines := strings.Trim(b.String(), "\n")
	if lines == "" {
		return "", t, nil
	}
	// No line of ours begins with fewer than four blanks or a symbol, so none
	// can be taken for the end of the block.
	return "```diff\n" + lines + "\n```\n", t, nil
}

// found tells what reading the app showed, behind a line that opens it: what it
// comes to is among the changes.
func (c *comment) found() error {
	f := c.plan.Found
	if f == nil {
		return nil
	}
	if f.Total() == 0 {
		c.write("\n" + MarkdownText(sentenceCase(foundSentence(f))) + ".\n")
		return nil
	}
	c.left -= maxFound
	code, t, err := c.block((*planText).found)
	c.left += maxFound
	if err != nil {
		return err
	}
	c.write("\n<details><summary>" + MarkdownText(sentenceCase(foundSentence(f))) + "</summary>\n\n" + code)
	if t.p.cut {
		c.write("\nThere is more; `sow plan --refresh` shows it all.\n")
	}
	c.write("\n</details>\n")
	return nil
}

// maxFound is kept free for the changes while what was found is told.
const maxFound = 40_000

func (c *comment) deletes() error {
	total := c.plan.Counts.Users.Delete + c.plan.Counts.Groups.Delete + c.plan.Counts.Messages.Delete
	code, t, err := c.block((*planText).deletesList)
	if err != nil || code == "" {
		return err
	}
	c.write("\n#### Delete\n\n" + code)
	if t.p.cut {
		c.deletesLeftOut = total - t.deletesTold
		c.write(fmt.Sprintf("\n**%s of the %s to delete do not fit into this comment; `sow plan` shows them all.**\n",
			number(c.deletesLeftOut), number(total)))
	}
	return nil
}

func (c *comment) people() error {
	code, t, err := c.block(func(t *planText) error { t.peopleList(); return nil })
	if err != nil || code == "" {
		return err
	}
	c.write("\n#### People and groups\n\n" + code)
	if t.p.cut {
		c.write("\nThere are more; `sow plan` shows them all.\n")
	}
	return nil
}

// chat adds one chat, behind a line that opens it. Chats in which something
// other than an addition happens are open.
func (c *comment) chat(i int) error {
	lane := &c.plan.Lanes[i]
	if nothingRemains(lane) {
		return nil
	}
	if c.left < 2*minBlock {
		c.chatsLeftOut++
		return nil
	}
	var title, who string
	code, t, err := c.block(func(t *planText) error {
		t.title = func(titleLine, whoLine spans) {
			title, who = titleLine.text(), whoLine.text()
			t.p.limit -= len(codeText(title)) + len(codeText(who))
		}
		return t.chat(i)
	})
	if err != nil {
		return err
	}
	open := ""
	if !addsOnly(lane) {
		open = " open"
	}
	c.write(fmt.Sprintf("\n<details%s><summary><code>%s</code> <code>%s</code> %s</summary>\n\n",
		open, codeText(title), codeText(who), laneCounts(lane.Counts.Messages)))
	c.write(code)
	if t.p.cut {
		c.write("\nThere is more in this conversation; `sow plan` shows it all.\n")
	}
	c.write("\n</details>\n")
	return nil
}

// laneCounts says how much happens in a chat: "3 to add, 1 to change".
func laneCounts(counts planner.ActionCounts) string {
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{
		{counts.Create, "to add"}, {counts.Update, "to change"}, {counts.Replace, "to replace"}, {counts.Delete, "to delete"},
	} {
		if part.n > 0 {
			parts = append(parts, number(part.n)+" "+part.what)
		}
	}
	return strings.Join(parts, ", ")
}

func (c *comment) foot() {
	if c.chatsLeftOut > 0 {
		fmt.Fprintf(&c.text, "\n… %s that would not fit into this comment; `sow plan` shows all.\n", count(c.chatsLeftOut, "more conversation"))
	}
	c.text.WriteString("\ndigest <code>" + codeText(c.plan.Digest) + "</code>\n")
}
