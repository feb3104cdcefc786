package layout

import "github.com/hashicorp/hcl/v2/hclsyntax"

// separate sets the spaces between the tokens of each line.
func (s *sheet) separate() {
	for _, l := range s.lines {
		before := hclsyntax.TokenNil
		for i := l.first + 1; i < l.end; i++ {
			if spaceBetween(before, s.tokens[i-1], s.tokens[i]) {
				s.spaces[i] = 1
			}
			before = s.tokens[i-1].Type
		}
	}
}

// spaceBetween reports whether there is a space between left and right; before
// is what stands left of left on its line.
func spaceBetween(before hclsyntax.TokenType, left, right hclsyntax.Token) bool {
	if isTemplatePart(left.Type, right.Type) {
		return false
	}
	if readsOtherwise(before, left.Type, right.Type) {
		return true
	}
	switch right.Type {
	case hclsyntax.TokenNewline, hclsyntax.TokenComma, hclsyntax.TokenDot, hclsyntax.TokenEllipsis:
		return false
	}
	switch left.Type {
	case hclsyntax.TokenDot, hclsyntax.TokenBang:
		return false
	case hclsyntax.TokenComma:
		return true
	case hclsyntax.TokenMinus:
		return !isSign(before)
	case hclsyntax.TokenOBrace:
		return right.Type != hclsyntax.TokenCBrace
	case hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
		return right.Type == hclsyntax.TokenOBrace // not to be read as an escape
	case hclsyntax.TokenOParen, hclsyntax.TokenOBrack:
		return false
	}
	switch right.Type {
	case hclsyntax.TokenOBrack:
		if isKeywordIn(before, left) {
			return true
		}
		return !isOperandEnd(left.Type)
	case hclsyntax.TokenOParen, hclsyntax.TokenDoubleColon:
		return left.Type != hclsyntax.TokenIdent
	case hclsyntax.TokenIdent:
		return left.Type != hclsyntax.TokenDoubleColon
	case hclsyntax.TokenCParen, hclsyntax.TokenCBrack:
		return false
	case hclsyntax.TokenTemplateSeqEnd:
		return left.Type == hclsyntax.TokenCBrace
	}
	return true
}

// isTemplatePart reports whether a literal part of a template, its mark or
// another sequence touches the other token.
func isTemplatePart(left, right hclsyntax.TokenType) bool {
	switch left {
	case hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc, hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit,
		hclsyntax.TokenTemplateSeqEnd:
		return true
	}
	switch right {
	case hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc, hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit,
		hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
		return true
	}
	return false
}

// readsOtherwise reports whether the tokens would be read as others if they
// touched.
func readsOtherwise(before, left, right hclsyntax.TokenType) bool {
	switch left {
	case hclsyntax.TokenDot:
		return right == hclsyntax.TokenDot || right == hclsyntax.TokenEllipsis ||
			before == hclsyntax.TokenNumberLit && right == hclsyntax.TokenNumberLit
	case hclsyntax.TokenBang:
		return right == hclsyntax.TokenEqual || right == hclsyntax.TokenEqualOp || right == hclsyntax.TokenFatArrow
	}
	return false
}

// isSign reports whether a - after such a token belongs to the number or
// operand that follows.
func isSign(before hclsyntax.TokenType) bool {
	switch before {
	case hclsyntax.TokenNil,
		hclsyntax.TokenOParen, hclsyntax.TokenOBrack, hclsyntax.TokenOBrace,
		hclsyntax.TokenComma, hclsyntax.TokenColon, hclsyntax.TokenQuestion, hclsyntax.TokenEqual,
		hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual,
		hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq, hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq,
		hclsyntax.TokenPlus, hclsyntax.TokenMinus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent,
		hclsyntax.TokenBang, hclsyntax.TokenAnd, hclsyntax.TokenOr:
		return true
	}
	return false
}

// isOperandEnd reports whether a [ after such a token is an index.
func isOperandEnd(t hclsyntax.TokenType) bool {
	switch t {
	case hclsyntax.TokenIdent, hclsyntax.TokenNumberLit,
		hclsyntax.TokenCParen, hclsyntax.TokenCBrack, hclsyntax.TokenCBrace:
		return true
	}
	return false
}

// isKeywordIn reports whether a token is the "in" of a for expression.
func isKeywordIn(before hclsyntax.TokenType, token hclsyntax.Token) bool {
	return before == hclsyntax.TokenIdent && token.Type == hclsyntax.TokenIdent && string(token.Bytes) == "in"
}
