package planner

import (
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config/addr"
)

// futureMessage says that n messages of a conversation, of which e is the
// first, would be sent before their time.
func futureMessage(t *talk, e *entry, n int, now int64) *hcl.Diagnostic {
	detail := fmt.Sprintf("This message of %s would be sent with the time %s, which is %s from now. CometChat does not say what it does with such a message, so sow does not send it.",
		t.addr, formatInstant(e.at), distance(e.at-now))
	if n > 1 {
		detail += fmt.Sprintf(" It is the first of %d like that in the conversation.", n)
	}
	detail += ` Let the conversation start earlier ("starts" or "at"), or make its gaps shorter ("pace" or "after").`
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Message in the future", Detail: detail, Subject: e.decl.Range.Ptr()}
}

// oldMessages warns of n messages of a conversation, of which e is the first.
func oldMessages(t *talk, e *entry, n int) *hcl.Diagnostic {
	are := "One message"
	if n > 1 {
		are = fmt.Sprintf("%d messages", n)
	}
	detail := fmt.Sprintf("%s of %s would be sent with a time more than six months back, beginning with this one at %s. CometChat may refuse messages that old. Its documentation gives no limit for this way of sending.",
		are, t.addr, formatInstant(e.at))
	return &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "Message may be too old", Detail: detail, Subject: e.decl.Range.Ptr()}
}

// distance is a length of time for people.
func distance(seconds int64) string {
	switch d := time.Duration(seconds) * time.Second; {
	case seconds >= 2*86400:
		return fmt.Sprintf("%d days", seconds/86400)
	case seconds >= 2*3600:
		return fmt.Sprintf("%d hours", seconds/3600)
	case seconds >= 2*60:
		return fmt.Sprintf("%d minutes", seconds/60)
	case seconds == 1:
		return "one second"
	default:
		return fmt.Sprintf("%d seconds", int(d.Seconds()))
	}
}

// protected is an object that the plan would remove, and must not.
type protected struct {
	addr addr.Object
	at   *hcl.Range // where it is declared; nil when it no longer is
}

// protect notes that the plan would remove an object that is protected.
func (b *builder) protect(o addr.Object, at *hcl.Range) {
	b.protected = append(b.protected, protected{o, at})
}

// maxNamed is how many objects a diagnostic names.
const maxNamed = 20

// protections reports the protected objects that the plan would remove.
func (b *builder) protections() hcl.Diagnostics {
	var diags hcl.Diagnostics
	var gone []string
	for _, p := range b.protected {
		if p.at == nil {
			gone = append(gone, p.addr.String())
			continue
		}
		diags = append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Protected object would be replaced", Subject: p.at,
			Detail: fmt.Sprintf("The change to %s cannot be made in place: what is in the app would be deleted and made anew. It has prevent_destroy = true, which forbids that. Undo the change, or lift the protection with prevent_destroy = false.", p.addr),
		})
	}
	if len(gone) == 0 {
		return diags
	}
	n := len(gone)
	if n > maxNamed {
		gone = append(gone[:maxNamed], fmt.Sprintf("and %d more", n-maxNamed))
	}
	why := "The configuration no longer declares these objects, so they would be deleted:"
	if b.plan.Destroy {
		why = "These objects would be deleted:"
	}
	return append(diags, &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: "Protected objects would be deleted",
		Detail: fmt.Sprintf("%s\n  %s\nThey were seeded with prevent_destroy = true, which the state remembers even when the block is gone. To let them go, declare them with prevent_destroy = false and apply that first.",
			why, strings.Join(gone, "\n  ")),
	})
}
