package view

import (
	"fmt"
	"strings"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// verificationFormat names the form of a verification as JSON; see planFormat.
const verificationFormat = "sow.verification/1"

// VerificationOptions say how a verification is shown.
type VerificationOptions struct {
	Full bool // cut nothing (--full)
	// Next is said below a verification with differences: what to do about them.
	Next string
}

// Verification shows how an app differs from the state. It holds one finding at
// a time.
func (v *View) Verification(r state.Reader, f *applier.Verification, o VerificationOptions) error {
	if v.o.Format == JSON {
		return v.document(func(d *document) error { return d.verification(r.Header(), f) })
	}
	return v.resultOf(func(p *printer) error {
		h := r.Header()
		line := append(spans{say(strong, "sow verify  ")}, foreign(strong, h.Dataset)...)
		p.line(append(line, foreign(plain, " → "+appName(&planner.Plan{AppID: h.AppID, Region: h.Region}))...)...)
		p.prose(lookedFor(f), 0)
		if f.Found.Total() > 0 {
			var people []state.User
			for _, u := range r.Users() {
				people = append(people, *u)
			}
			if len(f.Found.People) > 0 {
				p.blank()
			}
			if err := (&findingsText{p: p, cast: newCast(people), full: o.Full}).print(f.Found); err != nil {
				return err
			}
			p.blank()
		}
		if !f.Differs() {
			p.prose("The app is as the state says."+ofWhatIsOpen(f.Found), 0)
			return nil
		}
		p.prose("The app differs: "+strings.Join(foundParts(f.Found), ", ")+".", 0)
		if o.Next != "" {
			p.prose(o.Next, 0)
		}
		return nil
	})
}

// lookedFor says what was looked for.
func lookedFor(f *applier.Verification) string {
	return fmt.Sprintf("%s in %s, %s and %s, with %s", count(f.Messages, "message"), count(f.Chats, "chat"),
		count(f.Users, "user"), count(f.Groups, "group"), count(f.Found.Requests, "request"))
}

// ofWhatIsOpen tells of what is no difference, and not settled either.
func ofWhatIsOpen(f *planner.Findings) string {
	parts := foundParts(f)
	if len(parts) == 0 {
		return ""
	}
	return " Still open: " + strings.Join(parts, ", ") + "."
}

// verification writes a whole verification.
func (d *document) verification(h state.Header, f *applier.Verification) error {
	d.begin()
	d.member("format", verificationFormat)
	d.member("dataset", h.Dataset)
	d.member("app", appJSON{h.AppID, h.Region})
	d.member("differs", f.Differs())
	d.member("requests", f.Found.Requests)
	d.member("checked", struct {
		Users    int `json:"users"`
		Groups   int `json:"groups"`
		Chats    int `json:"chats"`
		Messages int `json:"messages"`
	}{f.Users, f.Groups, f.Chats, f.Messages})
	d.member("counts", f.Found.Counts)
	err := d.findings(f.Found)
	d.end()
	return err
}
