package emulator

import (
	"fmt"

	"github.com/agext/levenshtein"
)

// didYouMean names the nearest of the known words, when one is near enough to
// have been meant, as an end for an error message.
func didYouMean(word string, known []string) string {
	best, distance := "", 4
	for _, k := range known {
		if d := levenshtein.Distance(word, k, nil); d < distance {
			best, distance = k, d
		}
	}
	if best == "" || distance >= len(word) {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}
