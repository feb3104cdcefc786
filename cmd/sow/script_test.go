package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sowdev/sow/applier/emulator"
)

// scriptCommands are the commands that the scripts have besides those of
// package testscript.
func scriptCommands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	return map[string]func(ts *testscript.TestScript, neg bool, args []string){
		"exits":        cmdExits,
		"start":        cmdStart,
		"serve":        cmdServe,
		"awaits":       cmdAwaits,
		"signal":       cmdSignal,
		"ends":         cmdEnds,
		"replace":      cmdReplace,
		"json":         cmdJSON,
		"digest":       cmdDigest,
		"sent":         cmdSent,
		"api":          cmdAPI,
		"twice":        cmdTwice,
		"closed-pipe":  cmdClosedPipe,
		"full-disk":    cmdFullDisk,
		"unprivileged": cmdUnprivileged,
	}
}

// condition knows [root], and [fulldisk], which holds where a script can mount
// a small file system of its own.
func condition(cond string) (bool, error) {
	switch cond {
	case "root":
		return os.Geteuid() == 0, nil
	case "fulldisk":
		return canMount(), nil
	}
	return false, fmt.Errorf("unknown condition %q", cond)
}

// exits CODE COMMAND ARG… runs a command that must end with that exit code,
// and whose output must not hold the API key.
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	checkExit(ts, want, ts.Exec(args[1], args[2:]...))
	searchText(ts, args[1], ts.ReadFile("stdout")+ts.ReadFile("stderr"))
}

func checkExit(ts *testscript.TestScript, want int, err error) {
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// searchText fails the script when the API key is in what a command printed.
func searchText(ts *testscript.TestScript, what, text string) {
	if strings.Contains(text, canary) {
		ts.Fatalf("%s printed the API key:\n%s", what, text)
	}
}

// searchFiles fails the script when the API key is in a file that it left
// behind.
func searchFiles(t testscript.T, dir string) {
	file, err := findKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	if file != "" {
		t.Fatal(file + " holds the API key")
	}
}

// findKey returns a file below dir that holds the API key, or "".
func findKey(dir string) (found string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if bytes.Contains(content, []byte(canary)) {
			found = path
		}
		return err
	})
	return found, err
}

// watched collects output and wakes those who wait for some of it.
type watched struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // closed and replaced with every write
}

func newWatched() *watched { return &watched{changed: make(chan struct{})} }

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.changed)
	w.changed = make(chan struct{})
	return w.text.Write(p)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// await returns the submatches of the pattern once the output has it. It gives
// up when the process has ended without, or after a minute.
func (w *watched) await(pattern *regexp.Regexp, exited <-chan struct{}) ([]string, error) {
	deadline := time.After(time.Minute)
	ended := false
	for {
		w.mu.Lock()
		match, changed := pattern.FindStringSubmatch(w.text.String()), w.changed
		w.mu.Unlock()
		switch {
		case match != nil:
			return match, nil
		case ended:
			return nil, fmt.Errorf("the process ended without printing %q", pattern)
		}
		select {
		case <-changed:
		case <-exited:
			ended = true
		case <-deadline:
			return nil, fmt.Errorf("the process does not print %q", pattern)
		}
	}
}

type processesKey struct{}

// processes are those that a script has started, by the names it gave them.
type processes map[string]*running

// running is a started process.
type running struct {
	cmd            *exec.Cmd
	stdout, stderr *watched
	both           *watched
	done           chan struct{}
	err            error // of Wait, once done is closed
}

func launch(dir string, env []string, path string, args ...string) (*running, error) {
	p := &running{cmd: exec.Command(path, args...), stdout: newWatched(), stderr: newWatched(), both: newWatched(), done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = dir, env
	p.cmd.Stdout, p.cmd.Stderr = io.MultiWriter(p.stdout, p.both), io.MultiWriter(p.stderr, p.both)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// stop kills the process if it still runs, and waits for it.
func (p *running) stop() {
	p.cmd.Process.Kill()
	<-p.done
}

// sowPath is the program under test: the test binary under another name.
func sowPath() string {
	path, err := exec.LookPath("sow")
	if err != nil {
		panic(err)
	}
	return path
}

// start NAME ARG… starts sow with the arguments and goes on.
func cmdStart(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start NAME ARG…")
	}
	begin(ts, args[0], args[1:]...)
}

func begin(ts *testscript.TestScript, name string, args ...string) *running {
	var env []string
	for _, key := range []string{"PATH", "HOME", "TMPDIR", "COMETCHAT_API_KEY", "COMETCHAT_APP_ID", "COMETCHAT_REGION", "COMETCHAT_ENDPOINT"} {
		if value := ts.Getenv(key); value != "" {
			env = append(env, key+"="+value)
		}
	}
	p, err := launch(ts.MkAbs("."), env, sowPath(), args...)
	ts.Check(err)
	ts.Defer(p.stop)
	ts.Value(processesKey{}).(processes)[name] = p
	return p
}

func find(ts *testscript.TestScript, name string) *running {
	p := ts.Value(processesKey{}).(processes)[name]
	if p == nil {
		ts.Fatalf("no process %q was started", name)
	}
	return p
}

// serve [FLAG…] starts an emulator on a free port and points the environment
// at it. Its process is named emulator.
func cmdServe(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("unsupported: ! serve")
	}
	if ts.Getenv("COMETCHAT_APP_ID") == "" {
		ts.Setenv("COMETCHAT_APP_ID", "2604abc")
	}
	p := begin(ts, "emulator", append([]string{"emulator", "--addr", "127.0.0.1:0"}, args...)...)
	match, err := p.stdout.await(regexp.MustCompile(`COMETCHAT_ENDPOINT=(\S+)\n`), p.done)
	if err != nil {
		ts.Fatalf("%v\n%s%s", err, p.stdout, p.stderr)
	}
	ts.Setenv("COMETCHAT_ENDPOINT", match[1])
}

// awaits NAME PATTERN waits until the process has printed what matches.
func cmdAwaits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: awaits NAME PATTERN")
	}
	p := find(ts, args[0])
	pattern := regexp.MustCompile("(?m)" + args[1])
	if _, err := p.both.await(pattern, p.done); err != nil {
		ts.Fatalf("%v\n%s", err, p.both)
	}
}

// signal NAME INT|TERM|HUP|QUIT|KILL sends a signal to the process.
func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: signal NAME INT|TERM|HUP|QUIT|KILL")
	}
	s, ok := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "QUIT": syscall.SIGQUIT, "KILL": os.Kill}[args[1]]
	if !ok {
		ts.Fatalf("unknown signal %q", args[1])
	}
	ts.Check(find(ts, args[0]).cmd.Process.Signal(s))
}

// ends NAME CODE waits for the process, which must end with that exit code.
// Its output becomes the files NAME.stdout and NAME.stderr.
func cmdEnds(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: ends NAME CODE")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	p := find(ts, args[0])
	<-p.done
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".stdout"), []byte(p.stdout.String()), 0o666))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".stderr"), []byte(p.stderr.String()), 0o666))
	searchText(ts, args[0], p.stdout.String()+p.stderr.String())
	ts.Logf("[%s stdout]\n%s[%s stderr]\n%s", args[0], p.stdout, args[0], p.stderr)
	checkExit(ts, want, p.err)
}

// replace FILE OLD NEW edits a file; OLD must be there once.
func cmdReplace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace FILE OLD NEW")
	}
	before := ts.ReadFile(args[0])
	if n := strings.Count(before, args[1]); n != 1 {
		ts.Fatalf("%s has %q %d times", args[0], args[1], n)
	}
	unquoted := strings.ReplaceAll(args[2], `\n`, "\n")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(before, args[1], unquoted, 1)), 0o666))
}

// json FILE checks that a file is a sequence of JSON values, one on a line or
// one altogether, each of which names its format and version. Then json FILE
// PATH VALUE finds a value in one of them: at the path, in dots, is VALUE.
func cmdJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 && len(args) != 3 {
		ts.Fatalf("usage: [!] json FILE [PATH VALUE]")
	}
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	decoder.UseNumber()
	count, found := 0, false
	for ; ; count++ {
		var value any
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) {
			break
		}
		ts.Check(err)
		if len(args) == 3 {
			at, ok := lookUp(value, strings.Split(args[1], "."))
			found = found || ok && fmt.Sprint(at) == args[2]
		}
	}
	switch {
	case count == 0:
		ts.Fatalf("%s holds no JSON", args[0])
	case len(args) == 3 && found == neg:
		ts.Fatalf("%s: %s is %q: got %t, want %t", args[0], args[1], args[2], found, !neg)
	}
}

// digest NAME puts the digest of the plan that was just printed as JSON into an
// environment variable.
func cmdDigest(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: digest NAME")
	}
	var plan struct{ Digest string }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &plan))
	ts.Setenv(args[0], plan.Digest)
}

// sent COUNT DIR holds that the emulator whose data is in DIR, and which has
// ended, has that many messages, each of them once.
func cmdSent(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sent COUNT DIR")
	}
	app, err := emulator.New(emulator.Options{Dir: ts.MkAbs(args[1]), AppID: ts.Getenv("COMETCHAT_APP_ID")})
	ts.Check(err)
	defer app.Close()
	texts := map[string]int{}
	count := 0
	for _, m := range app.Snapshot().Messages {
		if m.Category == "message" && m.DeletedAt == 0 {
			count++
			texts[m.ConversationID+": "+m.Text]++
		}
	}
	for text, n := range texts {
		if n > 1 {
			ts.Fatalf("%q is in the app %d times", text, n)
		}
	}
	if fmt.Sprint(count) != args[0] {
		ts.Fatalf("the app has %d messages, want %s", count, args[0])
	}
}

// api METHOD PATH [BODY] makes a request to the app that was started with serve,
// as somebody else would: behind sow's back. It must succeed. In the path, [TEXT]
// stands for the id of the message with that text.
func cmdAPI(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: api METHOD PATH [BODY]")
	}
	body := ""
	if len(args) == 3 {
		body = args[2]
	}
	path := regexp.MustCompile(`\[.+\]`).ReplaceAllStringFunc(args[1], func(text string) string {
		return messageWith(ts, text[1:len(text)-1])["id"].(string)
	})
	request(ts, args[0], path, body)
}

// request makes a request to the app that was started with serve.
func request(ts *testscript.TestScript, method, path, body string) []byte {
	req, err := http.NewRequest(method, ts.Getenv("COMETCHAT_ENDPOINT")+"/v3"+path, strings.NewReader(body))
	ts.Check(err)
	req.Header.Set("apikey", canary)
	req.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	ts.Check(err)
	if answer.StatusCode != http.StatusOK {
		ts.Fatalf("%s %s: %s: %s", method, path, answer.Status, text)
	}
	return text
}

// twice TEXT sends the message with that text to the app once more, as it was
// sent.
func cmdTwice(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: twice TEXT")
	}
	m, again := messageWith(ts, args[0]), make(map[string]any)
	for _, name := range []string{"sender", "receiver", "receiverType", "category", "type", "muid", "tags", "sentAt"} {
		again[name] = m[name]
	}
	again["data"] = map[string]any{"text": args[0]}
	body, err := json.Marshal(again)
	ts.Check(err)
	request(ts, "POST", "/moderation/messages", string(body))
}

// messageWith returns the app's message with a text.
func messageWith(ts *testscript.TestScript, text string) map[string]any {
	var list struct {
		Data []map[string]any `json:"data"`
	}
	ts.Check(json.Unmarshal(request(ts, "GET", "/messages?limit=1000&withTags=true&category=message", ""), &list))
	for _, m := range list.Data {
		if data, ok := m["data"].(map[string]any); ok && data["text"] == text {
			return m
		}
	}
	ts.Fatalf("the app has no message %q", text)
	return nil
}

// lookUp follows a path of keys and indices into a JSON value.
func lookUp(value any, path []string) (any, bool) {
	for _, step := range path {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return nil, false
			}
			value = v[i]
		default:
			return nil, false
		}
	}
	return value, true
}

// closed-pipe CODE ARG… runs sow with an output that nobody reads.
func cmdClosedPipe(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: closed-pipe CODE ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	reader, writer, err := os.Pipe()
	ts.Check(err)
	ts.Check(reader.Close())
	defer writer.Close()
	var stderr bytes.Buffer
	cmd := exec.Command(sowPath(), args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), writer, &stderr
	cmd.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"), "COMETCHAT_API_KEY="+canary)
	err = cmd.Run()
	ts.Logf("[stderr]\n%s", &stderr)
	checkExit(ts, want, err)
	ts.Check(os.WriteFile(ts.MkAbs("closed-pipe.stderr"), stderr.Bytes(), 0o666))
}

// full-disk DIR SIZE COMMAND… runs a shell command with a file system of that
// size mounted on DIR, which holds copies of what DIR held. Afterwards DIR.full
// has what was left there.
func cmdFullDisk(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: full-disk CODE DIR SIZE COMMAND")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	dir := ts.MkAbs(args[1])
	script := `set -e
cp -r "$1" "$1.copy"
mount -t tmpfs -o size="$2" tmpfs "$1"
cp -r "$1.copy/." "$1"
code=0
sh -c "$3" || code=$?
mkdir -p "$1.full"
cp -r "$1/." "$1.full"
exit $code`
	checkExit(ts, want, ts.Exec("unshare", "-rm", "sh", "-c", script, "sh", dir, args[2], args[3]))
	searchText(ts, "sow", ts.ReadFile("stdout")+ts.ReadFile("stderr"))
}

func canMount() bool {
	dir, err := os.MkdirTemp("", "mount")
	if err != nil {
		return false
	}
	defer os.Remove(dir)
	return exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", dir).Run() == nil
}

// unprivileged CODE COMMAND ARG… is exits for a command that must not have the
// superuser's rights.
func cmdUnprivileged(ts *testscript.TestScript, neg bool, args []string) {
	if os.Geteuid() != 0 {
		cmdExits(ts, neg, args)
		return
	}
	if len(args) < 2 {
		ts.Fatalf("usage: unprivileged CODE COMMAND [ARG…]")
	}
	cmdExits(ts, neg, append([]string{args[0], "setpriv", "--reuid=65534", "--clear-groups"}, args[1:]...))
}
