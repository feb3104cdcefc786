package config

import "strings"

// ContactWarning looks for e-mail addresses and phone numbers, which many
// apps' moderation rules block. It returns nil when the text holds none.
func ContactWarning(text string) *Warning {
	if found := findEmail(text); found != "" {
		return &Warning{"The text holds the e-mail address " + found + ". Moderation rules often block messages with e-mail addresses."}
	}
	if found := findPhone(text); found != "" {
		return &Warning{"The text holds what looks like the phone number " + found + ". Moderation rules often block messages with phone numbers."}
	}
	return nil
}

// findEmail returns the first name@host.tld of the text.
func findEmail(text string) string {
	for from := 0; ; {
		i := strings.IndexByte(text[from:], '@')
		if i < 0 {
			return ""
		}
		at := from + i
		from = at + 1
		begin := at
		for begin > 0 && isMailByte(text[begin-1]) {
			begin--
		}
		end := from
		for end < len(text) && (isAlnum(text[end]) || text[end] == '-' || text[end] == '.') {
			end++
		}
		host := strings.TrimRight(text[from:end], ".-")
		dot := strings.LastIndexByte(host, '.')
		if begin < at && dot > 0 && len(host)-dot > 2 && !isDigits(host[dot+1:]) {
			return text[begin : from+len(host)]
		}
	}
}

func isMailByte(c byte) bool {
	return isAlnum(c) || strings.IndexByte("._%+-", c) >= 0
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// findPhone returns the first run of digits and separators that is written as
// phone numbers are. Order numbers, amounts and dates are not.
func findPhone(text string) string {
	for i := 0; i < len(text); {
		if c := text[i]; c > '9' || c < '(' || !beginsPhone(text, i) { // most are letters
			i++
			continue
		}
		end := endOfPhone(text, i)
		if isPhone(text[i:end]) && (end == len(text) || !isAlnum(text[end])) {
			return text[i:end]
		}
		i = end
	}
	return ""
}

// beginsPhone reports whether a run of digits begins at i: after nothing that
// makes it a part of a word, a link or a numbered thing.
func beginsPhone(text string, i int) bool {
	if c := text[i]; c != '+' && c != '(' && (c < '0' || c > '9') {
		return false
	}
	if i == 0 {
		return true
	}
	before := text[i-1]
	return !isAlnum(before) && strings.IndexByte("#/-_.,:=&?+%$", before) < 0 && before < 0x80
}

func endOfPhone(text string, i int) int {
	end := i + 1 // what begins it
	if text[i] >= '0' {
		end = i
	}
	last := end
	for ; end < len(text); end++ {
		c := text[end]
		if '0' <= c && c <= '9' {
			last = end + 1
		} else if strings.IndexByte(" -.()", c) < 0 {
			break
		}
	}
	return last
}

func isPhone(s string) bool {
	digits, groups, longest, last, run := 0, 0, 0, 0, 0
	for i := range len(s) {
		if c := s[i]; c < '0' || c > '9' {
			run = 0
			continue
		}
		if run == 0 {
			groups++
		}
		digits, run = digits+1, run+1
		longest, last = max(longest, run), run
	}
	switch {
	case digits > 15:
		return false
	case s[0] == '+':
		return digits >= 8
	case s[0] == '(':
		return digits >= 9 && strings.IndexByte(s, ')') > 0
	case groups == 1:
		return false // an order number, more likely
	}
	amount := longest == 3 && last == 3 // 1 250 000 000
	return digits >= 10 && groups >= 3 && groups <= 5 && longest <= 4 && !amount && !isDate(s)
}

// isDate reports whether s begins as 2026-01-05 or 05.01.2026 do.
func isDate(s string) bool {
	year := func(s string) bool { return strings.HasPrefix(s, "19") || strings.HasPrefix(s, "20") }
	return len(s) >= 10 &&
		(year(s) && s[4] == s[7] && !isAlnum(s[4]) ||
			year(s[6:]) && s[2] == s[5] && !isAlnum(s[2]))
}
