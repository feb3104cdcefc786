package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func (b *benchmark) heading(title string, columns ...string) {
	fmt.Printf("\n%s\n\n| %s |\n|%s\n", title, strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
}

func row(cells ...string) { fmt.Printf("| %s |\n", strings.Join(cells, " | ")) }

func ratio(a, b time.Duration) string     { return fmt.Sprintf("%.2f", float64(a)/float64(b)) }
func ratioOfBytes(a, b int64) string      { return fmt.Sprintf("%.2f", float64(a)/float64(b)) }
func seconds(d time.Duration) string      { return fmt.Sprintf("%.2f s", d.Seconds()) }
func mebibytes(n int64) string            { return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20)) }
func (b *benchmark) note(failure error)   { b.failures = append(b.failures, failure) }
func count(n int) string                  { return fmt.Sprintf("%d", n) }
func (b *benchmark) path(n string) string { return filepath.Join(b.dir, n) }

// startUp compares a plan of the smallest example with a program that does
// nothing but link the same libraries.
func (b *benchmark) startUp() error {
	dir := b.path("start")
	if _, err := (dataset{messages: 10, conversations: 2, users: 3}).write(dir); err != nil {
		return err
	}
	ours, err := measure(4*b.runs+1, b.command(dir, "", "plan"))
	if err != nil {
		return err
	}
	floor, err := measure(4*b.runs+1, b.floor("floor-start"))
	if err != nil {
		return err
	}
	b.heading("Start-up", "command", "wall", "peak")
	row("`sow plan`, 10 messages", seconds(ours.wall), mebibytes(ours.peak))
	row("a program that links the same libraries", seconds(floor.wall), mebibytes(floor.peak))
	row("ratio", ratio(ours.wall, floor.wall), ratioOfBytes(ours.peak, floor.peak))
	return nil
}

// plans compares plans of message blocks with parsing the same files.
func (b *benchmark) plans() error {
	b.heading("Plan of message blocks, beside whole-file hclparse and gohcl of the same files",
		"messages", "fresh", "unchanged", "1 % changed", "hclparse", "time: hclparse / unchanged", "peak: hclparse / unchanged", "unchanged / fresh", "changed / unchanged", "peak / configuration")
	var before usage
	var beforeSize int
	for _, n := range b.sizes() {
		d := dataset{messages: n, conversations: max(1, n/100), users: min(1000, n/10)}
		dir := b.path(fmt.Sprintf("plan-%d", n))
		files, err := d.write(dir)
		if err != nil {
			return err
		}
		fresh, err := measure(b.runs, b.command(dir, "", "plan", "--json"))
		if err != nil {
			return err
		}
		if err := b.seed(dir); err != nil {
			return err
		}
		unchanged, err := measure(b.runs, b.command(dir, "", "plan", "--json"))
		if err != nil {
			return err
		}
		d.edited = 100
		if _, err := d.write(dir); err != nil {
			return err
		}
		changed, err := measure(b.runs, b.command(dir, "", "plan", "--json"))
		if err != nil {
			return err
		}
		floor, err := measure(1, b.floor("floor-hcl", files...))
		if err != nil {
			return err
		}
		row(count(n), seconds(fresh.wall), seconds(unchanged.wall), seconds(changed.wall), seconds(floor.wall),
			ratio(floor.wall, unchanged.wall), ratioOfBytes(floor.peak, unchanged.peak),
			ratio(unchanged.wall, fresh.wall), ratio(changed.wall, unchanged.wall),
			ratioOfBytes(unchanged.peak, fileSize(files[0])))
		if beforeSize >= 10_000 {
			b.linear("an unchanged plan", beforeSize, before.cpu, n, unchanged.cpu)
		}
		before, beforeSize = unchanged, n
		os.RemoveAll(dir)
	}
	return nil
}

// seed applies a dataset to an app that keeps nothing, so that there is a
// state to plan against.
func (b *benchmark) seed(dir string) error {
	app, err := b.start("null-server")
	if err != nil {
		return err
	}
	defer app.stop()
	_, err = run(b.command(dir, app.url, "apply", "--auto-approve")())
	return err
}

// linear notes a failure when a cost grew faster than its size.
func (b *benchmark) linear(what string, size1 int, cost1 time.Duration, size2 int, cost2 time.Duration) {
	k := growth(size1, cost1, size2, cost2)
	fmt.Fprintf(os.Stderr, "%s: growth exponent %.2f from %d to %d\n", what, k, size1, size2)
	if k > maxGrowth {
		b.note(fmt.Errorf("%s grows with exponent %.2f from %d to %d messages: more than %.2f", what, k, size1, size2, maxGrowth))
	}
}

// sources compares plans of JSONL sources with decoding the same bytes.
func (b *benchmark) sources() error {
	b.heading("Plan of JSONL sources, beside encoding/json of the same bytes",
		"messages", "plan", "encoding/json", "time: plan / encoding/json", "peak of the plan")
	for _, n := range b.sizes()[1:] {
		d := dataset{messages: n, conversations: max(1, n/1000), users: 200, source: true}
		dir := b.path(fmt.Sprintf("source-%d", n))
		files, err := d.write(dir)
		if err != nil {
			return err
		}
		ours, err := measure(b.runs, b.command(dir, "", "plan"))
		if err != nil {
			return err
		}
		floor, err := measure(b.runs, b.floor("floor-json", files...))
		if err != nil {
			return err
		}
		row(count(n), seconds(ours.wall), seconds(floor.wall), ratio(ours.wall, floor.wall), mebibytes(ours.peak))
		os.RemoveAll(dir)
	}
	return nil
}

// connections is how many requests are under way at once, in sow and in the
// bare loop alike.
const connections = 16

// applies compares applies with a bare loop that posts the same bodies to the
// same server.
func (b *benchmark) applies() error {
	b.heading("Apply over loopback, beside a bare http.Transport loop posting the same bodies with as many connections",
		"messages", "server", "apply", "bare loop", "rate: apply / bare", "last tenth / first tenth", "peak", "state bytes a message")
	var before usage
	var beforeSize int
	for _, n := range []int{10_000, 100_000} {
		d := dataset{messages: n, conversations: 100, users: 200}
		bodies := b.path(fmt.Sprintf("bodies-%d", n))
		servers := []string{"null-server", "emulator"}
		if b.short && n > 10_000 {
			servers = servers[:1]
		}
		for _, server := range servers {
			ours, pace, bytes, err := b.apply(d, server, bodies)
			if err != nil {
				return err
			}
			floor, err := b.bare(server, bodies)
			if err != nil {
				return err
			}
			row(count(n), server, seconds(ours.wall), seconds(floor.wall), ratio(floor.wall, ours.wall), pace,
				mebibytes(ours.peak), fmt.Sprintf("%.0f", float64(bytes)/float64(n)))
			if server == "null-server" {
				if beforeSize > 0 {
					b.linear("an apply", beforeSize, before.cpu, n, ours.cpu)
				}
				before, beforeSize = ours, n
			}
		}
	}
	return nil
}

// apply measures one apply of a new dataset. The bodies that the null server
// is sent are recorded for the bare loop.
func (b *benchmark) apply(d dataset, server, bodies string) (cost usage, pace string, stateBytes int64, err error) {
	dir := b.path("apply")
	defer os.RemoveAll(dir)
	if _, err := d.write(dir); err != nil {
		return usage{}, "", 0, err
	}
	if server == "null-server" {
		recording, err := b.start(server, bodies)
		if err != nil {
			return usage{}, "", 0, err
		}
		_, err = run(b.command(dir, recording.url, "apply", "--auto-approve", "--parallelism", count(connections))())
		recording.stop()
		if err != nil {
			return usage{}, "", 0, err
		}
		os.RemoveAll(dir)
		if _, err := d.write(dir); err != nil {
			return usage{}, "", 0, err
		}
	}
	app, err := b.start(server, b.serverArgs(server)...)
	if err != nil {
		return usage{}, "", 0, err
	}
	defer app.stop()
	cost, err = run(b.command(dir, app.url, "apply", "--auto-approve", "--parallelism", count(connections))())
	if err != nil {
		return usage{}, "", 0, err
	}
	pace = app.pace()
	return cost, pace, fileSize(filepath.Join(dir, "sow.bench.state.jsonl")), nil
}

func (b *benchmark) bare(server, bodies string) (usage, error) {
	app, err := b.start(server, b.serverArgs(server)...)
	if err != nil {
		return usage{}, err
	}
	defer app.stop()
	return run(b.floor("floor-post", app.url+"/v3", bodies, count(connections))())
}

func (b *benchmark) serverArgs(server string) []string {
	if server != "emulator" {
		return nil
	}
	dir, err := os.MkdirTemp(b.dir, "app-")
	if err != nil {
		panic(err) // the parent directory was just made
	}
	return []string{dir}
}

// app is a server in a process of its own.
type app struct {
	cmd   *exec.Cmd
	stdin io.Closer
	url   string
}

func (b *benchmark) start(name string, args ...string) (*app, error) {
	cmd := b.floor(name, args...)()
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("%s did not start: %w", name, err)
	}
	return &app{cmd: cmd, stdin: stdin, url: strings.TrimSpace(url)}, nil
}

func (a *app) stop() {
	a.stdin.Close()
	a.cmd.Wait()
}

// pace is the time of the last tenth of the messages over that of the first.
func (a *app) pace() string {
	response, err := http.Get(a.url + marksPath)
	if err != nil {
		return "-"
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return "-"
	}
	return string(text)
}
