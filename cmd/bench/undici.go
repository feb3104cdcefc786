package main

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/sowdev/sow/cmd/internal/generate"
)

// poolProgram posts the lines of a file with a pool of connections.
//
//go:embed undici.mjs
var poolProgram []byte

// undiciVersion is the one that is measured.
const undiciVersion = "7.30.2"

// undici compares applies with the fastest HTTP client of another language, as
// people would use it in a script of their own.
func (b *benchmark) undici() error {
	if b.short {
		return nil
	}
	home, err := b.installUndici()
	if err != nil {
		fmt.Fprintln(os.Stderr, "left out:", err)
		return nil
	}
	d := even(generate.JSONL, min(b.upto, 100_000))
	seed, err := b.seed(d)
	if err != nil {
		return err
	}
	dir, _, err := b.write("undici-apply", d)
	if err != nil {
		return err
	}
	s := &session{benchmark: b, dataset: d, dir: dir}
	return b.measure(d,
		s.step(apply32, nullServer, func() process {
			return b.ours(dir, s.app.url, "apply", "--auto-approve", "--parallelism", "32")
		}, s.end),
		s.step(undiciPool, nullServer, func() process {
			return process{program: "node", args: []string{filepath.Join(home, "undici.mjs"), s.app.url, seed.bodies, "32"}}
		}, s.end),
	)
}

// installUndici fetches undici into a directory of its own.
func (b *benchmark) installUndici() (home string, err error) {
	home = b.path("undici")
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "", fmt.Errorf("undici: there is no %s here", tool)
		}
	}
	if err := os.MkdirAll(home, 0o777); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(home, "undici.mjs"), poolProgram, 0o666); err != nil {
		return "", err
	}
	install := exec.Command("npm", "install", "--no-audit", "--no-fund", "--prefix", home, "undici@"+undiciVersion)
	if output, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("undici: npm: %w\n%s", err, output)
	}
	return home, nil
}
