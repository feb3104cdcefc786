package applier

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sowdev/sow/config/addr"
)

// profile holds the declared values of a user or a group against what the app
// tells of it. Only declared values count: what the app adds is the app's.
type profile struct {
	addr  addr.Object
	texts []trait
	// Metadata and tags, as declared and as the app has them; kept is where the
	// record for the state keeps them.
	metadata, seenMetadata json.RawMessage
	tags, seenTags         []string
	keptMetadata           *json.RawMessage
	keptTags               *[]string
	// whole is set when what the app does not tell it does not have; else it
	// only was not told.
	whole bool
	put   func(ctx context.Context, p Patch) error // and renews what was seen
}

// trait is a value that is a text.
type trait struct {
	field      string // as the API calls it
	want, seen string
	kept       *string
	unsaid     bool // the app surely does not have what it does not tell
}

// differences is the patch that makes the app's values the declared ones.
func (p *profile) differences() Patch {
	set := make(map[string]any)
	for _, t := range p.texts {
		if t.want != "" && t.want != t.seen && (t.seen != "" || p.whole || t.unsaid) {
			set[t.field] = t.want
		}
	}
	if p.metadataDiffers() {
		set["metadata"] = overlay(p.seenMetadata, nil, p.metadata)
	}
	if len(p.tags) > 0 && !sameSet(p.tags, p.seenTags) && (len(p.seenTags) > 0 || p.whole) {
		set["tags"] = p.tags
	}
	return Patch{Set: set}
}

func (p *profile) metadataDiffers() bool {
	if len(p.metadata) == 0 || len(p.seenMetadata) == 0 && !p.whole {
		return false
	}
	if !covers(p.seenMetadata, p.metadata) {
		return true
	}
	// The app may hide a private field, so that nobody knows what it has.
	return p.whole && slices.ContainsFunc(slices.Collect(maps.Keys(fieldsOf(p.metadata))), isPrivate)
}

// correct makes the app's values the declared ones, as far as the app lets it.
// Values that it refuses are recorded as the app has them, so that the next
// plan shows the difference, and are the error.
func (r *run) correct(p *profile) error {
	patch := p.differences()
	if len(patch.Set) == 0 {
		return nil
	}
	r.wrote.Store(true)
	put := func(patch Patch) error {
		return r.call(standard, r.brake.halted, func(ctx context.Context) error { return p.put(ctx, patch) })
	}
	err := put(patch)
	if err == nil {
		p.whole = false
		r.warnOfRest(p.addr, p.differences())
		return nil
	}
	if !isRefusal(err) {
		p.keepSeen(patch)
		return err
	}
	// One value may have spoilt it for the others.
	var refused error
	for _, field := range slices.Sorted(maps.Keys(patch.Set)) {
		one := Patch{Set: map[string]any{field: patch.Set[field]}}
		if err := put(one); err != nil {
			p.keepSeen(one)
			refused = fmt.Errorf("set %s: %w", field, err)
		}
	}
	return refused
}

// keepSeen records the values of the patch's fields as the app has them.
func (p *profile) keepSeen(patch Patch) {
	for _, t := range p.texts {
		if _, ok := patch.Set[t.field]; ok && t.kept != nil {
			*t.kept = t.seen
		}
	}
	if _, ok := patch.Set["metadata"]; ok {
		*p.keptMetadata = nil
	}
	if _, ok := patch.Set["tags"]; ok {
		*p.keptTags = p.seenTags
	}
}

// warnOfRest tells of values that the app took without a word and did not
// change. They are recorded as declared: to plan them again would change
// nothing either.
func (r *run) warnOfRest(o addr.Object, rest Patch) {
	if len(rest.Set) > 0 {
		r.warn(o, fmt.Errorf("%s: the app did not take over %s", o, strings.Join(slices.Sorted(maps.Keys(rest.Set)), ", ")))
	}
}

// sameSet reports whether two lists have the same elements.
func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}
