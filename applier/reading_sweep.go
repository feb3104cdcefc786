package applier

import (
	"context"
	"math"
)

// A sweep reads the list of all messages of the app instead of the list of each
// chat: a dataset of many small chats takes a request for a thousand messages
// then, and not one for each chat. It is made without a filter, because neither
// what others write into the chats nor what lost its tags would pass one.
//
// What it shows is believed, and what it does not show proves nothing: a chat
// that lacks something is read by its own list as well.

const (
	// smallChat is how many messages a chat is expected to have at the most for a
	// sweep to be better than its own list.
	smallChat = 100
	// chatsPerPage is how many chats a page of a sweep has to stand for. The pages
	// are read one after the other, and chats side by side: with fewer, a sweep
	// would take longer than what it spares, or than what it adds when it is given
	// up.
	chatsPerPage = 16
	// maxSwept is how many messages the chats of a sweep may have, since they are
	// held in memory. The chats beyond it are read in another one.
	maxSwept = 1 << 15
)

// batches divides chats into those for which sweeps may be made, each with no
// more messages than may be held, and the others.
func (rd *reading) batches(todo []*place) (batches [][]*place, others []*place) {
	expected := 0
	for _, p := range rd.chats {
		expected += rd.size(p)
	}
	pages := expected/pageOfReading + 2 // the last one, and the empty one that ends the list
	var batch []*place
	messages := 0
	end := func() {
		if pages <= rd.sweepBudget(batch) {
			batches = append(batches, batch)
		} else {
			others = append(others, batch...)
		}
		batch, messages = nil, 0
	}
	for _, p := range todo {
		n := rd.size(p)
		if n > smallChat || n == 0 && !rd.foreign {
			others = append(others, p)
			continue
		}
		if messages+n > maxSwept {
			end()
		}
		batch, messages = append(batch, p), messages+n
	}
	end()
	return batches, others
}

// sweepBudget is how many requests a sweep for the chats may take.
func (rd *reading) sweepBudget(batch []*place) int {
	if rd.eager && len(batch) > 0 {
		return math.MaxInt - 1
	}
	return len(batch) / chatsPerPage
}

// size is how many messages are expected in a chat.
func (rd *reading) size(p *place) int {
	n := 0
	for _, c := range p.conversations {
		n += rd.prior.Count(c.Addr)
	}
	if p.lane >= 0 {
		counts := rd.plan.Lanes[p.lane].Counts.Messages
		n += counts.Create + counts.Replace
	}
	return n
}

// sweep reads the app's messages and gives the chats what they have of them. It
// reports whether it came to the end of the list: it is given up when the app
// has so many messages that the chats' own lists are better, or does not let us.
// An error only says that the reading ends.
func (rd *reading) sweep(batch []*place) (done bool, err error) {
	budget := rd.sweepBudget(batch)
	if rd.sweeping > budget {
		return false, nil
	}
	byName := make(map[string]*place, len(batch))
	for _, p := range batch {
		byName[p.name] = p
	}
	defer func() {
		for _, p := range batch {
			if p.swept = done; !done {
				p.shown = nil
			}
		}
	}()
	q := MessageQuery{Limit: pageOfReading}
	kept := 0
	for n := 1; n <= budget; n++ {
		var page *MessagePage
		err := rd.few(func(ctx context.Context) (err error) {
			page, err = rd.app.ListMessages(ctx, q)
			return err
		})
		if stopping(err) {
			return false, err
		}
		if err != nil {
			break
		}
		for _, m := range page.Messages {
			if p := byName[chatName(m)]; p != nil {
				m.SenderEntity, m.ReceiverEntity, m.GroupEntity = nil, nil, nil // nobody asks, and they are most of it
				p.shown = append(p.shown, m)
				kept++
			}
		}
		switch {
		case kept > 2*maxSwept: // others write here, and much
			return false, nil
		case page.Next == nil && page.Limit != 0 && len(page.Messages) >= page.Limit:
			return false, nil // a full page is no end
		case page.Next == nil:
			return true, nil
		}
		q.Cursor = page.Next
	}
	rd.sweeping = budget + 1
	return false, nil
}

// fromSweep hands to the lineup what a sweep has seen of the chat, if there was
// one.
func (v *visit) fromSweep(l *lineup) {
	if !v.place.swept {
		return
	}
	for _, m := range v.place.shown {
		v.take(l, m)
	}
	v.place.shown = nil
	v.settle(l)
}

// isCutOff reports whether the app was seen to lack one of the two people of the
// chat, or the group: it then has no list of the chat, and to read what they sent
// from the list of the app is what the sweep did.
func (v *visit) isCutOff() bool {
	in := &v.place.in
	return v.nobody[in.a] || v.nobody[in.b] || v.nowhere[in.group]
}
