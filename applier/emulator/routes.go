package emulator

import "strings"

// endpoint is one documented call.
type endpoint struct {
	method string
	path   string // with {names} for the parts that vary
	do     func(s *Server, c *call) reply
}

func (e *endpoint) name() string { return e.method + " " + e.path }

func endpoints() []endpoint { return nil }

func endpointNames() []string {
	var names []string
	for _, e := range endpoints() {
		names = append(names, e.name())
	}
	return names
}

// call is one request, read as far as every endpoint needs it.
type call struct{ path string }

// reply is what a call is answered with.
type reply struct{ status int }

func isAPI(path string) bool { return path == "/v3" || strings.HasPrefix(path, "/v3/") }
