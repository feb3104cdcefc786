// Package nullapp is an app that accepts every message and keeps none, for
// benchmarks and tests in which the other side should cost next to nothing. It
// knows only the calls that an apply of generated datasets makes.
package nullapp

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sowdev/sow/cmd/internal/generate"
)

// App is the app. It may be used by several requests at once.
type App struct {
	ids    atomic.Int64
	mu     sync.Mutex
	record io.Writer // nil to record nothing
}

// New returns an app. The body of each message that it is sent is written to
// record, one a line, so that other clients can send the same; record may be
// nil.
func New(record io.Writer) *App { return &App{record: record} }

// Messages is the number of messages accepted so far.
func (a *App) Messages() int64 { return a.ids.Load() }

const messages = "/v3/moderation/messages"

// ServeHTTP answers as the documentation has it, and whatever the key is.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	uid, aboutUser := strings.CutPrefix(r.URL.Path, "/v3/users/")
	switch {
	case r.Method == http.MethodPost && r.URL.Path == messages:
		a.accept(w, body)
	case r.Method == http.MethodDelete:
		io.WriteString(w, `{"data":{"success":true,"message":"It was deleted."}}`)
	case r.Method == http.MethodPost && r.URL.Path == "/v3/users":
		fmt.Fprintf(w, `{"data":%s}`, body)
	case aboutUser:
		// Everybody is there, as generated datasets declare them.
		fmt.Fprintf(w, `{"data":{"uid":%q,"name":%q,"createdAt":%d}}`, uid, generate.Name(uid), time.Now().Unix())
	default:
		io.WriteString(w, `{"data":[]}`)
	}
}

// accept answers with the message and an id, as the app's answer would be.
func (a *App) accept(w http.ResponseWriter, body []byte) {
	if a.record != nil {
		line := append(bytes.ReplaceAll(body, []byte{'\n'}, nil), '\n')
		a.mu.Lock()
		_, err := a.record.Write(line)
		a.mu.Unlock()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	answer := make([]byte, 0, len(body)+64)
	answer = append(answer, `{"data":{"id":"`...)
	answer = strconv.AppendInt(answer, a.ids.Add(1), 10)
	answer = append(answer, `",`...)
	answer = append(answer, bytes.TrimPrefix(body, []byte{'{'})...)
	_, _ = w.Write(append(answer, '}')) // whoever is gone will ask again
}
