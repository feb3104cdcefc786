package applier_test

import (
	"encoding/json"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sowdev/sow/applier"
	"github.com/sowdev/sow/applier/cometchat"
	"github.com/sowdev/sow/applier/emulator"
	"github.com/sowdev/sow/planner"
)

// TestStorms has storms of 429s come over the client that is used for real.
func TestStorms(t *testing.T) {
	applier.Storms(t, func() applier.Stormy { return newStormy() })
}

// TestLanesAreFair holds the lanes of an apply against each other all along.
func TestLanesAreFair(t *testing.T) {
	applier.Fair(t, func() applier.Stormy { return newStormy() })
}

// stormy is the emulator with weather on the way there.
type stormy struct {
	*emulated

	mu    sync.Mutex
	storm applier.Storm
	seen  []applier.Exchanged
}

func newStormy() *stormy { return &stormy{emulated: newEmulator(emulator.Quirks{}, 1)} }

func (s *stormy) Brew(storm applier.Storm) { s.storm = storm }

func (s *stormy) Exchanges() []applier.Exchanged {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

func (s *stormy) App(rates *applier.Rates) applier.App {
	c, err := cometchat.New(cometchat.Options{
		BaseURL: "http://" + arenaHost + "/v3", Key: arenaKey, Transport: s,
		OnAnswer: func(a cometchat.Answer) { rates.Observe(a.Rate) },
	})
	if err != nil {
		panic(err)
	}
	return c
}

// RoundTrip takes the time that the forecast says, and a little that differs, so
// that no two requests go hand in hand.
func (s *stormy) RoundTrip(req *http.Request) (*http.Response, error) {
	x := applier.Exchanged{Endpoint: req.Method + " " + path.Base(req.URL.Path), Sent: time.Now()}
	body, err := bodyOf(req)
	if err != nil {
		return nil, err
	}
	var message struct{ Sender string }
	if json.Unmarshal(body, &message) == nil {
		x.Sender = message.Sender
	}
	there, back := s.latencies(req)
	time.Sleep(time.Duration(planner.AssumedRoundTrip*float64(time.Second)) + there/8)
	res, err := s.answer(req, &x)
	time.Sleep(back / 8)
	x.Answered = time.Now()
	if x.Refused && s.storm.Retry == "seconds" {
		x.Until = x.Answered.Add(s.storm.Wait)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, x)
	return res, err
}

func bodyOf(req *http.Request) ([]byte, error) {
	if req.GetBody == nil {
		return nil, nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(body)
}

func (s *stormy) answer(req *http.Request, x *applier.Exchanged) (*http.Response, error) {
	now := time.Now()
	if now.Before(s.storm.Begins) || !now.Before(s.storm.Ends) || !s.storm.Strikes(x) {
		return s.server.Transport().RoundTrip(req)
	}
	x.Refused = true
	if req.Body != nil {
		_ = req.Body.Close() // as every transport must
	}
	header := http.Header{"Content-Type": {"application/json"}, "Date": {now.UTC().Format(http.TimeFormat)}}
	switch s.storm.Retry {
	case "seconds":
		header.Set("Retry-After", strconv.Itoa(int(s.storm.Wait/time.Second)))
	case "date":
		x.Until = now.Add(s.storm.Wait).Truncate(time.Second)
		header.Set("Retry-After", x.Until.UTC().Format(http.TimeFormat))
	}
	return &http.Response{
		StatusCode: http.StatusTooManyRequests, Status: "429 Too Many Requests", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Request: req,
		Body: io.NopCloser(strings.NewReader(`{"error":{"code":"ERR_TOO_MANY_REQUESTS","message":"Too many requests."}}`)),
	}, nil
}
