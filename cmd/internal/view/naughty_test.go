package view_test

import (
	"os"
	"path/filepath"
	"testing"
)

// naughtyDir is the folder that SOW_FIXTURES names, or one beside a parent of
// the repository.
func naughtyDir(tb testing.TB) string {
	tb.Helper()
	if dir := os.Getenv("SOW_FIXTURES"); dir != "" {
		return filepath.Join(dir, "blns")
	}
	return filepath.Join("..", "..", "..", "..", "shared", "fixtures", "blns")
}
