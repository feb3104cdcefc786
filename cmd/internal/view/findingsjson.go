package view

import (
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
)

// foundJSON is what reading the app came to.
type foundJSON struct {
	Requests int                         `json:"requests"`
	Counts   map[planner.FindingKind]int `json:"counts"`
}

func foundOf(f *planner.Findings) *foundJSON {
	if f == nil {
		return nil
	}
	return &foundJSON{f.Requests, f.Counts}
}

type findingJSON struct {
	Kind    planner.FindingKind   `json:"kind"`
	Address string                `json:"address,omitempty"`
	Chat    string                `json:"chat,omitempty"`
	ID      string                `json:"id,omitempty"`
	Before  *messageJSON          `json:"before,omitempty"`
	After   *messageJSON          `json:"after,omitempty"`
	User    *userJSON             `json:"user,omitempty"`
	Group   *groupJSON            `json:"group,omitempty"`
	Fields  []planner.FieldChange `json:"fields,omitempty"`
	Why     string                `json:"why,omitempty"`
}

func findingOf(f *planner.Finding) findingJSON {
	var (
		object  addr.Object
		message addr.Message
	)
	if f.Object != nil {
		object = *f.Object
	}
	if f.Message != nil {
		message = *f.Message
	}
	return findingJSON{
		Kind: f.Kind, Address: addressOf(object, message), Chat: f.Chat, ID: f.ID,
		Before: messageOf(f.Before, nil), After: messageOf(f.After, nil), User: userOf(f.User, nil), Group: groupOf(f.Group, nil),
		Fields: f.Fields, Why: f.Why,
	}
}

// found writes what reading the app showed as the member of that name.
func (d *document) found(f *planner.Findings) error {
	d.name("found")
	d.begin()
	d.member("requests", f.Requests)
	d.member("counts", f.Counts)
	err := d.findings(f)
	d.end()
	return err
}

// findings writes an array of them. That a conversation is taken in is told by
// its messages.
func (d *document) findings(f *planner.Findings) error {
	return d.array("findings", func() error {
		for found, err := range f.All() {
			if err != nil {
				return err
			}
			if found.Conversation == nil {
				d.value(findingOf(found))
			}
		}
		return nil
	})
}
