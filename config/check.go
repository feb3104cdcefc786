package config

import (
	"runtime"

	"github.com/hashicorp/hcl/v2"
	"golang.org/x/sync/errgroup"
)

// Check reads the messages of all conversations, several at a time, and
// returns what is wrong with them, sorted. What [Load] reported is not
// reported again.
func (c *Config) Check() hcl.Diagnostics {
	found := make([]hcl.Diagnostics, len(c.Conversations))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, conversation := range c.Conversations {
		group.Go(func() error {
			found[i] = conversation.Read(func(*Message) bool { return true })
			return nil
		})
	}
	_ = group.Wait() // reading has no errors but diagnostics
	return Merge(found...)
}
