package emulator

import "strconv"

// drawDocument is a page, with what is around the content of every page.
func drawDocument(d *document) part {
	return element("html", attr("lang", "en"),
		drawHead(d),
		element("body", class("on-"+d.Section, named(d.Chat != nil, "in-chat")),
			element("a", class("skip"), href("#main"), literal("Skip to the content")),
			drawTop(d),
			element("div", class("panes"),
				drawSide(d),
				element("main", attr("id", "main"), attr("tabindex", "-1"), drawContent(d)))))
}

func drawHead(d *document) part {
	meta := func(name, content string) part {
		return element("meta", attr("name", name), attr("content", content))
	}
	return element("head",
		element("meta", attr("charset", "utf-8")),
		meta("viewport", "width=device-width, initial-scale=1"),
		meta("color-scheme", "light dark"),
		meta("robots", "noindex"),
		element("title", literal(d.Title+" · sow emulator")),
		element("link", attr("rel", "icon"), href("/icon.svg"), attr("type", "image/svg+xml")),
		element("link", attr("rel", "stylesheet"), href("/style.css")))
}

func drawTop(d *document) part {
	section := func(name, address, title string, count int) part {
		return element("a", href(address), when(d.Section == name, attr("aria-current", "page")),
			literal(title+" "), element("span", class("n"), literal(strconv.Itoa(count))))
	}
	return element("header", class("top"),
		element("a", class("brand"), href("/"), drawIcon("28"), element("span", literal("sow emulator"))),
		element("nav", attr("aria-label", "Sections"),
			section("chats", "/", "Chats", d.Totals.Chats),
			section("people", "/people", "People", d.Totals.Users),
			section("groups", "/groups", "Groups", d.Totals.Groups)),
		element("p", class("app"), literal("app "), element("strong", literal(d.App)), literal(" · "+d.Region+" · times in UTC")))
}

func drawIcon(size string) part {
	return element("img", src("/icon.svg"), attr("alt", ""), attr("width", size), attr("height", size))
}

func drawContent(d *document) part {
	switch {
	case d.Chat != nil:
		return drawChat(d.Chat)
	case d.People != nil:
		return drawPeople(d.People)
	case d.Groups != nil:
		return drawGroups(d.Groups)
	case d.Section == "missing":
		return drawMissing()
	case d.Totals.Chats > 0:
		return drawWelcome(d.Totals)
	}
	return drawEmpty()
}

func drawMissing() part {
	return element("div", class("welcome"),
		element("h1", literal("Nothing is here")),
		element("p", literal("Whatever was at this address is gone, or never was. "), element("a", href("/"), literal("All chats"))))
}

func drawWelcome(t totals) part {
	return element("div", class("welcome"), drawIcon("64"),
		element("h1", literal(strconv.Itoa(t.Messages)+" messages in "+strconv.Itoa(t.Chats)+" chats")),
		element("p", literal("Choose a chat to read it as its people see it.")))
}

func drawEmpty() part {
	return element("div", class("welcome"), drawIcon("64"),
		element("h1", literal("An empty app")),
		element("p", literal("Nobody has said anything yet. Seed it:")),
		element("pre", element("code", literal("sow init demo\nsow apply --emulator demo"))))
}

// drawSearch is a form that asks the page at an address for what is typed.
func drawSearch(address, title string, value part) part {
	return element("form", class("search"), attr("action", address), attr("method", "get"), attr("role", "search"),
		element("label", element("span", class("sr"), literal(title)),
			element("input", attr("type", "search"), attr("name", "q"), attr("placeholder", title), value)))
}

// drawPager links two neighbouring pages, where there are any.
func drawPager(before, beforeTitle, next, nextTitle string) part {
	return when(before != "" || next != "", element("p", class("pager"),
		when(before != "", element("a", href(before), literal(beforeTitle))),
		when(next != "", element("a", href(next), literal(nextTitle)))))
}

func drawFace(f face) part {
	return element("span", class("face", "t"+strconv.Itoa(f.Tint), named(f.Group, "group")), attr("aria-hidden", "true"),
		literal(f.Initials), when(f.Image != "" && isWeb(f.Image), drawImage(f.Image, "")))
}

// drawFaces are those of a chat: the group's, or both people's.
func drawFaces(first, second face, group bool) part {
	return element("span", class("faces", named(!group, "pair")), drawFace(first), when(!group, drawFace(second)))
}

// drawImage is a picture from elsewhere.
func drawImage(address, title string) part {
	return element("img", src(address), attr("alt", title), attr("loading", "lazy"), attr("referrerpolicy", "no-referrer"))
}

func drawNames(names []string) part {
	return joined(names, all(literal(" "), element("span", class("and"), literal("and")), literal(" ")), apart)
}

// leave is the attribute of links that lead elsewhere.
func leave() part { return attr("rel", "noopener noreferrer nofollow") }

func drawSegment(s segment) part {
	switch s.Kind {
	case "text":
		return literal(s.Text)
	case "name":
		return apart(s.Text)
	case "link":
		return element("a", href(s.Text), leave(), literal(s.Text))
	case "mention":
		return element("bdi", class("mention"), literal(s.Text))
	}
	return element("abbr", class("odd"), attr("title", s.Note), literal(s.Text))
}
