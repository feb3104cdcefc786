// Command generate writes the data files of the marketplace example: its
// people, who sells what to whom, and everything they say to each other.
//
// It writes the same files each time, so that a change of the texts is a change
// one can review. Run it in the example's directory:
//
//	go run ./generate
package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

func main() {
	for name, content := range files() {
		path := filepath.Join("data", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			fail(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "generate:", err)
	os.Exit(1)
}

// files returns the content of every data file, by its path below data.
func files() map[string][]byte {
	deals := newMarket().deals()
	all := map[string][]byte{
		"people.csv": peopleCSV(),
		"deals.csv":  dealsCSV(deals),
		"rooms.csv":  roomsCSV(),
	}
	for _, d := range deals {
		all["deals/"+d.id+".jsonl"] = dealJSONL(d)
	}
	for _, r := range rooms {
		all["rooms/"+r.guid+".csv"] = roomCSV(r)
	}
	return all
}

func peopleCSV() []byte {
	rows := [][]string{{"uid", "name", "area"}}
	for _, p := range people {
		rows = append(rows, []string{p.uid, p.name, p.area})
	}
	return table(rows)
}

func dealsCSV(deals []*deal) []byte {
	rows := [][]string{{"id", "item", "buyer", "seller"}}
	for _, d := range deals {
		rows = append(rows, []string{d.id, d.item.title, d.buyer.uid, d.seller.uid})
	}
	return table(rows)
}

func roomsCSV() []byte {
	rows := [][]string{{"guid", "name", "description", "owner"}}
	for _, r := range rooms {
		rows = append(rows, []string{r.guid, r.name, r.description, r.owner})
	}
	return table(rows)
}

func roomCSV(r room) []byte {
	rows := [][]string{{"from", "text", "at", "after", "attachments", "tags"}}
	for _, t := range r.threads {
		for i, p := range t.posts {
			row := []string{p.from, p.text, "", strconv.Itoa(p.after) + "m", p.image, ""}
			if i == 0 {
				row[2], row[3] = fmt.Sprintf("-%dd %s", t.daysAgo, t.clock), ""
			}
			if p.important {
				row[5] = "important"
			}
			rows = append(rows, row)
		}
	}
	return table(rows)
}

func table(rows [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

// message is one line of a deal's file.
type message struct {
	From        string         `json:"from"`
	Text        string         `json:"text,omitempty"`
	At          string         `json:"at,omitempty"`
	After       int            `json:"after,omitempty"`
	Label       string         `json:"label,omitempty"`
	Attachments []string       `json:"attachments,omitempty"`
	Tags        []string       `json:"tags,omitempty"`
	CustomData  map[string]any `json:"custom_data,omitempty"`
}

func dealJSONL(d *deal) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, m := range d.messages {
		if err := enc.Encode(m); err != nil {
			panic(err) // there is nothing in it that JSON cannot hold
		}
	}
	return b.Bytes()
}

func firstName(name string) string {
	first, _, _ := strings.Cut(name, " ")
	return first
}

// member returns the person with that uid, who exists.
func member(uid string) person {
	i := slices.IndexFunc(people, func(p person) bool { return p.uid == uid })
	return people[i]
}
