package emulator

func drawSide(d *document) part {
	onChats := d.Section == "chats"
	none := "No chats yet."
	if onChats && d.Query != "" {
		none = "No chat is called like that."
	}
	return element("aside", class("chats"), attr("aria-label", "Chats"),
		drawSearch("/", "Search chats", when(onChats, attr("value", d.Query))),
		when(len(d.Side.Rows) == 0, element("p", class("none"), literal(none))),
		when(len(d.Side.Rows) > 0, element("ol", class("rows"), each(d.Side.Rows, drawRow))),
		drawPager(d.Side.Newer, "Newer", d.Side.Older, "Older"))
}

func drawRow(r chatRow) part {
	return element("li", element("a", class("row"), href(r.Href), when(r.Current, attr("aria-current", "true")),
		drawFaces(r.Face, r.With, r.Group),
		element("span", class("what"),
			element("span", class("names"), drawNames(r.Names)),
			element("span", class("preview"), attr("dir", "auto"), literal(r.Preview))),
		element("time", class("when"), attr("datetime", r.Exact), literal(r.When))))
}

func drawPeople(p *peoplePage) part {
	none := "Nobody is here yet."
	if p.Query != "" {
		none = "Nobody is called like that."
	}
	return drawBrowse("People", "/people", p, none)
}

func drawGroups(p *groupsPage) part {
	none := "There are no groups yet."
	if p.Query != "" {
		none = "No group is called like that."
	}
	return drawBrowse("Groups", "/groups", (*peoplePage)(p), none)
}

// drawBrowse is a page of cards, or says that there are none.
func drawBrowse(title, address string, p *peoplePage, none string) part {
	return element("div", class("browse"),
		element("header", element("h1", literal(title)), drawSearch(address, "Search", nil)),
		when(len(p.Cards) > 0, element("ul", class("cards"), each(p.Cards, drawCard))),
		when(len(p.Cards) == 0, element("p", class("none"), literal(none))),
		drawPager(p.Before, "Before", p.Next, "Next"))
}

func drawCard(c card) part {
	name := apart(c.Name)
	if c.Chat != "" {
		name = element("a", href(c.Chat), name)
	}
	return element("li", class("card", named(c.Gone, "gone")),
		drawFace(c.Face),
		element("div",
			element("h2", name),
			element("p", class("id"), literal(c.ID)),
			when(c.About != "", element("p", class("about"), attr("dir", "auto"), literal(c.About))),
			element("p", class("facts"), joined(c.Facts, literal(" · "), apart), when(c.Gone, literal(" · deactivated"))),
			when(len(c.Joined) > 0, element("p", class("joined"), joined(c.Joined, literal(", "), apart))),
			when(len(c.Tags) > 0, element("ul", class("tags"), each(c.Tags, drawTag)))))
}

func drawTag(tag string) part { return element("li", apart(tag)) }
