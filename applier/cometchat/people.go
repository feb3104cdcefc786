package cometchat

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/sowdev/sow/applier"
)

// userDetails is a user in a request: the body of POST /users, and the details
// of a sender or receiver that is created by a message.
type userDetails struct {
	UID      string          `json:"uid"`
	Name     string          `json:"name"`
	Avatar   string          `json:"avatar,omitempty"`
	Link     string          `json:"link,omitempty"`
	Role     string          `json:"role,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	Tags     []string        `json:"tags,omitempty"`
}

// groupDetails is a group in a request: the details of a group that is created
// by a message, and with a description the body of POST /groups.
type groupDetails struct {
	GUID     string          `json:"guid"`
	Name     string          `json:"name"`
	Type     string          `json:"type"`
	Password string          `json:"password,omitempty"`
	Icon     string          `json:"icon,omitempty"`
	Owner    string          `json:"owner,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	Tags     []string        `json:"tags,omitempty"`
}

func detailsOfUser(u *applier.User) *userDetails {
	if u == nil {
		return nil
	}
	return &userDetails{
		UID: u.UID, Name: u.Name, Avatar: u.Avatar, Link: u.Link,
		Role: u.Role, Metadata: u.Metadata, Tags: u.Tags,
	}
}

func detailsOfGroup(g *applier.Group) *groupDetails {
	if g == nil {
		return nil
	}
	return &groupDetails{
		GUID: g.GUID, Name: g.Name, Type: g.Type, Password: g.Password,
		Icon: g.Icon, Owner: g.Owner, Metadata: g.Metadata, Tags: g.Tags,
	}
}

// CreateUser creates a user through POST /users.
func (c *Client) CreateUser(ctx context.Context, u *applier.User) (*applier.User, error) {
	return c.user(ctx, call{method: http.MethodPost, path: []string{"users"}, body: detailsOfUser(u)})
}

// GetUser reads a user. A deactivated one is refused as not found.
func (c *Client) GetUser(ctx context.Context, uid string) (*applier.User, error) {
	return c.user(ctx, call{method: http.MethodGet, path: []string{"users", uid}})
}

// UpdateUser changes the given fields of a user.
func (c *Client) UpdateUser(ctx context.Context, uid string, p applier.Patch) (*applier.User, error) {
	return c.user(ctx, call{method: http.MethodPut, path: []string{"users", uid}, body: bodyOfPatch(p)})
}

func (c *Client) user(ctx context.Context, r call) (*applier.User, error) {
	e, err := c.entity(ctx, r)
	if err != nil {
		return nil, err
	}
	return e.user(), nil
}

// entity makes a request whose answer is one user or group.
func (c *Client) entity(ctx context.Context, r call) (*wireEntity, error) {
	var answer struct {
		Data one[wireEntity] `json:"data"`
	}
	if err := c.do(ctx, r, &answer); err != nil {
		return nil, err
	}
	e := &answer.Data.value
	if !answer.Data.there || e.UID == "" && e.GUID == "" {
		return nil, &applier.Unknown{Status: http.StatusOK, Err: errors.New("the answer holds neither a user nor a group")}
	}
	return e, nil
}

// ReactivateUser brings a deactivated user back through PUT /users.
func (c *Client) ReactivateUser(ctx context.Context, uid string) error {
	return c.do(ctx, call{
		method: http.MethodPut,
		path:   []string{"users"},
		body:   map[string][]string{"uidsToActivate": {uid}},
	}, nil)
}

// DeleteUser removes a user for good, so that the uid is free again.
func (c *Client) DeleteUser(ctx context.Context, uid string) error {
	return c.do(ctx, call{
		method: http.MethodDelete,
		path:   []string{"users", uid},
		body:   map[string]bool{"permanent": true},
	}, nil)
}

// ListUsers reads a page of users, counted from 1.
func (c *Client) ListUsers(ctx context.Context, page int) (*applier.UserPage, error) {
	answer, err := c.entities(ctx, []string{"users"}, page, url.Values{"withTags": {"true"}})
	if err != nil {
		return nil, err
	}
	p := &applier.UserPage{More: answer.more()}
	for i := range answer.Data {
		p.Users = append(p.Users, answer.Data[i].user())
	}
	return p, nil
}

// CreateGroup creates a group through POST /groups, without members.
func (c *Client) CreateGroup(ctx context.Context, g *applier.Group) (*applier.Group, error) {
	body := struct {
		*groupDetails
		Description string `json:"description,omitempty"`
	}{detailsOfGroup(g), g.Description}
	return c.group(ctx, call{method: http.MethodPost, path: []string{"groups"}, body: &body})
}

// GetGroup reads a group.
func (c *Client) GetGroup(ctx context.Context, guid string) (*applier.Group, error) {
	return c.group(ctx, call{method: http.MethodGet, path: []string{"groups", guid}})
}

// UpdateGroup changes the given fields of a group. It acts for nobody, since
// the owner is ignored in a request on behalf of a user.
func (c *Client) UpdateGroup(ctx context.Context, guid string, p applier.Patch) (*applier.Group, error) {
	return c.group(ctx, call{method: http.MethodPut, path: []string{"groups", guid}, body: bodyOfPatch(p)})
}

func (c *Client) group(ctx context.Context, r call) (*applier.Group, error) {
	e, err := c.entity(ctx, r)
	if err != nil {
		return nil, err
	}
	return e.group(), nil
}

// DeleteGroup removes a group.
func (c *Client) DeleteGroup(ctx context.Context, guid string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: []string{"groups", guid}}, nil)
}

// ListGroups reads a page of groups, counted from 1.
func (c *Client) ListGroups(ctx context.Context, page int) (*applier.GroupPage, error) {
	answer, err := c.entities(ctx, []string{"groups"}, page, url.Values{"withTags": {"true"}})
	if err != nil {
		return nil, err
	}
	p := &applier.GroupPage{More: answer.more()}
	for i := range answer.Data {
		p.Groups = append(p.Groups, answer.Data[i].group())
	}
	return p, nil
}

// memberFields are the scopes and the fields of a request that name them.
var memberFields = map[string]string{"admin": "admins", "moderator": "moderators", "participant": "participants"}

// AddMembers adds members of any scope in one request, which takes 25 at most.
// The app answers for each user apart, under the field of the scope and in
// lower case.
func (c *Client) AddMembers(ctx context.Context, guid string, members []applier.Member) (map[string]error, error) {
	body := make(map[string][]string)
	for _, m := range members {
		field, ok := memberFields[m.Scope]
		if !ok {
			panic("cometchat: no such scope: " + m.Scope)
		}
		body[field] = append(body[field], m.UID)
	}
	var answer struct {
		Data object[map[string]object[map[string]object[memberResult]]] `json:"data"`
	}
	if err := c.do(ctx, call{method: http.MethodPost, path: []string{"groups", guid, "members"}, body: body}, &answer); err != nil {
		return nil, err
	}
	results := make(map[string]error, len(members))
	for _, scope := range answer.Data.value {
		for uid, result := range scope.value {
			results[uid] = result.value.err()
		}
	}
	for _, m := range members {
		if _, told := results[m.UID]; !told {
			results[m.UID] = &applier.Unknown{Status: http.StatusOK, Err: errors.New("the answer does not say whether the user was added")}
		}
	}
	return results, nil
}

// memberResult is the outcome for one user.
type memberResult struct {
	Success bool `json:"success"`
	Error   object[struct {
		Code    text           `json:"code"`
		Message text           `json:"message"`
		Details jsontext.Value `json:"details"`
	}] `json:"error"`
}

func (r memberResult) err() error {
	if r.Success {
		return nil
	}
	e := r.Error.value
	return &applier.Refusal{Code: string(e.Code), Status: http.StatusOK, Message: string(e.Message), Details: []byte(e.Details)}
}

// ListMembers reads a page of a group's members, counted from 1. Banned ones
// may be among them.
func (c *Client) ListMembers(ctx context.Context, guid string, page int) (*applier.MemberPage, error) {
	return c.memberPage(ctx, []string{"groups", guid, "members"}, page)
}

// ListBanned reads a page of a group's banned users, counted from 1.
func (c *Client) ListBanned(ctx context.Context, guid string, page int) (*applier.MemberPage, error) {
	return c.memberPage(ctx, []string{"groups", guid, "bannedusers"}, page)
}

func (c *Client) memberPage(ctx context.Context, path []string, page int) (*applier.MemberPage, error) {
	answer, err := c.entities(ctx, path, page, nil)
	if err != nil {
		return nil, err
	}
	p := &applier.MemberPage{More: answer.more()}
	for _, e := range answer.Data {
		p.Members = append(p.Members, applier.Member{UID: string(e.UID), Scope: string(e.Scope)})
	}
	return p, nil
}

// entities reads a page of a list, narrowed by what that list alone knows: an app may refuse a parameter that it
// does not declare for a path, and lists of members do not declare tags.
func (c *Client) entities(ctx context.Context, path []string, page int, query url.Values) (*entitiesAnswer, error) {
	q := url.Values{"page": {strconv.Itoa(page)}, "perPage": {strconv.Itoa(maxPage)}}
	maps.Copy(q, query)
	answer := new(entitiesAnswer)
	err := c.do(ctx, call{method: http.MethodGet, path: path, query: q}, answer)
	return answer, err
}

// ChangeScope gives a member another scope.
func (c *Client) ChangeScope(ctx context.Context, guid, uid, scope string) error {
	return c.do(ctx, call{
		method: http.MethodPut,
		path:   []string{"groups", guid, "members", uid},
		body:   map[string]string{"scope": scope},
	}, nil)
}

// RemoveMember takes a user out of a group.
func (c *Client) RemoveMember(ctx context.Context, guid, uid string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: []string{"groups", guid, "members", uid}}, nil)
}

func bodyOfPatch(p applier.Patch) map[string]any {
	body := maps.Clone(p.Set)
	if body == nil {
		body = make(map[string]any, 1)
	}
	if len(p.Unset) > 0 {
		body["unset"] = p.Unset
	}
	return body
}
