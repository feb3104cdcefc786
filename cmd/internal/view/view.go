// Package view is everything that people and machines read from sow: plans,
// progress, summaries, diagnostics, the state; as text, JSON and Markdown.
//
// The rules of what goes where:
//
//   - Results go to Out: a plan, a summary, a listing, a JSON document. They
//     are what a pipe wants.
//   - Everything else goes to Err: diagnostics, questions, progress, notes.
//   - Other people's words (texts, names, keys, file names, what an app
//     answered) pass [Terminal] or [MarkdownText] before they are shown, so that no
//     byte of them acts on the terminal, on the log of a CI system or on the page
//     of a pull request. JSON holds the true bytes.
//   - Colour never carries a meaning alone, and is chosen for each stream by
//     itself.
//   - A failed write is told to the caller where it loses a result, and is
//     ignored where it loses only talk.
package view

import (
	"io"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
	"github.com/sowdev/sow/state"
)

// Format is the form of what is shown.
type Format int

const (
	// Text is for people.
	Text Format = iota
	// JSON is one document on Out, of a command that has a result. Diagnostics
	// are lines of JSON on Err.
	JSON
	// Stream is one line of JSON on Out for each event, of a command that acts.
	// Diagnostics are among the events; Err stays empty.
	Stream
)

// Options are what a View knows of the world.
type Options struct {
	Out, Err                 io.Writer
	OutTerminal, ErrTerminal bool
	// Width returns the columns of the terminal, or 0 where nobody knows. It is
	// asked anew where it matters, because windows are resized. Nil is 0.
	Width func() int
	// Getenv gives NO_COLOR, CLICOLOR_FORCE, TERM, and what CI systems say of
	// themselves. Nil is an empty environment.
	Getenv  func(name string) string
	NoColor bool // --no-color; counts more than the environment
	Format  Format
	// Events also gets the stream, whatever the format is (--events). Nil means
	// no stream beside the view.
	Events io.Writer
}

// View shows things. Its methods may be called concurrently.
type View struct {
	o  Options
	mu sync.Mutex
}

// New makes a View.
func New(o Options) *View { return &View{o: o} }

// Sources returns the text of a file that a diagnostic's range names, or nil;
// [config.Config.Source] is one.
type Sources func(filename string) []byte

// PlanOptions say how a plan is shown.
type PlanOptions struct {
	Full bool // cut nothing (--full)
	// Next is a command to show below the plan, as what to do now; "" shows none.
	Next string
}

// Plan shows a plan: as text or a document on Out, or as events. It reads every
// lane once, and holds one message at a time.
func (v *View) Plan(p *planner.Plan, o PlanOptions) error { panic("skeleton") }

// Markdown writes a plan as a comment for a pull request: at most 65,536
// characters, which is what GitHub takes, deletes first.
func Markdown(w io.Writer, p *planner.Plan) error { panic("skeleton") }

// Diagnostics shows diagnostics on Err in the order given, or as events. The
// sources may be nil.
func (v *View) Diagnostics(diags hcl.Diagnostics, sources Sources) { panic("skeleton") }

// Validation is the outcome of a validate.
type Validation struct {
	Diagnostics                            hcl.Diagnostics
	Dataset                                string
	Users, Groups, Conversations, Messages int
}

// Validation shows the outcome of a validate: its diagnostics, then one line
// that says that all is well; or a document on Out.
func (v *View) Validation(r Validation, sources Sources) error { panic("skeleton") }

// Progress returns a reporter for one apply of p, which shows a live line on a
// terminal, plain lines elsewhere, and events. Close it before anything else
// is shown.
func (v *View) Progress(p *planner.Plan) *Progress { panic("skeleton") }

// Progress is an [applier.Reporter].
type Progress struct{}

var _ applier.Reporter = (*Progress)(nil)

// Report takes in an event. It never blocks for long.
func (p *Progress) Report(e applier.Event) { panic("skeleton") }

// Close ends the live line. It may be called more than once.
func (p *Progress) Close() { panic("skeleton") }

// SummaryOptions are what a summary tells besides the outcome. Empty fields
// are not shown.
type SummaryOptions struct {
	State  string // where the state is: state.Store.Location
	Resume string // the command that goes on after an interruption or a failure
	Look   string // where to look at the chats: a URL or a command
}

// Summary shows the outcome of an apply or destroy on Out, or as the last
// event.
func (v *View) Summary(s *applier.Summary, o SummaryOptions) error { panic("skeleton") }

// Ask shows a question on Err, with the cursor behind it. Reading the answer is
// the caller's business.
func (v *View) Ask(question string) { panic("skeleton") }

// Note shows a sentence about what goes on, on Err. In JSON and Stream formats
// it is an event.
func (v *View) Note(text string) { panic("skeleton") }

// Say shows text for people on Out, made safe for terminals. Lines are kept as
// they are.
func (v *View) Say(text string) error { panic("skeleton") }

// Raw writes a result to Out byte for byte: the formatted file, the completion
// script.
func (v *View) Raw(result []byte) error { panic("skeleton") }

// State shows a whole state: its header, people, groups, and every
// conversation as a chat; or a document.
func (v *View) State(r state.Reader, o StateOptions) error { panic("skeleton") }

// StateOptions say how a state is shown.
type StateOptions struct {
	Full     bool   // cut nothing
	Location string // state.Store.Location
}

// StateList shows the addresses of what the state holds, one a line, in the
// order of the state; or a document. Empty selections list everything; an
// object's address lists the object and, of a conversation, its messages.
func (v *View) StateList(r state.Reader, only ...addr.Object) error { panic("skeleton") }

// StateObject shows all that the state holds of a user, a group or a
// conversation; false when it holds no such object.
func (v *View) StateObject(r state.Reader, o addr.Object) (found bool, err error) { panic("skeleton") }

// StateMessage shows all that the state holds of a message; false when it
// holds no such message.
func (v *View) StateMessage(r state.Reader, m addr.Message) (found bool, err error) {
	panic("skeleton")
}

// Outputs shows the dataset's outputs, sensitive ones hidden, or as an event.
func (v *View) Outputs(outputs []config.Output) error { panic("skeleton") }

// Version is what the program is.
type Version struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"` // built from a tree with changes
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Version shows which program this is.
func (v *View) Version(ver Version) error { panic("skeleton") }

// Terminal returns text fit for a terminal and for a CI log; see the package
// comment.
func Terminal(text string) string { panic("skeleton") }

// MarkdownText returns text that GitHub-flavoured Markdown shows as it is.
func MarkdownText(text string) string { panic("skeleton") }
