package emulator

import "strconv"

func drawChat(p *chatPage) part {
	return element("div", class("chat"),
		drawChatHead(p),
		element("div", class("scroll"), attr("tabindex", "0"), attr("role", "region"), attr("aria-label", "Messages"),
			element("div", class("thread"),
				drawPager(p.Earlier, "Earlier messages", "", ""),
				each(p.Days, func(d day) part { return drawDay(d, p.Group) }),
				drawPager("", "", p.Later, "Later messages"))))
}

func drawChatHead(p *chatPage) part {
	return element("header", class("head"),
		element("a", class("back"), href("/"), drawArrow(), element("span", class("sr"), literal("All chats"))),
		drawFaces(p.Face, p.With, p.Group),
		element("div", class("about"),
			element("h1", drawNames(p.Names)),
			element("p", literal(p.Facts+" · "+p.Count))),
		when(len(p.Views) > 0, element("details", class("views"),
			element("summary", element("span", class("as"), literal("As")), literal(" "), apart(p.As)),
			element("ul", each(p.Views, drawViewer)))))
}

func drawViewer(v viewer) part {
	return element("li", element("a", href(v.Href), when(v.Current, attr("aria-current", "true")), apart(v.Name)))
}

func drawDay(d day, group bool) part {
	return element("section", class("day"), attr("aria-label", d.Name),
		element("h2", drawTime(d.Exact, d.Name)),
		each(d.Bursts, func(b burst) part {
			if b.Action != "" {
				return drawAction(b)
			}
			return drawBurst(b, group)
		}))
}

func drawTime(exact, shown string) part {
	return element("time", attr("datetime", exact), literal(shown))
}

// drawAction tells what the app told, as of the first message that did.
func drawAction(b burst) part {
	first := b.Lines[0]
	return element("p", class("action"), attr("id", anchor(first.ID)),
		each(b.Names(), drawSegment), literal(" "), drawTime(first.Exact, first.Time))
}

func drawBurst(b burst, group bool) part {
	return element("div", class("burst", named(b.Mine, "mine")),
		drawFace(b.Face),
		element("div", class("lines"),
			element("h3", class(named(b.Mine || !group, "sr")), apart(b.Sender)),
			each(b.Lines, drawBubble)))
}

// anchor is the id of a message on the page.
func anchor(id int64) string { return "m" + strconv.FormatInt(id, 10) }

func drawBubble(b bubble) part {
	status := named(b.Status != "", "is-"+b.Status)
	return element("article", class("bubble", named(b.Deleted, "deleted"), status, named(b.Unseen, "unseen")), attr("id", anchor(b.ID)),
		when(b.Quote != "", element("p", class("quote"), attr("dir", "auto"), element("a", href("#"+anchor(b.QuoteID)), literal(b.Quote)))),
		when(b.Deleted, element("p", class("text"), literal("This message was deleted."))),
		when(!b.Deleted, drawSaid(b)),
		when(len(b.Reacted) > 0, element("ul", class("reacted"), each(b.Reacted, drawReacted))),
		drawFacts(b))
}

// drawSaid is what somebody said, in whatever form.
func drawSaid(b bubble) part {
	return all(
		each(b.Files, drawFile),
		when(b.Custom != "", element("details", class("custom"),
			element("summary", literal("custom: "+b.Kind)),
			element("pre", attr("dir", "auto"), literal(b.Custom)))),
		when(len(b.Text) > 0, element("div", class("text"), attr("dir", "auto"), each(b.Text, drawSegment), drawRest(b))))
}

func drawRest(b bubble) part {
	return when(len(b.Rest) > 0, element("details", class("more"),
		element("summary", literal("Show all "+strconv.Itoa(b.Length)+" characters")),
		element("span", each(b.Rest, drawSegment))))
}

func drawReacted(r reacted) part {
	return element("li", attr("title", r.By), apart(r.Reaction), when(r.Count > 1, literal(" "+strconv.Itoa(r.Count))))
}

func drawFacts(b bubble) part {
	return element("details", class("facts"),
		element("summary",
			drawStatus(b.Status),
			when(b.Edited != "", element("span", class("edited"), literal("edited"))),
			drawTime(b.Exact, b.Time)),
		element("dl", each(b.Facts, func(fact [2]string) part {
			return element("div", element("dt", literal(fact[0])), element("dd", apart(fact[1])))
		})))
}

func drawStatus(status string) part {
	switch status {
	case "":
		return nil
	case "disapproved":
		return element("span", class("badge", "bad"), literal("Blocked by moderation"))
	case "pending":
		status = "Pending review"
	}
	return element("span", class("badge", "wait"), literal(status))
}

// drawFile shows an attachment in place, where that is allowed, or names it.
func drawFile(f file) part {
	switch {
	case f.Image != "":
		return element("a", class("picture"), href(f.Href), leave(), drawImage(f.Image, f.Name))
	case f.Video != "":
		return element("video", class("picture"), drawPlayed(f.Video))
	case f.Audio != "":
		return element("audio", drawPlayed(f.Audio))
	}
	name := apart(f.Name)
	if f.Href != "" {
		name = element("a", href(f.Href), leave(), name)
	}
	return element("div", class("file", f.Kind),
		element("span", class("glyph"), attr("aria-hidden", "true"), drawGlyph(f.Kind)),
		element("span", class("name"), name, when(f.Note != "", element("small", literal(f.Note)))))
}

// drawPlayed is what a video and a sound have in common: nothing is loaded
// before somebody wants to see or hear it.
func drawPlayed(address string) part {
	return all(src(address), attr("controls", ""), attr("preload", "none"))
}
