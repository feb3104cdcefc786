package emulator

import (
	"net/http"
	"net/url"
	"strings"
)

// endpoint is one documented call.
type endpoint struct {
	method string
	path   string // with {names} for the parts that vary
	// core counts against the smaller bucket of core operations: creating and
	// deleting users, creating, joining and leaving groups.
	core bool
	// sends is set for what stores a message.
	sends bool
	do    func(s *Server, c *call) *failure

	number   int // its place in the table
	segments []string
}

func (e *endpoint) name() string { return e.method + " " + e.path }

// endpoints returns the table of all calls. The one that matters most comes
// first.
func endpoints() []*endpoint {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	table := []*endpoint{
		{method: post, path: "/moderation/messages", do: (*Server).sendModerated, sends: true},
		{method: get, path: "/moderation/messages", do: (*Server).listModerated},
		{method: get, path: "/moderation/messages/{id}", do: (*Server).getModerated},
		{method: put, path: "/moderation/messages/{id}", do: (*Server).editModerated},
		{method: del, path: "/moderation/messages/{id}", do: (*Server).deleteModerated},

		{method: post, path: "/messages", do: (*Server).sendMessage, sends: true},
		{method: get, path: "/messages", do: (*Server).listMessages},
		{method: get, path: "/messages/{id}", do: (*Server).getMessage},
		{method: put, path: "/messages/{id}", do: (*Server).editMessage},
		{method: del, path: "/messages/{id}", do: (*Server).deleteMessage},
		{method: get, path: "/users/{uid}/messages", do: (*Server).listUserMessages},
		{method: get, path: "/groups/{guid}/messages", do: (*Server).listGroupMessages},

		{method: post, path: "/users", do: (*Server).createUser, core: true},
		{method: get, path: "/users", do: (*Server).listUsers},
		{method: put, path: "/users", do: (*Server).reactivateUsers},
		{method: del, path: "/users", do: (*Server).deactivateUsers, core: true},
		{method: get, path: "/users/{uid}", do: (*Server).getUser},
		{method: put, path: "/users/{uid}", do: (*Server).updateUser},
		{method: del, path: "/users/{uid}", do: (*Server).deleteUser, core: true},

		{method: post, path: "/groups", do: (*Server).createGroup, core: true},
		{method: get, path: "/groups", do: (*Server).listGroups},
		{method: get, path: "/groups/{guid}", do: (*Server).getGroup},
		{method: put, path: "/groups/{guid}", do: (*Server).updateGroup},
		{method: del, path: "/groups/{guid}", do: (*Server).deleteGroup},
		{method: post, path: "/groups/{guid}/members", do: (*Server).addMembers, core: true},
		{method: get, path: "/groups/{guid}/members", do: (*Server).listMembers},
		{method: put, path: "/groups/{guid}/members/{uid}", do: (*Server).changeScope},
		{method: del, path: "/groups/{guid}/members/{uid}", do: (*Server).removeMember, core: true},
		{method: get, path: "/groups/{guid}/bannedusers", do: (*Server).listBanned},
		{method: post, path: "/groups/{guid}/bannedusers/{uid}", do: (*Server).banUser},
		{method: del, path: "/groups/{guid}/bannedusers/{uid}", do: (*Server).unbanUser},

		{method: post, path: "/messages/{id}/thread", do: (*Server).sendReply, sends: true},
		{method: get, path: "/messages/{id}/thread", do: (*Server).listThread},
		{method: get, path: "/messages/{id}/reactions", do: (*Server).listReactions},
		{method: get, path: "/messages/{id}/reactions/{reaction}", do: (*Server).listReactions},
		{method: post, path: "/messages/{id}/reactions/{reaction}", do: (*Server).react},
		{method: del, path: "/messages/{id}/reactions/{reaction}", do: (*Server).unreact},

		{method: post, path: "/roles", do: (*Server).createRole},
		{method: get, path: "/roles", do: (*Server).listRoles},
		{method: get, path: "/roles/{role}", do: (*Server).getRole},
		{method: put, path: "/roles/{role}", do: (*Server).updateRole},
		{method: del, path: "/roles/{role}", do: (*Server).deleteRole},

		{method: get, path: "/conversations", do: (*Server).listConversations},
	}
	for _, of := range []string{"/users/{uid}", "/groups/{guid}"} {
		table = append(table,
			&endpoint{method: get, path: of + "/conversation", do: (*Server).getConversation},
			&endpoint{method: put, path: of + "/conversation", do: (*Server).updateConversation},
			&endpoint{method: del, path: of + "/conversation", do: (*Server).deleteConversation},
			&endpoint{method: post, path: of + "/conversation/delivered", do: (*Server).markConversation},
			&endpoint{method: post, path: of + "/conversation/read", do: (*Server).markConversation},
			&endpoint{method: del, path: of + "/conversation/read", do: (*Server).markConversation},
		)
	}
	for i, e := range table {
		e.number = i
		e.segments = strings.Split(e.path[1:], "/")
	}
	return table
}

func endpointNames() []string {
	var names []string
	for _, e := range endpoints() {
		names = append(names, e.name())
	}
	return names
}

// route finds the endpoint for a request and the parts of its path that vary,
// unescaped. path is escaped and begins after the version.
func route(table []*endpoint, method, path string) (*endpoint, []string) {
	segments := strings.Split(strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/"), "/")
	for _, e := range table {
		if e.method == method && len(e.segments) == len(segments) {
			if args, ok := e.match(segments); ok {
				return e, args
			}
		}
	}
	return nil, nil
}

func (e *endpoint) match(segments []string) (args []string, ok bool) {
	for i, want := range e.segments {
		if want[0] != '{' {
			if segments[i] != want {
				return nil, false
			}
			continue
		}
		arg, err := url.PathUnescape(segments[i])
		if err != nil || arg == "" {
			return nil, false
		}
		args = append(args, arg)
	}
	return args, true
}
