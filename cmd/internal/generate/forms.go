package generate

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
)

func writeFile(path string, body func(*bufio.Writer)) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 64<<10)
	body(w)
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

func (d Dataset) people(w *bufio.Writer) {
	fmt.Fprint(w, "sow {\n  dataset = \"generated\"\n}\n")
	for u := range d.Users() {
		fmt.Fprintf(w, "\nuser %q {\n  name = %q\n}\n", uid(u), Name(uid(u)))
	}
}

func (d Dataset) header(w *bufio.Writer, c conversation) {
	fmt.Fprintf(w, "conversation %q {\n  between = [user.%s, user.%s]\n  pace    = \"1s\"\n", c.label, c.first, c.second)
}

func (d Dataset) blocks(w *bufio.Writer) {
	for n := range d.Conversations() {
		c := d.conversation(n)
		d.header(w, c)
		for m := range c.length {
			fmt.Fprintf(w, "\n  message {\n    from = user.%s\n    text = %q\n  }\n", c.speaker(m), d.text(c, m))
		}
		fmt.Fprint(w, "}\n\n")
	}
}

// longestRange is how many elements the language's range gives at most.
const longestRange = 1024

// forEach writes the conversations as one block. A conversation that is longer
// than a range can be takes two ranges, one inside the other.
func (d Dataset) forEach(w *bufio.Writer) {
	fmt.Fprint(w, "locals {\n  chats = {\n")
	for n := range d.Conversations() {
		c := d.conversation(n)
		fmt.Fprintf(w, "    %s = { number = %d, people = [user.%s, user.%s], length = %d }\n", c.label, c.number, c.first, c.second, c.length)
	}
	tail := ""
	if d.Edited > 0 {
		tail = fmt.Sprintf(`${(each.value.number * %d + message.value) %% %d == 0 ? %q : ""}`, stride, d.Edited, sorry)
	}
	fmt.Fprintf(w, `  }
}

conversation "chat" {
  for_each = local.chats
  between  = each.value.people
  pace     = "1s"

  dynamic "message" {
    for_each = flatten([for from in range(0, each.value.length, %[1]d) : range(from, min(from + %[1]d, each.value.length))])
    content {
      from = each.value.people[message.value %% 2]
      text = "Line ${message.value} of chat ${each.key}: %[2]s%[3]s"
    }
  }
}
`, longestRange, saying, tail)
}

// writeEach writes a file of messages for each conversation, and chats, which
// names them all.
func (d Dataset) writeEach(dir, chats, extension, attribute string, body func(*bufio.Writer, conversation)) ([]string, error) {
	err := writeFile(chats, func(w *bufio.Writer) {
		for n := range d.Conversations() {
			c := d.conversation(n)
			d.header(w, c)
			fmt.Fprintf(w, "  "+attribute+"\n}\n\n", c.label+"."+extension)
		}
	})
	if err != nil {
		return nil, err
	}
	files := make([]string, d.Conversations())
	for n := range files {
		c := d.conversation(n)
		files[n] = filepath.Join(dir, c.label+"."+extension)
		if err := writeFile(files[n], func(w *bufio.Writer) { body(w, c) }); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (d Dataset) transcript(w *bufio.Writer, c conversation) {
	for m := range c.length {
		fmt.Fprintf(w, "%s: %s\n", c.speaker(m), d.text(c, m))
	}
}

func (d Dataset) source(w *bufio.Writer, c conversation) {
	for m := range c.length {
		fmt.Fprintf(w, "{\"from\":%q,\"text\":%q}\n", c.speaker(m), d.text(c, m))
	}
}
