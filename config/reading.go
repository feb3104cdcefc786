package config

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config/lang"
)

// maxMistakes is the number of mistakes after which a conversation is not read
// on: a generated one can have the same mistake in every message.
const maxMistakes = 100

// reader reads the messages of one conversation. It is immutable; what changes
// is in a [reading], so that conversations can be read concurrently, and more
// than once.
type reader struct {
	conversation *Conversation
	block        *conversationBlock
	scope        *lang.Scope
	people       *people
	sources      *sources
	dir          string
	cast         []castEntry
	hclOnly      bool // messages take no cheaper way than hclsyntax; for tests
}

// reading is one pass over the messages of a conversation.
type reading struct {
	*reader
	yield    func(*Message) bool
	stopped  bool // the consumer broke off, or there were too many mistakes
	mistakes int
	diags    hcl.Diagnostics
	labels   map[string]labelled
	files    []string // that labels are in, in the order of the messages
	advice   advice
	// scriptLine is the line of a script that a mistake is in, when its place
	// shows no more than the whole script.
	scriptLine int
	plainly    int // messages that were read by plainMessage
}

func (r *reader) begin(yield func(*Message) bool) *reading {
	return &reading{reader: r, yield: yield}
}

// run reads all messages.
func (rd *reading) run() hcl.Diagnostics {
	if rd.block.cut != nil {
		rd.block.cut.read(rd)
	}
	for _, block := range rd.block.parsed {
		if rd.stopped {
			break
		}
		rd.readBlock(block, rd.scope)
	}
	rd.readNotations()
	return append(rd.diags, rd.advice.diagnostics()...)
}

// report takes in what is wrong. It stops the reading after too many mistakes.
func (rd *reading) report(diags ...*hcl.Diagnostic) {
	for _, diag := range diags {
		if rd.mistakes == maxMistakes {
			return
		}
		if rd.scriptLine > 0 {
			d := *diag
			d.Detail += fmt.Sprintf(" This is in line %d of the script.", rd.scriptLine)
			diag = &d
		}
		rd.diags = append(rd.diags, diag)
		if diag.Severity != hcl.DiagError {
			continue
		}
		if rd.mistakes++; rd.mistakes == maxMistakes {
			rd.stopped = true
			rd.diags = append(rd.diags, errorAt(rd.conversation.Range, "Too many mistakes",
				"%s has %d mistakes up to here, and is not read any further.", rd.conversation.Addr, rd.mistakes))
		}
	}
}
