package emulator

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// allowedHost reports whether a request for that host is meant for us. A page
// on the web can make a name of its own resolve to this machine, but it cannot
// make a browser send another name than that in the Host header.
func (s *Server) allowedHost(host string) bool {
	name := hostOnly(host)
	if strings.EqualFold(name, "localhost") || strings.HasSuffix(strings.ToLower(name), ".localhost") {
		return true
	}
	if ip, err := netip.ParseAddr(name); err == nil && ip.Unmap().IsLoopback() {
		return true
	}
	if _, _, ok := appOfHost(name); ok {
		return true
	}
	return slices.ContainsFunc(s.options.Hosts, func(allowed string) bool {
		return allowed == "*" || strings.EqualFold(allowed, name)
	})
}

// hostOnly is a host without its port and without the brackets of an IPv6
// address.
func hostOnly(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}
