package view_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/cmd/internal/view"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

func writeReceipt(t *testing.T, p *planner.Plan, events []applier.Event, s *applier.Summary, after state.Reader) string {
	t.Helper()
	r := view.NewReceipt(p)
	for _, e := range events {
		r.Report(e)
	}
	var out strings.Builder
	err := r.Write(&out, p, s, view.ReceiptOptions{At: time.Unix(morning, 0), After: after})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func doneMessage(c addr.Object, key string, a planner.Action, attempts int, adopted bool) applier.Event {
	return applier.Event{Kind: applier.Done, Message: c.Message(key), Action: a, Attempts: attempts, Adopted: adopted}
}

// TestReceipt writes the receipt of an apply that did a bit of everything: one
// chat came to its end, with a message that was found in the app and one that
// took three attempts; the other broke off at a doubt.
func TestReceipt(t *testing.T) {
	p := refundPlan()
	refund, welcome := conversation("refund"), conversation("welcome")
	refused := &applier.Refusal{Code: "ERR_UID_NOT_FOUND", Status: 404, Message: "no such user"}
	events := []applier.Event{
		{Kind: applier.Started, Total: 9},
		{Kind: applier.Done, Object: user("ana"), Action: planner.Create},
		{Kind: applier.Failed, Object: agent("sam"), Action: planner.Update, Err: refused},
		{Kind: applier.Failed, Message: welcome.Message("~5b1"), Action: planner.Create, Err: errors.New("the line was cut")},
		doneMessage(refund, "~3fa9c01b77e24d10", planner.Delete, 0, false),
		doneMessage(refund, "~3", planner.Update, 0, false),
		doneMessage(refund, "~6", planner.Create, 1, false),
		doneMessage(refund, "~7", planner.Replace, 3, false),
		doneMessage(refund, "~8", planner.Create, 0, true),
		doneMessage(welcome, "hello", planner.Create, 1, false),
	}
	s := &applier.Summary{
		Done:    planner.Counts{Users: planner.ActionCounts{Create: 1}, Messages: planner.ActionCounts{Create: 3, Update: 1, Replace: 1, Delete: 1}},
		Adopted: 1, NotAttempted: 2, InDoubt: []addr.Message{welcome.Message("~5b1")},
		Failures:   []applier.Failure{{Object: agent("sam"), Err: refused}},
		Moderation: map[string]int{"approved": 4},
	}
	after := &memory{
		users:  []*state.User{{Addr: user("ana"), UID: "ana", Origin: state.Created}},
		groups: nil,
		messages: map[addr.Object][]*state.Message{
			refund: {
				{Key: "hello", ID: "1", MUID: "sow-hello", SentAt: morning},
				{Key: "~3", ID: "42", MUID: "sow-~3", SentAt: morning + 120, Moderation: "approved"},
				{Key: "~6", ID: "50", MUID: "sow-~6", SentAt: morning + 240, Moderation: "pending"},
				{Key: "~8", ID: "77", MUID: "sow-~8", SentAt: morning + 300}, // as it was found
				{Key: "~7", ID: "51", MUID: "sow-~7", SentAt: morning + 360, Moderation: "approved"},
			},
			welcome: {{Key: "hello", ID: "60", MUID: "sow-hello2", SentAt: morning + 9*3600}},
		},
	}
	got := writeReceipt(t, p, events, s, after)
	golden(t, "receipt/partly.ndjson", got)
	for _, secret := range []string{"hunter2", "4711", "Ana Lima", "parcel"} {
		if strings.Contains(got, secret) {
			t.Errorf("the receipt tells %q", secret)
		}
	}

	// Events come from many chats at once: their order says nothing.
	for i, j := 0, len(events)-1; i < j; i++ {
		if events[i].Message.Conversation == welcome {
			events[i], events[0] = events[0], events[i]
		}
	}
	if diff := cmp.Diff(got, writeReceipt(t, p, events, s, after)); diff != "" {
		t.Errorf("another order of events gives another receipt (-want +got):\n%s", diff)
	}
}

// TestReceiptOfNothing is of an apply that had nothing to do, and of one that
// did nothing.
func TestReceiptOfNothing(t *testing.T) {
	empty := writeReceipt(t, &planner.Plan{Dataset: "demo", AppID: "2604abc", Region: "us", Digest: digest}, nil, &applier.Summary{}, &memory{})
	golden(t, "receipt/empty.ndjson", empty)
	stop := &applier.StopError{Cause: applier.Unreachable, Err: errors.New("no route to host"), Hint: "Check the network."}
	stopped := writeReceipt(t, refundPlan(), nil, &applier.Summary{NotAttempted: 11, Stopped: stop}, &memory{missing: true})
	golden(t, "receipt/stopped.ndjson", stopped)
}
