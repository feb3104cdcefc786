package emulator

import (
	"bytes"
	"embed"
	"net/http"
	"net/url"
	"strings"
)

//go:embed page
var pageFiles embed.FS

// document is what a page is made of. Every page has the list of chats at its
// side.
type document struct {
	App     string
	Region  string
	Title   string
	Section string // chats, people, groups or missing
	Query   string
	Totals  totals
	Side    side
	// One of these is the page's own content.
	Chat   *chatPage
	People *peoplePage
	Groups *groupsPage
}

// totals counts what the app holds.
type totals struct {
	Users, Groups, Chats, Messages int
}

// servePage answers a person with a browser. Pages only read.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", s.policy())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "The pages can only be read. The API is below /v3.", http.StatusMethodNotAllowed)
		return
	}
	switch r.URL.Path {
	case "/style.css":
		s.serveFile(w, "page/style.css", "text/css; charset=utf-8")
	case "/icon.svg":
		s.serveFile(w, "page/icon.svg", "image/svg+xml")
	default:
		s.serveDocument(w, r)
	}
}

// policy lets a page load nothing from elsewhere, unless images are allowed,
// and run nothing at all.
func (s *Server) policy() string {
	images := "'self'"
	media := "'none'"
	if s.options.Images {
		images, media = "'self' https: http:", "https: http:"
	}
	return "default-src 'none'; style-src 'self'; img-src " + images + "; media-src " + media +
		"; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

func (s *Server) serveFile(w http.ResponseWriter, name, kind string) {
	b, err := pageFiles.ReadFile(name)
	if err != nil {
		panic("emulator: " + err.Error()) // it is built in
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(b) // a browser that went away is no concern of ours
}

func (s *Server) serveDocument(w http.ResponseWriter, r *http.Request) {
	s.later.run(s, s.now())
	d := s.documentFor(r.URL)
	var b bytes.Buffer
	if err := write(&b, drawDocument(d)); err != nil {
		http.Error(w, "The page cannot be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if d.Section == "missing" {
		w.WriteHeader(http.StatusNotFound)
	}
	_, _ = w.Write(b.Bytes()) // a browser that went away is no concern of ours
}

func (s *Server) documentFor(u *url.URL) *document {
	query := u.Query()
	d := &document{App: s.options.AppID, Region: s.options.Region, Query: query.Get("q")}
	r := s.newReader()
	d.Totals = r.totals()
	first, rest, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	switch {
	case first == "" && rest == "":
		d.Section, d.Title = "chats", "Chats"
	case first == "chats" && rest != "":
		d.Chat = r.chat(rest, query)
		d.Section = "chats"
		if d.Chat != nil {
			d.Title = strings.Join(d.Chat.Names, " and ")
		}
	case first == "people" && rest == "":
		d.Section, d.Title = "people", "People"
		d.People = r.people(query)
	case first == "groups" && rest == "":
		d.Section, d.Title = "groups", "Groups"
		d.Groups = r.groups(query)
	}
	if d.Title == "" {
		d.Section, d.Title = "missing", "Not found"
	}
	current := ""
	if d.Chat != nil {
		current = d.Chat.ID
	}
	sideQuery := query
	if d.Section != "chats" { // there, q looks for something else
		sideQuery = url.Values{}
	}
	d.Side = r.side(sideQuery, current)
	return d
}
