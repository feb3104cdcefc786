package view

import (
	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/config/addr"
	"github.com/sowdev/sow/planner"
)

type failureJSON struct {
	Address string          `json:"address"`
	Action  string          `json:"action"`
	Source  *planner.Source `json:"source,omitempty"`
	Error   *errorJSON      `json:"error,omitempty"`
	Hint    string          `json:"hint,omitempty"`
}

type unmetJSON struct {
	Address string          `json:"address"`
	Source  *planner.Source `json:"source,omitempty"`
	ID      string          `json:"id,omitempty"`
	Want    string          `json:"want"`
	Got     string          `json:"got"`
}

func unmetOf(all []applier.Unmet) []unmetJSON {
	var out []unmetJSON
	for _, u := range all {
		out = append(out, unmetJSON{u.Message.String(), sourceJSON(u.Source), u.ID, u.Want, u.Got})
	}
	return out
}

// summary writes the outcome as the last event.
func (s *stream) summary(sum *applier.Summary, warnings []string, o SummaryOptions) {
	if !s.actsHeard() {
		return
	}
	var failures []failureJSON
	for _, f := range sum.Failures {
		out := failureJSON{Address: addressOf(f.Object, f.Message), Action: f.Action.String(), Source: sourceJSON(f.Source), Hint: f.Hint}
		if f.Err != nil {
			out.Error = errorOf(f.Err)
		}
		failures = append(failures, out)
	}
	s.emit("summary", struct {
		OK             bool           `json:"ok"`       // everything was done, and every expectation met
		Complete       bool           `json:"complete"` // everything was done
		Done           planner.Counts `json:"done"`
		Adopted        int            `json:"adopted"`
		NotAttempted   int            `json:"notAttempted"`
		Failures       []failureJSON  `json:"failures,omitempty"`
		InDoubt        []addr.Message `json:"inDoubt,omitempty"`
		Unmet          []unmetJSON    `json:"unmet,omitempty"`
		Undecided      []unmetJSON    `json:"undecided,omitempty"`
		Moderation     map[string]int `json:"moderation,omitempty"`
		Warnings       []string       `json:"warnings,omitempty"`
		Interrupted    bool           `json:"interrupted"`
		Stopped        *stopJSON      `json:"stopped,omitempty"`
		Requests       int            `json:"requests"`
		ElapsedSeconds float64        `json:"elapsedSeconds"`
		State          string         `json:"state,omitempty"`
		Look           string         `json:"look,omitempty"`
		Resume         string         `json:"resume,omitempty"`
	}{
		sum.OK(), sum.Complete(), sum.Done, sum.Adopted, sum.NotAttempted, failures, sum.InDoubt,
		unmetOf(sum.Unmet), unmetOf(sum.Undecided), sum.Moderation, warnings,
		sum.Interrupted, stopOf(sum.Stopped), sum.Requests, sum.Elapsed.Seconds(), o.State, o.Look, resumeOf(sum, o),
	}, false)
}

// resumeOf is the command that goes on, where there is something left.
func resumeOf(s *applier.Summary, o SummaryOptions) string {
	if s.Complete() {
		return ""
	}
	return o.Resume
}
