package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// dataset is a generated configuration of a given shape and size. The same
// parameters always give the same bytes.
type dataset struct {
	messages      int
	conversations int
	users         int
	source        bool // messages in JSONL files instead of blocks
	edited        int  // every nth message has another text; 0 for none
}

func (d dataset) String() string {
	form := "blocks"
	if d.source {
		form = "JSONL"
	}
	return fmt.Sprintf("%d messages in %s, %d conversations", d.messages, form, d.conversations)
}

// write makes the dataset in dir and returns the files that hold messages.
func (d dataset) write(dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	var files []string
	emit := func(name string, body func(io.Writer)) error {
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		w := bufio.NewWriterSize(f, 1<<20)
		body(w)
		if err := w.Flush(); err != nil {
			return err
		}
		files = append(files, path)
		return f.Close()
	}
	if err := emit("people.sow.hcl", d.people); err != nil {
		return nil, err
	}
	files = nil
	if !d.source {
		return files, emit("chats.sow.hcl", func(w io.Writer) {
			for c := range d.conversations {
				d.header(w, c)
				for m := range d.length(c) {
					from, text := d.message(c, m)
					fmt.Fprintf(w, "\n  message {\n    from = user.%s\n    text = %s\n  }\n", from, quoted(text))
				}
				fmt.Fprint(w, "}\n\n")
			}
		})
	}
	if err := emit("chats.sow.hcl", func(w io.Writer) {
		for c := range d.conversations {
			d.header(w, c)
			fmt.Fprintf(w, "  source = \"chat-%05d.jsonl\"\n}\n\n", c)
		}
	}); err != nil {
		return nil, err
	}
	files = nil
	for c := range d.conversations {
		if err := emit(fmt.Sprintf("chat-%05d.jsonl", c), func(w io.Writer) {
			for m := range d.length(c) {
				from, text := d.message(c, m)
				fmt.Fprintf(w, "{\"from\":%s,\"text\":%s}\n", quoted(from), quoted(text))
			}
		}); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (d dataset) people(w io.Writer) {
	fmt.Fprint(w, "sow {\n  dataset = \"bench\"\n}\n\n")
	for u := range d.users {
		uid := fmt.Sprintf("u%05d", u)
		fmt.Fprintf(w, "user %q {\n  name = %q\n}\n\n", uid, personName(uid))
	}
}

func personName(uid string) string {
	return "Person " + strings.TrimLeft(uid[1:len(uid)-1], "0") + uid[len(uid)-1:]
}

func (d dataset) header(w io.Writer, c int) {
	a, b := d.pair(c)
	fmt.Fprintf(w, "conversation \"c%05d\" {\n  between = [user.%s, user.%s]\n  pace    = \"1s\"\n", c, a, b)
}

// pair gives each conversation a pair of people of its own.
func (d dataset) pair(c int) (a, b string) {
	first := c % d.users
	second := (first + 1 + c/d.users) % d.users
	return fmt.Sprintf("u%05d", first), fmt.Sprintf("u%05d", second)
}

func (d dataset) length(c int) int {
	n := d.messages / d.conversations
	if c < d.messages%d.conversations {
		n++
	}
	return n
}

func (d dataset) message(c, m int) (from, text string) {
	a, b := d.pair(c)
	from = a
	if m%2 == 1 {
		from = b
	}
	text = fmt.Sprintf("Line %d of chat %d: the parcel is on its way and should be with you by Thursday.", m, c)
	if d.edited > 0 && (c*7919+m)%d.edited == 0 {
		text += " Sorry, by Friday."
	}
	return from, text
}

func quoted(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a string always encodes
	}
	return strings.TrimSpace(b.String())
}
