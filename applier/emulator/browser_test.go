package emulator

import (
	"context"
	"flag"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"
)

var browser = flag.String("browser", "", "a Chromium to show the pages in; without it TestBrowser is skipped")

// A real browser shows the chat, and hostile text stays text: it neither runs,
// nor loads anything, nor changes the page around it.
func TestBrowser(t *testing.T) {
	if *browser == "" {
		t.Skip("no -browser was given")
	}
	a := newApp(t, Options{})
	a.chat()
	a.ok("POST", send, text("ana", "sam", "Hi! My order hasn't arrived.", "sentAt:1767600720"))
	a.ok("POST", send, text("sam", "ana", `<img src=x onerror="document.title='taken over'"><script>document.title='taken over'</script></p></main>`, "sentAt:1767600840"))
	a.ok("POST", send, text("ana", "sam", "Please look again.", "sentAt:1767600900"))
	server := httptest.NewServer(a.Server)
	defer server.Close()

	dom := show(t, server.URL+"/chats/ana_user_sam")
	if !strings.Contains(dom, "<title>Ana Lima and Sam Ochoa") {
		t.Errorf("the title is not the chat's:\n%s", dom)
	}
	if strings.Contains(dom, "<script") || strings.Contains(dom, `<img src="x"`) {
		t.Errorf("a message became an element:\n%s", dom)
	}
	last := 0
	for _, want := range []string{"<main", "Hi! My order hasn't arrived.", "&lt;script&gt;", "Please look again.", "</main>"} {
		i := strings.Index(dom[last:], want)
		if i < 0 {
			t.Fatalf("%q is not on the page, or not in its place:\n%s", want, dom[last:])
		}
		last += i
	}
}

// show loads a page in the browser and returns the document as it stands then.
func show(t *testing.T, url string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, *browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+t.TempDir(), "--dump-dom", url).Output()
	if err != nil {
		t.Fatalf("the browser: %v", err)
	}
	return string(out)
}
