package planner

import (
	"fmt"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/sowdev/sow/config"
	"github.com/sowdev/sow/config/addr"
)

// history is a configuration of n messages in conversations of size messages
// each, of which every edited-th is edited; 0 edits none. The messages are in
// memory, so that what is measured is the planner.
func history(n, size, edited int) *config.Config {
	cfg := &config.Config{Dataset: "bench"}
	for i := range 20 {
		uid := fmt.Sprintf("user-%d", i)
		cfg.Users = append(cfg.Users, &config.User{Addr: addr.Object{Kind: addr.User, Name: uid}, UID: uid, Name: uid})
	}
	pace := int64(30)
	for i := 0; i*size < n; i++ {
		g := &config.Group{Addr: addr.Object{Kind: addr.Group, Name: fmt.Sprintf("g%06d", i)}, GUID: fmt.Sprintf("g%d", i), Name: "g", Type: "public"}
		cfg.Groups = append(cfg.Groups, g)
		c := &config.Conversation{
			Addr: addr.Object{Kind: addr.Conversation, Name: fmt.Sprintf("c%06d", i)}, Group: g, Pace: &pace,
			Starts: &Time{Base: config.Epoch, Seconds: now - 150*86400},
		}
		var messages []*config.Message
		for k := i * size; k < min((i+1)*size, n); k++ {
			m := &config.Message{
				From: cfg.Users[k%len(cfg.Users)], Type: "text",
				Text:  fmt.Sprintf("This is message number %d of a long history.", k/2),
				Range: hcl.Range{Filename: "history.chat", Start: hcl.Pos{Line: k}},
			}
			if edited > 0 && k%edited == edited/2 {
				m.Text += " (edited)"
			}
			messages = append(messages, m)
		}
		c.Read = func(yield func(*config.Message) bool) hcl.Diagnostics {
			for _, m := range messages {
				if !yield(m) {
					break
				}
			}
			return nil
		}
		cfg.Conversations = append(cfg.Conversations, c)
	}
	return cfg
}

func BenchmarkBuild(b *testing.B) {
	for _, shape := range []struct {
		name string
		size func(n int) int
	}{
		{"many", func(int) int { return 100 }},
		{"giant", func(n int) int { return n }},
	} {
		for _, n := range []int{1_000, 10_000, 100_000} {
			cfg := history(n, shape.size(n), 0)
			seeded := newModel().applied(b, mustBuild(b, cfg, newModel(), Options{}), now)
			seeded.freeze()
			for _, kind := range []struct {
				name  string
				cfg   *config.Config
				prior *model
			}{
				{"fresh", cfg, newModel()},
				{"unchanged", cfg, seeded},
				{"edited", history(n, shape.size(n), 100), seeded},
			} {
				b.Run(fmt.Sprintf("%s/%s/%d", shape.name, kind.name, n), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						p, diags, err := Build(kind.cfg, kind.prior, Options{Now: now})
						if err != nil || diags.HasErrors() {
							b.Fatal(diags, err)
						}
						p.Close()
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/message")
				})
			}
		}
	}
}

func BenchmarkLane(b *testing.B) {
	const n = 100_000
	p := mustBuild(b, history(n, 1000, 0), newModel(), Options{})
	b.ReportAllocs()
	for b.Loop() {
		for i := range p.Lanes {
			for _, err := range p.Lane(i) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/message")
}

func BenchmarkAlign(b *testing.B) {
	const n = 1_000_000
	kinds := map[string]func(i int) int32{
		"unique":    func(i int) int32 { return int32(i) },
		"repeating": func(i int) int32 { return int32(i*i%97 + i%13) },
		"equal":     func(int) int32 { return 0 },
	}
	for _, name := range []string{"unique", "repeating", "equal"} {
		b.Run(name, func(b *testing.B) {
			x, y := make([]int32, 0, n), make([]int32, 0, n)
			for i := range n {
				x = append(x, kinds[name](i))
				if i%100 != 50 {
					y = append(y, kinds[name](i))
				}
				if i%100 == 75 {
					y = append(y, n)
				}
			}
			for b.Loop() {
				align(x, y, n+1)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/message")
		})
	}
	b.Run("different", func(b *testing.B) {
		x, y := make([]int32, n), make([]int32, n)
		seed := uint32(1)
		for i := range n {
			seed = seed*1664525 + 1013904223
			x[i] = int32(seed >> 30)
			seed = seed*1664525 + 1013904223
			y[i] = int32(seed >> 30)
		}
		for b.Loop() {
			align(x, y, 4)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/message")
	})
}
