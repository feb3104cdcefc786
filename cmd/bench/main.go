// Command bench measures sow beside its floors: what a program with the public
// libraries would at least have to do for the same input. All of it runs on the
// same machine within the same minutes, each measurement in a process of its
// own. What counts are the ratios: times say more about the machine.
//
//	go run ./cmd/bench                     everything, up to a million messages
//	go run ./cmd/bench -upto 100000        in a few minutes
//	go run ./cmd/bench -short              what CI runs: fails when something is not linear
//	go run ./cmd/bench -page docs/performance.md
//	go run ./cmd/bench generate -form JSONL -shape 'one giant' -messages 1000000 DIR
//	go run ./cmd/bench profile PROFILES plan DIR
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/sowdev/sow/cmd/internal/generate"
)

func main() {
	if len(os.Args) > 1 {
		if role, ok := roles()[os.Args[1]]; ok {
			exit(role(os.Args[2:]))
		}
	}
	var o options
	flag.BoolVar(&o.short, "short", false, "up to 100,000 messages, once; fail when a cost grows faster than its size, or when messages are allocated for too much")
	flag.IntVar(&o.upto, "upto", 1_000_000, "the largest `number` of messages")
	flag.StringVar(&o.only, "only", "", "run only the part of that `name`: "+strings.Join(partNames(), ", "))
	flag.IntVar(&o.runs, "runs", 3, "measure each command that many times and take the median; with a million messages, once")
	flag.StringVar(&o.sow, "sow", "", "the `binary` to measure; built from this module when not given")
	flag.StringVar(&o.results, "results", "", "keep the results in this `file`, beside those of earlier runs that are not measured anew")
	flag.StringVar(&o.page, "page", "", "also put the tables into this Markdown `file`, between its markers")
	flag.Parse()
	exit(bench(o))
}

// exit ends the process as the error says.
func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// roles are what this program can be besides the benchmark: the floors, the
// servers and a sow that counts, for processes of their own.
func roles() map[string]func(args []string) error {
	return map[string]func(args []string) error{
		"generate":       generateDataset,
		"profile":        profileSow,
		"sow":            runCounted,
		"apply":          applyHere,
		"floor-read":     readAll,
		"floor-hcl":      parseBlocks,
		"floor-for-each": parseForEach,
		"floor-json":     decodeLines,
		"floor-copy":     copyFile,
		"floor-post":     postAll,
		"floor-list":     listAll,
		"floor-delete":   deleteAll,
		"null-app":       serveNull,
		"emulator":       serveEmulator,
	}
}

// generateDataset writes a dataset for people who want one.
func generateDataset(args []string) error {
	flags := flag.NewFlagSet("generate", flag.ExitOnError)
	messages := flags.Int("messages", 100_000, "the `number` of messages")
	form := flags.String("form", string(generate.JSONL), fmt.Sprintf("how they are written down: one of %q", generate.Forms()))
	shape := flags.String("shape", string(generate.Even), fmt.Sprintf("how they are spread: one of %q", generate.Shapes()))
	edited := flags.Int("edited", 0, "give one message in so `many` another text")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("generate needs the directory to write to")
	}
	d := generate.Dataset{Messages: *messages, Form: generate.Form(*form), Shape: generate.Shape(*shape), Edited: *edited}
	_, err := d.Write(flags.Arg(0))
	return err
}
