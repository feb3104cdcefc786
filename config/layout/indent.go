package layout

import "github.com/hashicorp/hcl/v2/hclsyntax"

const indentWidth = 2

// levels are the lines that are open: how many brackets of each wait to be
// closed. However many a line opens, it takes the next ones one level deeper.
type levels []int

func (v *levels) open(brackets int) { *v = append(*v, brackets) }

// close ends levels, the innermost first. Brackets too many are nobody's.
func (v *levels) close(brackets int) {
	for brackets > 0 && len(*v) > 0 {
		innermost := &(*v)[len(*v)-1]
		closed := min(brackets, *innermost)
		*innermost -= closed
		brackets -= closed
		if *innermost == 0 {
			*v = (*v)[:len(*v)-1]
		}
	}
}

// indent sets the spaces at the beginnings of lines. A line that closes
// brackets stands where the line that opened them does.
func (s *sheet) indent() {
	var open levels
	for _, l := range s.lines {
		if s.tokens[l.first].Type == hclsyntax.TokenNewline {
			continue
		}
		brackets := s.brackets(l)
		open.close(-brackets)
		s.spaces[l.first] = indentWidth * len(open)
		if brackets > 0 {
			open.open(brackets)
		}
	}
}

// brackets returns how many more brackets a line opens than it closes.
//
// What opens inside a heredoc on the line on which the heredoc begins is no
// level. Where it closes on a later line it closes a level all the same, and so
// takes what follows too far to the left. All fmt commands give such rare
// templates this layout; with another one, files would change to and fro
// between them.
func (s *sheet) brackets(l line) int {
	end := l.end
	if l.assign != none {
		end = l.assign // from there on as many close as open
	}
	n := 0
	for _, token := range s.tokens[l.first:end] {
		if token.Type == hclsyntax.TokenOHeredoc {
			break
		}
		n += opens(token.Type)
	}
	return n
}
