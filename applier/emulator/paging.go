package emulator

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// page is a place in a list that is read page by page.
type page struct {
	number  int
	perPage int
	skip    int // how many to pass over first
	more    bool
	count   int
	b       []byte // the data so far
}

// newPage reads page and perPage.
func newPage(query url.Values, standard int) (*page, *failure) {
	var k checks
	p := &page{
		number:  queryInt(query, "page", 1, 1<<30, 1, &k),
		perPage: queryInt(query, "perPage", 1, maxPerPage, standard, &k),
		b:       []byte{'['},
	}
	p.skip = (p.number - 1) * p.perPage
	return p, k.failure()
}

// add counts an item and reports whether it belongs on the page; when it does,
// its JSON is to be appended to b. When more is set, there is no need to go on.
func (p *page) add() bool {
	switch {
	case p.skip > 0:
		p.skip--
		return false
	case p.count == p.perPage:
		p.more = true
		return false
	}
	if p.count > 0 {
		p.b = append(p.b, ',')
	}
	p.count++
	return true
}

// reply makes the page the answer. The total is never told, and the number of
// pages says only whether there is one more, as at the service.
func (p *page) reply(c *call) {
	pages := p.number
	if p.more {
		pages++
	}
	o := begin(c.out)
	o.raw("data", append(p.b, ']'))
	o.name("meta")
	meta := begin(o.b)
	meta.name("pagination")
	n := begin(meta.b)
	n.number("total", 0)
	n.number("count", int64(p.count))
	n.number("per_page", int64(p.perPage))
	n.number("current_page", int64(p.number))
	n.number("total_pages", int64(pages))
	meta.b = n.end()
	o.b = meta.end()
	c.out = o.end()
}

// queryInt reads a number in bounds.
func queryInt(query url.Values, name string, least, most, standard int, k *checks) int {
	s := query.Get(name)
	if s == "" {
		return standard
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		k.bad(name, "%s must be a number from %d to %d", name, least, most)
		return standard
	}
	return n
}

// queryBool reads true, 1, false or 0.
func queryBool(query url.Values, name string) bool {
	s := query.Get(name)
	return s == "true" || s == "1"
}

// queryList reads a list: repeated, with brackets after the name, or with
// commas between.
func queryList(query url.Values, names ...string) []string {
	var list []string
	for _, name := range names {
		for _, form := range []string{name, name + "[]"} {
			for _, s := range query[form] {
				for part := range strings.SplitSeq(s, ",") {
					if part = strings.TrimSpace(part); part != "" {
						list = append(list, part)
					}
				}
			}
		}
		for i := 0; ; i++ {
			s := query.Get(fmt.Sprintf("%s[%d]", name, i))
			if s == "" {
				break
			}
			list = append(list, s)
		}
	}
	return list
}

// haveAll reports whether a list contains all that is wanted.
func haveAny(have, want []string) bool {
	return len(want) == 0 || slices.ContainsFunc(want, func(w string) bool { return slices.Contains(have, w) })
}
