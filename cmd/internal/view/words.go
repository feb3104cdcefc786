package view

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// number writes a number with commas, as people read it.
func number(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// count writes a number of things: "1 user", "2 users".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return number(n) + " " + thing + "s"
}

// enumerate joins words as a sentence does: "ana, sam and kim".
func enumerate(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// about writes a length of time to the precision that a forecast has.
func about(seconds float64) string {
	s := int(math.Ceil(seconds))
	minutes := (s + 30) / 60
	switch {
	case s < 90:
		return fmt.Sprintf("%d s", max(s, 1))
	case minutes < 90:
		return fmt.Sprintf("%d min", minutes)
	case minutes < 48*60:
		return pair(minutes/60, "h", minutes%60, "min")
	}
	hours := (minutes + 30) / 60
	return pair(hours/24, "days", hours%24, "h")
}

func pair(a int, unitA string, b int, unitB string) string {
	if b == 0 {
		return fmt.Sprintf("%s %s", number(a), unitA)
	}
	return fmt.Sprintf("%s %s %d %s", number(a), unitA, b, unitB)
}

// sentenceCase begins a sentence with a capital.
func sentenceCase(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
