// Command empty does nothing. It links what a program with a command line and
// HCL cannot do without, so its time is what starting sow costs at least.
package main

import (
	_ "github.com/hashicorp/hcl/v2/gohcl"
	_ "github.com/hashicorp/hcl/v2/hclparse"
	_ "github.com/spf13/cobra"
)

func main() {}
