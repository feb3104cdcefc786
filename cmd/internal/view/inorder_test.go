package view

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// Parts come out in order, whether they are held or go through; and after one
// that fails, nothing does.
func TestInOrder(t *testing.T) {
	long := strings.Repeat("x", 100)
	for name, lines := range map[string]int{"held": 3, "going through": 3 * maxHeld / len(long)} {
		for _, broken := range []int{-1, 0, 7} {
			t.Run(fmt.Sprintf("%s, broken %d", name, broken), func(t *testing.T) {
				const parts = 20
				var want, got strings.Builder
				for part := range parts {
					if broken >= 0 && part >= broken {
						break
					}
					for line := range lines {
						fmt.Fprintln(&want, part, line, long)
					}
				}
				p := newPrinter(&got, false, pipeWidth)
				err := inOrder(p, parts, func(p *printer, part int) error {
					if part == broken {
						return errors.New("broken")
					}
					for line := range lines {
						p.line(say(plain, strings.TrimSuffix(fmt.Sprintln(part, line, long), "\n")))
					}
					return nil
				})
				if (err != nil) != (broken >= 0) {
					t.Errorf("error %v", err)
				}
				if err := p.flush(); err != nil {
					t.Fatal(err)
				}
				if want.String() != got.String() {
					t.Errorf("got %d bytes, want %d; they begin with %.300s", got.Len(), want.Len(), got.String())
				}
			})
		}
	}
}
