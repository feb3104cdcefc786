package state

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/sowdev/sow/config/addr"
)

var benchSizes = []int{1_000, 10_000, 100_000}

// perChat is the number of messages in each conversation of the benchmarks.
const perChat = 100

func benchMessage(c addr.Object, i int) *Message {
	key := fmt.Sprintf("~%016x", i*7919)
	return &Message{
		Key: key, MUID: MUID("support-demo", c, key, 0), ID: fmt.Sprint(4_000_000 + i), Sender: fmt.Sprint("agent-", i%7),
		Text: "Sorry to hear that. Is this the parcel you have been waiting for?", SentAt: int64(1767603600 + i), Moderation: "approved",
	}
}

// benchJournal records n messages as an apply does.
func benchJournal(b *testing.B, snapshot []byte, n int) []byte {
	b.Helper()
	return taped(b, snapshot, func(j Journal) {
		for i := range n {
			name := fmt.Sprintf("c%06d", i/perChat)
			c := conversationAddr(name)
			if i%perChat == 0 {
				must(b, j.PutConversation(conversation(name)))
			}
			m := benchMessage(c, i)
			must(b, j.Intend(c, m), j.Receipt(c, m))
		}
	})
}

func perMessage(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/message")
}

// Opening a snapshot: everything but the messages.
func BenchmarkOpen(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			snapshot := fold(b, nil, benchJournal(b, nil, n))
			b.SetBytes(int64(len(snapshot)))
			b.ReportAllocs()
			for b.Loop() {
				mustOpen(b, snapshot, nil)
			}
			perMessage(b, n)
		})
	}
}

// Opening what an interrupted apply left.
func BenchmarkOpenJournal(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			journal := benchJournal(b, nil, n)
			b.SetBytes(int64(len(journal)))
			b.ReportAllocs()
			for b.Loop() {
				mustOpen(b, nil, journal)
			}
			perMessage(b, n)
		})
	}
}

// Reading every message of a snapshot, and of a journal.
func BenchmarkMessages(b *testing.B) {
	for _, n := range benchSizes {
		journal := benchJournal(b, nil, n)
		snapshot := fold(b, nil, journal)
		for _, from := range []struct {
			name string
			f    *Files
		}{{"snapshot", mustOpen(b, snapshot, nil)}, {"journal", mustOpen(b, nil, journal)}} {
			b.Run(fmt.Sprintf("%s/%d", from.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					for _, c := range from.f.Conversations() {
						for _, err := range from.f.Messages(c.Addr) {
							if err != nil {
								b.Fatal(err)
							}
						}
					}
				}
				perMessage(b, n)
			})
		}
	}
}

// Folding: all of it new, and nothing of it new.
func BenchmarkFold(b *testing.B) {
	for _, n := range benchSizes {
		journal := benchJournal(b, nil, n)
		snapshot := fold(b, nil, journal)
		for _, what := range []struct {
			name string
			f    *Files
		}{{"new", mustOpen(b, nil, journal)}, {"old", mustOpen(b, snapshot, nil)}} {
			b.Run(fmt.Sprintf("%s/%d", what.name, n), func(b *testing.B) {
				b.SetBytes(int64(len(snapshot)))
				b.ReportAllocs()
				for b.Loop() {
					must(b, what.f.Fold(b.Context(), io.Discard))
				}
				perMessage(b, n)
			})
		}
	}
}

// One conversation that holds everything.
func BenchmarkFoldGiant(b *testing.B) {
	const n = 100_000
	journal := taped(b, nil, func(j Journal) {
		c := conversationAddr("a")
		must(b, j.PutConversation(conversation("a")))
		for i := range n {
			m := benchMessage(c, i)
			must(b, j.Intend(c, m), j.Receipt(c, m))
		}
	})
	f := mustOpen(b, nil, journal)
	b.ReportAllocs()
	for b.Loop() {
		must(b, f.Fold(b.Context(), io.Discard))
	}
	perMessage(b, n)
}

// An intent and its receipt by senders side by side, on the disk.
func BenchmarkJournal(b *testing.B) {
	for _, senders := range []int{1, 16} {
		b.Run(fmt.Sprintf("senders=%d", senders), func(b *testing.B) {
			file, err := os.Create(filepath.Join(b.TempDir(), "journal"))
			must(b, err)
			j, err := mustOpen(b, nil, nil).Begin(file, testRun("bench"), testHeader())
			must(b, err)
			var next atomic.Int64
			for i := range senders {
				must(b, j.PutConversation(conversation(fmt.Sprint("c", i))))
			}
			b.ReportAllocs()
			b.SetParallelism(max(1, senders/2)) // times GOMAXPROCS
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				i := next.Add(1)
				c := conversationAddr(fmt.Sprint("c", int(i)%senders))
				m := *benchMessage(c, int(i))
				for k := 0; pb.Next(); k++ {
					m.SentAt++
					m.ID, m.Moderation, m.InDoubt = "", "", true
					if err := j.Intend(c, &m); err != nil {
						b.Error(err)
						return
					}
					m.ID, m.Moderation, m.InDoubt = "4000000", "approved", false
					if err := j.Receipt(c, &m); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.StopTimer()
			must(b, j.Close())
			info, err := os.Stat(file.Name())
			must(b, err)
			b.ReportMetric(float64(info.Size())/float64(b.N), "bytes/message")
		})
	}
}

func BenchmarkMUID(b *testing.B) {
	m := NewMUIDs("support-demo", conversationAddr("refund"))
	b.ReportAllocs()
	for b.Loop() {
		m.Of("~3fa9c01b77e24d10", 0)
	}
}
